"""The clip of an item, read once for all systems, and what an output of it must look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.bench.layout import edited_s
from facedit.bench.prepared_item import Case
from facedit.bench.scene import Index
from facedit.editing.timeline import OutputFrame, output_frames
from facedit.errors import BadMedia, NoSound
from facedit.media.info import VideoInfo
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.motion.identity import Identity
from facedit.types import FaceTrack, Float64, Sound, UInt8
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
    """Read the clip of a case around the edited place."""
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
    """Say how an output must be laid out: its pictures' times and sources."""
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


def window(wanted: Expected) -> tuple[int, int]:
    """Return which pictures of an output are looked at: first, and one past the last."""
    near = (wanted.times_s >= wanted.span_s[0] - REACH_S - 1e-6) & (
        wanted.times_s < wanted.span_s[1] + REACH_S - 1e-6
    )
    rows = np.flatnonzero(near)
    return int(rows[0]), int(rows[-1]) + 1


def rows_shown_at(original: Original, times_s: Float64) -> list[int]:
    """Return which of the clip's held pictures is shown at each time, by number."""
    held = original.times_s[original.first : original.first + len(original.frames)]
    after = np.searchsorted(held, times_s + 1e-4, side="right") - 1
    return [int(row) for row in np.clip(after, 0, len(held) - 1)]


def _part(track: FaceTrack, times_s: Float64) -> FaceTrack:
    """Return a track at the times of some of its pictures."""
    rows = [int(np.abs(track.times_s - time_s).argmin()) for time_s in times_s]
    return rows_of(track, rows, times_s)


def rows_of(track: FaceTrack, rows: list[int], times_s: Float64) -> FaceTrack:
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


def check_format(case: Case, original: Original, video: Path, info: VideoInfo) -> None:
    """Refuse a video of another rate or size than an item asks for, or without sound.

    ``BadMedia`` if rate or size differ; ``NoSound`` if it has no sound though the clip has.
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
    """Refuse a video of more or fewer pictures than an item asks for with ``BadMedia``."""
    wanted = len(original.expected.times_s)
    if count != wanted:
        raise BadMedia(
            f"{video.name} has {count} pictures ({info.duration_s:.2f} s); this item wants "
            f"{wanted} ({original.expected.duration_s:.2f} s)."
        )
