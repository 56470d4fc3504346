"""From a video to a scene: what of it the measures see, beside the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedit.bench.case import Case, edited_s
from facedit.bench.scene import Index, Scene, View
from facedit.compose.sound import padded
from facedit.compose.spans import speech_on
from facedit.editing.timeline import OutputFrame, output_frames
from facedit.errors import BadMedia, NoSound
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.media.info import VideoInfo
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.motion.identity import Identity
from facedit.motion.resample import resample_track
from facedit.motion.space import MotionSpace
from facedit.types import LANDMARKS, Bool, FaceTrack, Float32, Float64, Sound, UInt8
from facedit.units import MOTION_FPS, first_frame_from, frame_time

REACH_S = 1.0
"""Pictures this near to an edit are measured, for the clip's own usual steps."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How an output must be laid out.

    Attributes:
        times_s: Times of its pictures, shape (F,).
        source_index: Number of the clip's picture that each kept one shows, -1 where made anew.
        span_s: Start and end of what is made anew.
        duration_s: Length of the output.
    """

    times_s: Float64
    source_index: Index
    span_s: tuple[float, float]
    duration_s: float


@dataclass(frozen=True, slots=True)
class Original:
    """The clip itself, read once for all systems.

    Attributes:
        times_s: Times of all its pictures.
        first: Number of the first picture that is held.
        frames: The pictures held: those around the edited place.
        track: Smoothed landmarks of the pictures held.
        identity: Neutral shape, size and place, from pictures that were not edited.
        sound: Its whole sound.
        expected: How outputs must be laid out.
    """

    times_s: Float64
    first: int
    frames: tuple[UInt8, ...]
    track: FaceTrack
    identity: Identity
    sound: Sound | None
    expected: Expected


def original_of(case: Case) -> Original:
    """Read the clip of a case.

    Args:
        case: The case.

    Returns:
        The clip around the edited place.
    """
    start_s, end_s = edited_s(case.item)
    low_s, high_s = start_s - REACH_S, end_s + REACH_S
    times, frames, first = [], [], -1
    for index, frame in enumerate(read_frames(case.clip, info=case.info)):
        times.append(frame.time_s)
        if low_s - 1e-6 <= frame.time_s < high_s - 1e-6:
            first = index if first < 0 else first
            frames.append(frame.rgb())
    held = np.array(times[first : first + len(frames)])
    track = _part(case.track, held)
    identity = case.canvas.identity
    if case.still is not None:
        seen = np.isfinite(track.landmarks[:, 0, 0])
        identity = case.space.identity(track.landmarks[seen], track.confidence[seen])
    sound = read_sound(case.clip, info=case.info) if case.info.has_sound else None
    return Original(
        np.array(times), first, tuple(frames), track, identity, sound, expected_of(case, times)
    )


def expected_of(case: Case, times_s: Sequence[float]) -> Expected:
    """Say how an output must be laid out.

    Args:
        case: The case.
        times_s: Times of all pictures of the clip.

    Returns:
        Its pictures' times and sources.
    """
    if case.plan is None:
        count = max(first_frame_from(case.info.duration_s), 1)
        grid = np.array([frame_time(frame) for frame in range(count)])
        nothing = np.full(count, -1, np.int64)
        return Expected(grid, nothing, (0.0, case.info.duration_s), case.info.duration_s)
    frames: list[OutputFrame] = list(output_frames(case.plan, times_s))
    span = case.plan.picture_spans()[0]
    source = [frame.source_index if frame.role == "kept" else -1 for frame in frames]
    return Expected(
        np.array([frame.output_time_s for frame in frames]),
        np.array(source, dtype=np.int64),
        (span.output_start_s, span.output_end_s),
        case.plan.output_duration_s,
    )


def scene_of(
    case: Case,
    original: Original,
    video: Path,
    drawn: Float32 | None = None,
    landmarker: Landmarker | None = None,
) -> Scene:
    """Look at a system's video of an item.

    Args:
        case: The item, ready.
        original: Its clip.
        video: The system's video.
        drawn: Motion drawn for it on the case's canvas, shape (takes, T, D), if known.
        landmarker: The tracker.

    Returns:
        The scene. (``BadMedia`` if the video has other pictures than the item asks for, or no
        sound; ``NoFace`` if it shows no face.)
    """
    info = probe(video)
    check_format(case, original, video, info)
    start, stop = _window(original.expected)
    frames, stamps, count = [], [], 0
    for index, frame in enumerate(read_frames(video, info=info)):
        count = index + 1
        if start <= index < stop:
            frames.append(frame.rgb())
            stamps.append(frame.time_s)
    check_count(original, video, info, count)
    found = zip(stamps, frames, strict=True)
    track = smooth_track(
        track_face(found, FaceChoice(largest=True), landmarker=landmarker or Landmarker())
    )
    return _scene(case, original, tuple(frames), track, read_sound(video, info=info), drawn)


def truth_scene(case: Case, original: Original) -> Scene:
    """Look at the clip itself as if a system had made it, without encoding it again.

    Args:
        case: An item of a track with ground truth.
        original: Its clip.

    Returns:
        The scene.
    """
    start, stop = _window(original.expected)
    rows = _shown(original, original.expected.times_s[start:stop])
    frames = tuple(original.frames[row] for row in rows)
    track = _rows(original.track, rows, original.expected.times_s[start:stop])
    return _scene(case, original, frames, track, original.sound, None)


def drawn_scene(case: Case, original: Original, drawn: Float32) -> Scene | None:
    """Look at motion as it was drawn, before anything was rendered.

    Args:
        case: The item, ready.
        original: Its clip.
        drawn: Motion on the case's canvas, shape (takes, T, D).

    Returns:
        A scene without pictures whose motion is the first take; None where the canvas does not
        reach over what is measured.
    """
    start, stop = _window(original.expected)
    times_s = original.expected.times_s[start:stop]
    nobody = np.full((len(times_s), LANDMARKS, 3), np.nan, np.float32)
    track = FaceTrack(times_s, nobody, np.zeros(len(times_s), np.float32), 2, 2)
    scene = _scene(case, original, (), track, case.sound.window(0.0, case.sound_s), drawn)
    if scene.drawn is None:
        return None
    return replace(scene, output=replace(scene.output, motion=scene.drawn))


def check_format(case: Case, original: Original, video: Path, info: VideoInfo) -> None:
    """Refuse a video of another rate or size than an item asks for, or without sound.

    Args:
        case: The item, ready.
        original: Its clip.
        video: The video.
        info: What is known of it.

    Raises:
        BadMedia: If the frame rate or the size differ.
        NoSound: If it has no sound though the clip has.
    """
    rate = MOTION_FPS if case.plan is None else case.info.frame_rate
    if not info.is_variable and abs(float(info.frame_rate) / float(rate) - 1) > 1e-3:
        raise BadMedia(
            f"{video.name} has {float(info.frame_rate):.4g} frames a second; this item wants "
            f"{float(rate):.4g}."
        )
    height, width = original.frames[0].shape[:2] if case.still is None else case.still.rgb.shape[:2]
    if (info.height, info.width) != (height, width):
        raise BadMedia(
            f"{video.name} is {info.width}x{info.height}; this item wants {width}x{height}."
        )
    if case.info.has_sound and not info.has_sound:
        raise NoSound(f"{video.name} has no sound.")


def check_count(original: Original, video: Path, info: VideoInfo, count: int) -> None:
    """Refuse a video of another length than an item asks for.

    Args:
        original: The clip.
        video: The video.
        info: What is known of it.
        count: Its pictures.

    Raises:
        BadMedia: If there are more or fewer pictures.
    """
    wanted = len(original.expected.times_s)
    if count != wanted:
        raise BadMedia(
            f"{video.name} has {count} pictures ({info.duration_s:.2f} s); this item wants "
            f"{wanted} ({original.expected.duration_s:.2f} s)."
        )


def _window(wanted: Expected) -> tuple[int, int]:
    """Return which pictures of an output are looked at."""
    near = (wanted.times_s >= wanted.span_s[0] - REACH_S - 1e-6) & (
        wanted.times_s < wanted.span_s[1] + REACH_S - 1e-6
    )
    rows = np.flatnonzero(near)
    return int(rows[0]), int(rows[-1]) + 1


def _scene(
    case: Case,
    original: Original,
    frames: tuple[UInt8, ...],
    track: FaceTrack,
    sound: Sound | None,
    drawn: Float32 | None,
) -> Scene:
    """Bring everything onto the same rows."""
    wanted = original.expected
    start, stop = _window(wanted)
    times_s, source_index = wanted.times_s[start:stop], wanted.source_index[start:stop]
    output = view_of(case.space, original.identity, frames, track, times_s)
    source_first = original.first
    inside = (source_index >= source_first) & (source_index < source_first + len(original.frames))
    local = np.where(inside, source_index - source_first, -1)
    held_s = original.times_s[source_first : source_first + len(original.frames)]
    source = view_of(case.space, original.identity, original.frames, original.track, held_s)
    truth = None
    if case.item.track != "edit":
        rows = _shown(original, times_s)
        truth = view_of(
            case.space,
            original.identity,
            tuple(original.frames[row] for row in rows),
            _rows(original.track, rows, times_s),
            times_s,
        )
        source = truth
        if case.plan is not None:
            local = np.where(source_index >= 0, np.arange(len(times_s)), -1)
    hidden = np.ones(len(output.motion), bool)
    keeps: tuple[tuple[float, float, float], ...] = ()
    if case.plan is not None:
        hidden = case.plan.motion_mask(len(output.motion), output.first_frame)
        keeps = tuple(
            (keep.output_start_s, keep.source_start_s, keep.duration_s) for keep in case.plan.keeps
        )
    if case.item.track != "edit":
        keeps = ((0.0, 0.0, case.info.duration_s),)
    takes = _drawn_on(case, output, drawn)
    return Scene(
        item=case.item,
        output=output,
        truth=truth,
        source=source,
        filled=np.asarray(source_index < 0),
        hidden=hidden,
        source_index=local.astype(np.int64),
        identity=original.identity,
        speech=_speech(sound, output),
        source_speech=_speech(original.sound, source),
        sound=sound,
        source_sound=original.sound,
        words=case.words,
        kept_sound=keeps,
        frame_rate=float(case.info.frame_rate),
        drawn=takes[0] if takes else None,
        takes=takes[1:],
    )


def view_of(
    space: MotionSpace,
    identity: Identity,
    frames: tuple[UInt8, ...],
    track: FaceTrack,
    times_s: Float64,
) -> View:
    """Bring pictures and landmarks together, with motion on the 25 Hz grid.

    Args:
        space: The motion space.
        identity: The clip's constants.
        frames: The pictures.
        track: Smoothed landmarks of them.
        times_s: Their times, shape (F,).

    Returns:
        The view.
    """
    first = first_frame_from(float(times_s[0]))
    last = first_frame_from(float(times_s[-1]) + 1e-6)
    count = max(last - first + (frame_time(last) <= times_s[-1] + 1e-6), 1)
    if not np.isfinite(track.landmarks).any():
        return View(
            times_s,
            frames,
            track.landmarks,
            np.full((count, space.dims), np.nan, np.float32),
            first,
        )
    landmarks, _ = resample_track(track, frame_time(first), count)
    return View(times_s, frames, track.landmarks, space.encode(landmarks, identity), first)


def _speech(sound: Sound | None, view: View) -> Float32:
    """Compute the speech features under a view's motion frames."""
    if sound is None:
        return np.zeros((len(view.motion), 0), np.float32)
    length, channels = sound.samples.shape

    def window(start_s: float, end_s: float) -> Sound:
        return padded(
            lambda low, high: sound.samples[low:high], length, channels, sound.rate, start_s, end_s
        )

    return speech_on(window, view.first_frame, len(view.motion))


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


def _shown(original: Original, times_s: Float64) -> list[int]:
    """Return which of the clip's held pictures is shown at each time."""
    held = original.times_s[original.first : original.first + len(original.frames)]
    after = np.searchsorted(held, times_s + 1e-4, side="right") - 1
    return [int(row) for row in np.clip(after, 0, len(held) - 1)]


def _part(track: FaceTrack, times_s: Float64) -> FaceTrack:
    """Return a track at the times of some of its pictures."""
    rows = [int(np.abs(track.times_s - time_s).argmin()) for time_s in times_s]
    return _rows(track, rows, times_s)


def _rows(track: FaceTrack, rows: list[int], times_s: Float64) -> FaceTrack:
    """Return some pictures of a track under other times."""
    within = tuple(cut for cut in track.cuts if times_s[0] <= cut <= times_s[-1])
    return FaceTrack(
        np.asarray(times_s, np.float64),
        track.landmarks[rows],
        track.confidence[rows],
        track.width,
        track.height,
        within,
    )


def filled_seconds(scene: Scene) -> float:
    """Return how many seconds of pictures were made anew.

    Args:
        scene: The scene.

    Returns:
        Seconds.
    """
    made: Bool = scene.filled
    return float(made.sum()) / scene.frame_rate
