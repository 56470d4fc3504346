"""The clip of an item, read once for all systems, and what an output of it must look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.bench.layout import edited_s
from facedit.bench.prepared_item import Case
from facedit.bench.scene import Index, View
from facedit.compose.frames.output_sound import stretches
from facedit.compose.frames.spans import speech_on
from facedit.editing.timeline import OutputFrame, output_frames
from facedit.errors import BadMedia, NoSound
from facedit.media.info import VideoInfo
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.motion.identity import Identity
from facedit.motion.resample import resample_track
from facedit.motion.space import MotionSpace
from facedit.speech.encoders.encoders import Encoder, features_name
from facedit.types import FaceTrack, Float64, Sound, SpeechFeatures, UInt8
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

    @property
    def window(self) -> slice:
        """Which pictures of an output are looked at."""
        low_s, high_s = self.span_s[0] - REACH_S - 1e-6, self.span_s[1] + REACH_S - 1e-6
        rows = np.flatnonzero((self.times_s >= low_s) & (self.times_s < high_s))
        return slice(int(rows[0]), int(rows[-1]) + 1)


@dataclass(frozen=True, slots=True)
class Original:
    """The clip itself, read once for all systems.

    Attributes:
        source: The clip around the edited place; where there is ground truth, at the times at which
            an output is looked at, row by row.
        source_index: Which picture of ``source`` each output picture looked at shows, or -1.
        identity: Neutral shape, size and place, from pictures that were not edited.
        speech: Features of the clip's sound on ``source``'s motion frames.
    """

    source: View
    source_index: Index
    identity: Identity
    sound: Sound | None
    speech: SpeechFeatures | None
    expected: Expected


def original_of(case: Case) -> Original:
    """Read the clip of a case around the edited place."""
    start_s, end_s = edited_s(case.item)
    low_s, high_s = start_s - REACH_S - 1e-6, end_s + REACH_S - 1e-6
    times: list[float] = []
    held: dict[int, UInt8] = {}
    for number, frame in enumerate(read_frames(case.clip, info=case.info)):
        times.append(frame.time_s)
        if low_s <= frame.time_s < high_s:
            held[number] = frame.rgb()
    numbers, frames = np.array([*held]), [*held.values()]
    times_s = np.array(times)[numbers]
    nearest = [int(np.abs(case.track.times_s - time_s).argmin()) for time_s in times_s]
    track, identity = rows_of(case.track, nearest, times_s), case.canvas.identity
    if case.still is not None:
        seen = np.isfinite(track.landmarks[:, 0, 0])
        identity = case.space.identity(track.landmarks[seen], track.confidence[seen])
    expected = expected_of(case, times)
    shown = expected.source_index[expected.window]
    if case.item.track == "edit":
        index = np.where(np.isin(shown, numbers), shown - numbers[0], -1)
    else:
        index = np.where(shown >= 0, np.arange(len(shown)), -1)
        shown_s = expected.times_s[expected.window]
        after = np.searchsorted(times_s, shown_s + 1e-4, side="right") - 1
        rows = [int(row) for row in np.clip(after, 0, len(times_s) - 1)]
        frames, track, times_s = [frames[k] for k in rows], rows_of(track, rows, shown_s), shown_s
    sound = read_sound(case.clip, info=case.info) if case.info.has_sound else None
    source = view_of(case.space, identity, tuple(frames), track, times_s)
    speech = features_under(sound, source, case.encoder)
    return Original(source, index.astype(np.int64), identity, sound, speech, expected)


def view_of(
    space: MotionSpace,
    identity: Identity,
    frames: tuple[UInt8, ...],
    track: FaceTrack,
    times_s: Float64,
) -> View:
    """Bring pictures and landmarks at ``times_s`` together, with motion on the 25 Hz grid."""
    first = first_frame_from(float(times_s[0]))
    last = first_frame_from(float(times_s[-1]) + 1e-6)
    count = max(last - first + (frame_time(last) <= times_s[-1] + 1e-6), 1)
    motion = np.full((count, len(space.names)), np.nan, np.float32)
    if np.isfinite(track.landmarks).any():
        motion = space.encode(resample_track(track, frame_time(first), count)[0], identity)
    return View(times_s, frames, track.landmarks, motion, first)


def features_under(sound: Sound | None, view: View, encoder: Encoder) -> SpeechFeatures | None:
    """Compute the speech features under a view's motion frames."""
    if sound is None:
        return None
    values = speech_on(stretches(sound), view.first_frame, len(view.motion), encoder)
    return SpeechFeatures.from_values(values, features_name(encoder.name))


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


def rows_of(track: FaceTrack, rows: list[int], times_s: Float64) -> FaceTrack:
    """Return some pictures of a track under other times."""
    cuts = tuple(cut for cut in track.cuts if times_s[0] <= cut <= times_s[-1])
    landmarks, confidence = track.landmarks[rows], track.confidence[rows]
    return FaceTrack(
        np.asarray(times_s, np.float64), landmarks, confidence, track.width, track.height, cuts
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
    shown = original.source.frames[0] if case.still is None else case.still.rgb
    height, width = shown.shape[:2]
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
