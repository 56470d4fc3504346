"""Made-up scenes: a face of known motion, small noise pictures, known sound."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from facedit.bench.items import ClipFacts, Item, SoundRecipe
from facedit.bench.scene import Scene, View
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace
from facedit.types import ENERGY_AND_VOICE, Bool, Float32, Sound, SpeechFeatures, UInt8
from facedit.units import MOTION_FPS

SIZE = (96, 128)
"""Rows and columns of the pictures; the outer-eye distance is 24 pixels."""

CHANNELS = 4
"""Speech channels; the last two are log energy and voice activity, as in real features."""


@cache
def motion_space() -> MeshSpace:
    """The space shipped with the package."""
    return MeshSpace.load()


def make_identity() -> Identity:
    """The canonical face in the middle of a picture of ``SIZE``."""
    centre = np.array([SIZE[1] / 2, SIZE[0] * 0.35, 0.0])
    return Identity(motion_space().canonical, 24.0, centre, np.zeros(3))


def make_motion(frames: int = 50, seed: int = 0) -> Float32:
    """Smooth random motion of about unit variance, shape (frames, D)."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((frames + 8, motion_space().dims))
    kernel = np.hanning(9) / np.linalg.norm(np.hanning(9))
    smooth = [np.convolve(column, kernel, "valid") for column in noise.T]
    return np.stack(smooth, axis=1).astype(np.float32)


def make_pictures(count: int = 50, seed: int = 0, noise: float = 4.0) -> tuple[UInt8, ...]:
    """A fixed pattern with fresh noise (standard deviation in grey levels) in each picture."""
    rng = np.random.default_rng(seed)
    pattern = np.random.default_rng(1234).uniform(80, 170, (*SIZE, 3))
    return tuple(
        np.clip(pattern + noise * rng.standard_normal(pattern.shape), 0, 255).astype(np.uint8)
        for _ in range(count)
    )


def make_sound(seconds: float = 2.0, rate: int = 16_000, seed: int = 0) -> Sound:
    """Noise at a moderate level, mono."""
    samples = 0.1 * np.random.default_rng(seed).standard_normal((round(seconds * rate), 1))
    return Sound(samples.astype(np.float32), rate)


def make_speech(frames: int = 50, speaking: Bool | None = None) -> Float32:
    """Speech features with the given voice activity (everywhere by default)."""
    values = np.zeros((frames, CHANNELS), np.float32)
    values[:, -2:] = 1.0 if speaking is None else speaking[:, None]
    return values


def features(values: Float32) -> SpeechFeatures | None:
    """Features of a made-up encoder; none without channels."""
    if not values.shape[1]:
        return None
    return SpeechFeatures.from_values(values, f"made-up{ENERGY_AND_VOICE}")


def make_item(
    track: str = "reconstruct", item: str = "one", clip: str = "clip-a", **changes: object
) -> Item:
    """An item of a clip; ``changes`` go to ``Item``."""
    facts = ClipFacts(f"{clip}.mp4", f"hash of {clip}", "made-up", f"speaker of {clip}")
    usual: dict[str, object] = {
        "kind": {"reconstruct": "span", "edit": "substitute", "generate": "everything"}[track],
        "length": "whole" if track == "generate" else "short",
        "position": "whole" if track == "generate" else "middle",
        "sound": SoundRecipe("own"),
    }
    return Item(id=item, track=track, clip=facts, **(usual | changes))  # type: ignore[arg-type]


def make_view(
    motion: Float32, pictures: Sequence[UInt8], frame_rate: float = 25.0, first_frame: int = 0
) -> View:
    """A view whose landmarks follow its motion (linearly between motion frames)."""
    place = np.arange(len(pictures)) * MOTION_FPS / frame_rate
    at_pictures = np.stack(
        [np.interp(place, np.arange(len(motion)), column) for column in motion.T], axis=1
    )
    landmarks = np.zeros((0, 478, 3), np.float32)
    if len(pictures):
        landmarks = motion_space().decode(at_pictures.astype(np.float32), make_identity())
    times_s = first_frame / MOTION_FPS + np.arange(len(pictures)) / frame_rate
    return View(times_s, tuple(pictures), landmarks, motion, first_frame)


def make_scene(
    *,
    item: Item | None = None,
    motion: Float32 | None = None,
    true_motion: Float32 | None = None,
    pictures: Sequence[UInt8] | None = None,
    true_pictures: Sequence[UInt8] | None = None,
    hidden: tuple[int, int] = (20, 30),
    speech: Float32 | None = None,
    source_speech: Float32 | None = None,
    sound: Sound | None = None,
    source_sound: Sound | None = None,
    kept_sound: tuple[tuple[float, float, float], ...] = (),
    drawn: Float32 | None = None,
    takes: tuple[Float32, ...] = (),
    frame_rate: float = 25.0,
    first_frame: int = 0,
) -> Scene:
    """Make a scene.

    Args:
        item: The item; one of ``reconstruct`` by default. In ``edit`` there is no truth, and the
            true motion and pictures are the source's.
        motion: The output's motion, shape (T, D); the true one by default.
        true_motion: The clip's motion, shape (T, D); ``make_motion()`` by default.
        pictures: The output's pictures; the true ones by default.
        true_pictures: The clip's pictures; ``make_pictures`` by default.
        hidden: First and last-plus-one hidden motion frame; pictures in that time are new.
        speech: The output's speech features, shape (T, C), no sound if C is 0; speech everywhere by
            default.
        source_speech: The clip's; as ``speech`` by default.
        sound: The output's sound.
        source_sound: The clip's sound.
        kept_sound: Runs of sound that must be untouched.
        drawn: Motion before rendering.
        takes: Further takes.
        frame_rate: Pictures per second.
        first_frame: Motion frame at which the views start.

    Returns:
        The scene.
    """
    item = make_item() if item is None else item
    true_motion = make_motion() if true_motion is None else true_motion
    motion = true_motion if motion is None else motion
    count = round(len(motion) * frame_rate / MOTION_FPS)
    if true_pictures is None:
        true_pictures = make_pictures(round(len(true_motion) * frame_rate / MOTION_FPS))
    pictures = tuple(true_pictures)[:count] if pictures is None else tuple(pictures)
    source = make_view(true_motion, true_pictures, frame_rate, first_frame)
    rows = np.arange(len(motion))
    place = np.arange(len(pictures)) * MOTION_FPS / frame_rate
    filled = (place >= hidden[0] - 1e-6) & (place < hidden[1] - 1e-6)
    speech = make_speech(len(motion)) if speech is None else speech
    if source_speech is None:
        source_speech = speech if len(speech) == len(true_motion) else make_speech(len(true_motion))
    return Scene(
        item=item,
        output=make_view(motion, pictures, frame_rate, first_frame),
        truth=None if item.track == "edit" else source,
        source=source,
        filled=filled,
        hidden=(rows >= hidden[0]) & (rows < hidden[1]),
        source_index=np.where(filled, -1, np.arange(len(pictures))).astype(np.int64),
        identity=make_identity(),
        speech=features(speech),
        source_speech=features(source_speech),
        sound=sound,
        source_sound=source_sound,
        words=(),
        kept_sound=kept_sound,
        frame_rate=frame_rate,
        drawn=drawn,
        takes=takes,
    )
