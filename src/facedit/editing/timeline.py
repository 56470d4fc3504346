"""The frames of the output, in order, and the source frame that each one shows.

Works on a stream: nothing is held but the times of the frames that the current fill removes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from facedit.editing.plan import EditPlan, Fill, Keep, Span
from facedit.units import frame_at, frame_time

FrameRole = Literal["kept", "margin", "fill"]

_SLACK_S = 1e-6
"""Times from containers are rounded to their clock: a joint this close behind a frame is at it."""


@dataclass(frozen=True, slots=True)
class OutputFrame:
    """One picture of the output.

    Attributes:
        output_time_s: Presentation time.
        source_index: Index of the source frame it shows (in the order of presentation); -1 in a
            fill.
        source_time_s: That frame's time in the source; NaN in a fill.
        role: ``kept`` is the source's own frame; ``margin`` is a source frame whose face is made
            anew beside a fill; ``fill`` has no source frame of its own.
        span: Index into ``EditPlan.picture_spans()``; -1 where kept.
        fill: Index into ``EditPlan.fills``; -1 outside fills.
    """

    output_time_s: float
    source_index: int
    source_time_s: float
    role: FrameRole
    span: int
    fill: int = -1


def output_frames(
    plan: EditPlan, source_times_s: Iterable[float], frame_duration_s: float | None = None
) -> Iterator[OutputFrame]:
    """List the frames of the output, ascending, while the times of the source's frames come in.

    Kept frames come one for one, later by a whole number of nominal frames. The frames of a fill
    stand evenly between the kept frames on either side, as near the nominal rate as a whole number
    of them allows (with a constant rate: exactly on the source's grid, and as many as were removed
    plus ``Fill.shift_frames``). A fill that lasts as long as what it removes takes over the times
    of the removed frames, so that a variable rate stays as it was.

    The source's times are of presentation, in seconds, ascending from about 0; the last frame lasts
    ``frame_duration_s``, one frame of the nominal rate by default.
    """
    last_s = frame_duration_s or frame_time(1, plan.frame_rate)
    spans = _SpanCursor(plan.picture_spans())
    span_of = {fill: n for n, span in enumerate(plan.picture_spans()) for fill in span.fills}
    frames = _Peekable(source_times_s)
    shift = fill_index = 0
    shown_s: float | None = None
    for segment in plan.segments:
        shift_s = frame_time(shift, plan.frame_rate)
        # The last segment takes every frame left: rounding must not drop the clip's last one.
        end_s = segment.source_end_s if segment is not plan.segments[-1] else None
        if isinstance(segment, Keep):
            for index, time_s in frames.until(end_s):
                shown_s = time_s + shift_s
                span = spans.at(shown_s)
                role: FrameRole = "kept" if span < 0 else "margin"
                yield OutputFrame(shown_s, index, time_s, role, span)
            continue
        # On the clock of this fill; after another fill no source frame tells where it ended.
        previous_s = None if shown_s is None else shown_s - shift_s
        removed = (time_s for _, time_s in frames.until(end_s))
        for time_s in _fill_times(plan, segment, removed, previous_s, frames, last_s):
            shown_s = time_s + shift_s
            span = span_of[fill_index]
            yield OutputFrame(shown_s, -1, float("nan"), "fill", span, fill_index)
        shift += segment.shift_frames
        fill_index += 1


def _fill_times(
    plan: EditPlan,
    fill: Fill,
    removed: Iterator[float],
    previous_s: float | None,
    frames: _Peekable,
    last_s: float,
) -> Iterable[float]:
    """Time a fill's frames between the one shown before it, if any, and the next."""
    if not fill.shift_frames:
        return removed  # As they come: a fill may be as long as the clip.
    gone = list(removed)
    next_s = frames.peek()
    if next_s is None:
        ends = [time_s for time_s in (*gone[-1:], previous_s) if time_s is not None]
        next_s = max(ends, default=0.0) + last_s
    return _even_times(plan, fill, gone, previous_s, next_s)


