"""The known disturbances by name, each a function from scene to scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from facedit.bench.measures.registry import Needs
from facedit.bench.scene import Scene, View
from facedit.bench.selfcheck import picture_disturbances as pictures
from facedit.bench.selfcheck import sound_disturbances as sounds
from facedit.bench.selfcheck.figures import TRUTH
from facedit.face.pose import HeadPose, fit_pose, rotation_matrices
from facedit.motion.mesh_space import MeshSpace

Retrack = Callable[[Scene, pictures.Pictures], View]
"""Finds landmarks and motion anew in changed pictures of a scene's output."""

SHIFTS = (1, 2, 3, 5, 10)
"""Motion frames (40 ms) by which sound is moved, to either side."""

TURN_RAD = 0.2
"""How far the turned head is turned about the upright axis (11 degrees)."""

GROWTH = 1.05
"""By how much the turned head is larger."""

TAKES = 3
"""Takes of the motion, all the same unless they are mixed."""

DELAY_S = 0.005
"""How late kept sound is made that nobody would hear to be late."""


@dataclass(frozen=True, slots=True)
class Help:
    """What disturbances need besides the scene: another's item, a tracker, a seed."""

    other: Scene
    retrack: Retrack
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A known disturbance: what it changes, and how much of that is measured.

    ``shift``: motion frames by which the sound comes late.
    """

    name: str
    title: str
    kind: Literal["nothing", "sound", "pictures", "motion", "takes"]
    apply: Callable[[Scene, Help], Scene]
    needs: Needs = "all"
    shift: int = 0


def shift_name(frames: int) -> str:
    """Return the name of a shift of the sound."""
    return f"sound{frames:+d}"


def turn_head(scene: Scene, angle: float = TURN_RAD, growth: float = GROWTH) -> Scene:
    """Turn the head and bring it nearer in the filled frames, in landmarks and motion only."""
    space = MeshSpace.load()
    turn = np.array([0.0, angle, 0.0])
    moved = np.zeros(space.dims)
    moved[space.names.index("head_ry")] = angle
    moved[space.names.index("head_log_scale")] = np.log(growth)
    motion = scene.output.motion.copy()
    motion[scene.hidden] += (moved / space.std).astype(np.float32)
    landmarks = scene.output.landmarks.copy()
    rows = scene.filled & np.isfinite(landmarks).all(axis=(1, 2))
    if rows.any():
        pose = fit_pose(landmarks[rows], scene.identity.neutral)
        rotation = rotation_matrices(pose.rotation_vectors + turn)
        turned = HeadPose(rotation, pose.translation, pose.scale * growth)
        landmarks[rows] = turned.apply(pose.remove(landmarks[rows]))
    view = replace(scene.output, motion=motion, landmarks=landmarks)
    return replace(scene, output=view)


def rest_lips(scene: Scene) -> Scene:
    """Let the lips rest in the hidden frames, in motion only, and put silence under them."""
    hidden = np.flatnonzero(scene.hidden)
    motion = scene.output.motion.copy()
    if len(hidden):
        lips = MeshSpace.load().groups["lips"]
        motion[hidden, lips] = motion[hidden[0], lips]
    return replace(sounds.silence_sound(scene), output=replace(scene.output, motion=motion))


def mix_takes(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let every take be frames of the clip drawn by chance, with no more in common than any."""
    source = scene.source.motion
    seen = np.flatnonzero(np.isfinite(source).all(axis=1))
    if not len(seen):
        return scene
    takes = [source[rng.choice(seen, len(scene.output.motion))] for _ in range(TAKES)]
    return replace(scene, drawn=takes[0], takes=tuple(takes[1:]))


def _of_pictures(
    name: str, title: str, change: Callable[[Scene, Help], pictures.Pictures], needs: Needs = "all"
) -> Disturbance:
    def apply(scene: Scene, help: Help) -> Scene:
        return replace(scene, output=help.retrack(scene, change(scene, help)))

    return Disturbance(name, title, "pictures", apply, needs)


def _shifted(frames: int) -> Disturbance:
    count, way = abs(frames), "late" if frames > 0 else "early"
    title = f"sound {count} frame{'s' if count > 1 else ''} {way}"

    def shift(scene: Scene, _: Help) -> Scene:
        return sounds.shift_sound(scene, frames)

    return Disturbance(shift_name(frames), title, "sound", shift, "ears", frames)


def _seeded(help: Help) -> np.random.Generator:
    return np.random.default_rng(help.seed)


DISTURBANCES: tuple[Disturbance, ...] = (
    Disturbance(TRUTH, "nothing (the truth)", "nothing", lambda scene, _: scene),
    *(_shifted(sign * frames) for frames in SHIFTS for sign in (-1, 1)),
    Disturbance("swapped_sound", "another's sound", "sound",
                lambda scene, help: sounds.swap_sound(scene, help.other), "eyes"),
    Disturbance("delayed_sound", "sound 5 ms late", "sound",
                lambda scene, _: sounds.delay_kept_sound(scene, DELAY_S), "ears"),
    Disturbance("silenced_sound", "silence under speech", "sound",
                lambda scene, _: sounds.silence_sound(scene), "ears"),
    _of_pictures("tracked_anew", "tracked anew", lambda scene, _: scene.output.frames, "eyes"),
    _of_pictures("blurred_mouth", "blurred mouth", lambda scene, _: pictures.blur_mouth(scene)),
    _of_pictures("noisy_mouth", "grain on the mouth",
                 lambda scene, help: pictures.noise_mouth(scene, _seeded(help))),
    _of_pictures("frozen_mouth", "frozen mouth", lambda scene, _: pictures.freeze_mouth(scene)),
    _of_pictures("jump", "one-frame jump", lambda scene, _: pictures.jump_picture(scene)),
    _of_pictures("other_face", "another's face",
                 lambda scene, help: pictures.swap_face(scene, help.other)),
    _of_pictures("touched_frames", "kept frames 4 levels lighter",
                 lambda scene, _: pictures.touch_kept(scene), "eyes"),
    _of_pictures("late_frames", "later frames one late",
                 lambda scene, _: pictures.delay_kept(scene), "eyes"),
    Disturbance("turned_head", "head turned and nearer", "motion",
                lambda scene, _: turn_head(scene), "eyes"),
    Disturbance("resting_lips", "still lips in silence", "motion",
                lambda scene, _: rest_lips(scene), "ears"),
    Disturbance("mixed_takes", "takes drawn by chance", "takes",
                lambda scene, help: mix_takes(scene, _seeded(help)), "ears"),
)  # fmt: skip
"""All of them; the first disturbs nothing."""
