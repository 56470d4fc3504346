"""From a video to a scene: what of it the measures see, beside the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedit.bench.items import Item
from facedit.bench.prepared_item import Case, build_case
from facedit.bench.reference import (
    Original,
    check_count,
    check_format,
    features_under,
    original_of,
    view_of,
)
from facedit.bench.scene import Scene, View
from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.motion.space import MotionSpace
from facedit.progress import StageClock
from facedit.speech.encoders.encoders import Encoder
from facedit.types import LANDMARKS, FaceTrack, Float32, Sound, UInt8


def scene_of(
    case: Case,
    original: Original,
    video: Path,
    drawn: Float32 | None = None,
    landmarker: Landmarker | None = None,
) -> Scene:
    """Look at a system's video of an item.

    ``drawn``: motion drawn for it on the case's canvas, shape (takes, T, D), if known.
    ``BadMedia`` if the video has other pictures than the item asks for, or no sound; ``NoFace``.
    """
    info = probe(video)
    check_format(case, original, video, info)
    window = original.expected.window
    frames, stamps, count = [], [], 0
    for index, frame in enumerate(read_frames(video, info=info)):
        count = index + 1
        if window.start <= index < window.stop:
            frames.append(frame.rgb())
            stamps.append(frame.time_s)
    check_count(original, video, info, count)
    track = _tracked(stamps, frames, landmarker or Landmarker())
    output = _output(case, original, tuple(frames), track)
    return _scene(case, original, output, read_sound(video, info=info), drawn)


def seen_anew(
    scene: Scene, frames: tuple[UInt8, ...], space: MotionSpace, landmarker: Landmarker
) -> View:
    """Look at changed pictures of a scene's output; without landmarks where no face is found."""
    times_s = scene.output.times_s
    try:
        track = _tracked(times_s.tolist(), frames, landmarker)
    except NoFace:
        nothing = np.full_like(scene.output.landmarks, np.nan)
        motion = np.full_like(scene.output.motion, np.nan)
        return replace(scene.output, frames=frames, landmarks=nothing, motion=motion)
    return view_of(space, scene.identity, frames, track, times_s)


def scene_of_truth(item: Item, clips: Path, encoder: Encoder) -> Scene:
    """Look at the clip of an item with ground truth as if a system had made it."""
    # Nothing is written: no system answers, so nothing is withheld.
    case = build_case(item, clips, clips, StageClock(), hide=False, encoder=encoder)
    return truth_scene(case, original_of(case))


def truth_scene(case: Case, original: Original) -> Scene:
    """Look at the clip itself as if a system had made it, without encoding it again."""
    return _scene(case, original, original.source, original.sound, None)


def drawn_scene(case: Case, original: Original, drawn: Float32) -> Scene | None:
    """Look at motion on the case's canvas as it was drawn: a scene without pictures.

    ``drawn``: shape (takes, T, D). None where the canvas does not reach over what is measured.
    """
    count = len(original.source_index)
    nobody = np.full((count, LANDMARKS, 3), np.nan, np.float32)
    times_s = original.expected.times_s[original.expected.window]
    track = FaceTrack(times_s, nobody, np.zeros(count, np.float32), 2, 2)
    output, sound = _output(case, original, (), track), case.sound.window(0.0, case.sound_s)
    scene = _scene(case, original, output, sound, drawn)
    if scene.drawn is None:
        return None
    return replace(scene, output=replace(scene.output, motion=scene.drawn))


def _tracked(
    times_s: Sequence[float], frames: Sequence[UInt8], landmarker: Landmarker
) -> FaceTrack:
    found = zip(times_s, frames, strict=True)
    return smooth_track(track_face(found, FaceChoice(largest=True), landmarker=landmarker))


def _output(case: Case, original: Original, frames: tuple[UInt8, ...], track: FaceTrack) -> View:
    times_s = original.expected.times_s[original.expected.window]
    return view_of(case.space, original.identity, frames, track, times_s)


def _scene(
    case: Case, original: Original, output: View, sound: Sound | None, drawn: Float32 | None
) -> Scene:
    """Set an output against the clip, row by row."""
    filled = original.expected.source_index[original.expected.window] < 0
    hidden = np.ones(len(output.motion), bool)
    keeps: tuple[tuple[float, float, float], ...] = ()
    if case.plan is not None:
        hidden = case.plan.motion_mask(len(output.motion), output.first_frame)
        keeps = tuple((k.output_start_s, k.source_start_s, k.duration_s) for k in case.plan.keeps)
    has_truth = case.item.track != "edit"
    takes = _drawn_on(case, output, drawn)
    return Scene(
        item=case.item,
        output=output,
        truth=original.source if has_truth else None,
        source=original.source,
        filled=np.asarray(filled),
        hidden=hidden,
        source_index=original.source_index,
        identity=original.identity,
        speech=features_under(sound, output, case.encoder),
        source_speech=original.speech,
        sound=sound,
        source_sound=original.sound,
        words=case.words,
        kept_sound=((0.0, 0.0, case.info.duration_s),) if has_truth else keeps,
        frame_rate=float(case.info.frame_rate),
        drawn=takes[0] if takes else None,
        takes=takes[1:],
    )


def _drawn_on(case: Case, output: View, drawn: Float32 | None) -> tuple[Float32, ...]:
    """Cut drawn motion to the output's motion frames; empty where it does not reach over them.

    A picture's own identity is another one than the clip's: ``generate`` is judged by its video.
    """
    if drawn is None or case.still is not None:
        return ()
    start = output.first_frame - case.canvas.first_frame
    if start < 0 or start + len(output.motion) > drawn.shape[1]:
        return ()
    return tuple(take[start : start + len(output.motion)] for take in drawn)