def kept_runs(plan: EditPlan) -> tuple[tuple[float, float, float], ...]:
    """Return which runs of the source's pictures ``output_frames`` shows as ``kept``.

    Start and end in the source, the end infinite for the last frames, and by how much later they
    come in the output; in seconds and in order.
    """
    runs = []
    shift = 0
    for segment in plan.segments:
        if isinstance(segment, Fill):
            shift += segment.shift_frames
            continue
        shift_s = frame_time(shift, plan.frame_rate)
        start_s, last = segment.source_start_s, segment is plan.segments[-1]
        end_s = math.inf if last else segment.source_end_s
        for span in plan.picture_spans():
            from_s, to_s = span.output_start_s - shift_s, span.output_end_s - shift_s
            if from_s < end_s and to_s > start_s:
                if from_s > start_s:
                    runs.append((start_s, from_s, shift_s))
                start_s = to_s
        if start_s < end_s:
            runs.append((start_s, end_s, shift_s))
    return tuple(runs)


def is_removed(plan: EditPlan, source_s: float) -> bool:
    """Tell whether ``output_frames`` shows a source frame as neither ``kept`` nor ``margin``."""
    last = plan.segments[-1]
    for fill in plan.fills:
        ends_later = fill is last or source_s < fill.source_end_s - _SLACK_S
        if source_s >= fill.source_start_s - _SLACK_S and ends_later:
            return True
    return False


def source_windows(
    plan: EditPlan, before_s: float, after_s: float
) -> tuple[tuple[float, float], ...]:
    """Return the stretches of the source around the changed pictures, in order and apart.

    They reach ``before_s`` and ``after_s`` beyond each picture span, inside the source.
    """
    windows: list[tuple[float, float]] = []
    for span in plan.picture_spans():
        first, last = plan.fills[span.fills[0]], plan.fills[span.fills[-1]]
        lead_s = first.output_start_s - span.output_start_s + before_s
        tail_s = span.output_end_s - last.output_end_s + after_s
        start_s = max(first.source_start_s - lead_s, 0.0)
        end_s = min(last.source_end_s + tail_s, plan.source_duration_s)
        if windows and start_s <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end_s, windows[-1][1]))
        else:
            windows.append((start_s, end_s))
    return tuple(windows)


def _even_times(
    plan: EditPlan, fill: Fill, removed: list[float], previous_s: float | None, next_s: float
) -> Iterator[float]:
    """Yield evenly spaced times of a fill's frames, as if nothing before the fill had moved.

    ``removed`` are the times of the removed frames, ``previous_s`` that of the last frame before
    the fill (None at the start of the clip), ``next_s`` that of the first after it; all on the
    source's clock.
    """
    # Where the source stood still for long, new frames come in the span alone.
    step_s = frame_time(1, plan.frame_rate)
    reach_s = 1.5 * step_s + (plan.bridge_s if fill.kind == "delete" else plan.margin_s)
    next_s = min(next_s, fill.source_end_s + reach_s)
    if previous_s is not None:
        previous_s = max(previous_s, fill.source_start_s - reach_s)
    end_s = next_s + frame_time(fill.shift_frames, plan.frame_rate)
    if previous_s is None:
        # The clip starts with the fill: its first frame stands where the clip's first one stood.
        start_s = removed[0] if removed else next_s
        count = max(frame_at(end_s - start_s, plan.frame_rate), 0)
        yield from (start_s + (end_s - start_s) * index / count for index in range(count))
        return
    count = max(frame_at(end_s - previous_s, plan.frame_rate) - 1, 0)
    step_s = (end_s - previous_s) / (count + 1)
    yield from (previous_s + step_s * (index + 1) for index in range(count))


class _Peekable:
    """Numbered frame times with a look at the next one."""

    def __init__(self, times_s: Iterable[float]) -> None:
        self._times = iter(times_s)
        self._next = next(self._times, None)
        self._index = 0

    def peek(self) -> float | None:
        """Return the next time without taking it; None at the end."""
        return self._next

    def until(self, end_s: float | None) -> Iterator[tuple[int, float]]:
        """Take the frames before a time (all that are left if it is None)."""
        while self._next is not None and (end_s is None or self._next < end_s - _SLACK_S):
            time_s, index = self._next, self._index
            self._next = next(self._times, None)
            self._index += 1
            yield index, time_s


class _SpanCursor:
    """Finds the span of ascending times; the spans are in order and apart."""

    def __init__(self, spans: tuple[Span, ...]) -> None:
        self._spans = spans
        self._index = 0

    def at(self, output_s: float) -> int:
        """Return the index of the span that holds a time; -1 if none does."""
        while self._index < len(self._spans):
            span = self._spans[self._index]
            if output_s < span.output_end_s - _SLACK_S:
                return self._index if output_s >= span.output_start_s - _SLACK_S else -1
            self._index += 1
        return -1
