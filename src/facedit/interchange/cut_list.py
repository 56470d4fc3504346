"""The cuts of an edited clip in whole frames: what stays of the source, and what is new.

Pictures and sound are cut apart: pictures change around the new words too. Kept sound comes later
by whole frames, so a sound's cuts can lie at the frames around what is new.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from facedit.editing.plan import EditPlan

_JITTER = 0.1
"""Frames by which a container's clock may move a picture; so near a span, it is taken along."""

_ROUNDED = 1e-4
"""Frames by which a time in seconds may miss a frame that it means."""

_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the timeline that is new, as it is written into a file.

    Attributes:
        name: Stem of the file: it ends in the number of the first edit and the new words.
        start: Its first changed frame on the timeline.
        end: The frame behind the last changed one.
        first: The file's first frame: handles are in front of ``start``.
        last: The frame behind the file's last one.
        fills: Indices into ``EditPlan.fills``.
    """

    name: str
    start: int
    end: int
    first: int
    last: int
    fills: tuple[int, ...]

    @property
    def frames(self) -> int:
        """Frames in the file."""
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class Shape:
    """What a timeline is like.

    Attributes:
        frames: How many it has.
        handles: Frames of handles at both ends of a file, as far as the clip goes.
        stem: What names of files begin with.
    """

    frames: int
    handles: int
    stem: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A run of frames of the timeline.

    Attributes:
        start: Its first frame.
        end: The frame behind its last one.
        source: The frame of the source that the first one is; of a changed run -1.
        changed: Which of the changed stretches it is; of a kept run -1.
    """

    start: int
    end: int
    source: int = -1
    changed: int = -1


def changed_pictures(plan: EditPlan, shape: Shape) -> tuple[Stretch, ...]:
    """Return the frames of a timeline whose pictures are new, a stretch a picture span.

    Args:
        plan: The plan.
        shape: The timeline.

    Returns:
        Stretches in order and apart.
    """
    rate, found, before = float(plan.frame_rate), [], 0
    for span in plan.picture_spans():
        start = max(math.ceil(span.output_start_s * rate - _JITTER), before)
        end = min(math.ceil(span.output_end_s * rate + _JITTER), shape.frames)
        if span.output_end_s >= plan.output_duration_s - 1e-6:
            end = shape.frames
        before = max(end, start)
        found.append((start, before, span.fills))
    return _named(plan, found, shape)


def changed_sounds(plan: EditPlan, shape: Shape) -> tuple[Stretch, ...]:
    """Return the frames of a timeline in which the sound is new, fills in one frame together.

    Args:
        plan: The plan.
        shape: The timeline.

    Returns:
        Stretches in order and apart.
    """
    rate = float(plan.frame_rate)
    found: list[tuple[int, int, tuple[int, ...]]] = []
    for index, fill in enumerate(plan.fills):
        start = max(math.floor(fill.output_start_s * rate + _ROUNDED), 0)
        end = max(min(math.ceil(fill.output_end_s * rate - _ROUNDED), shape.frames), start + 1)
        if found and start < found[-1][1]:
            first, last, fills = found.pop()
            found.append((first, max(end, last), (*fills, index)))
        else:
            found.append((start, end, (index,)))
    return _named(plan, found, shape)


def _named(
    plan: EditPlan, found: Sequence[tuple[int, int, tuple[int, ...]]], shape: Shape
) -> tuple[Stretch, ...]:
    """Name the files of stretches (start, end, fills), and give them handles."""
    stretches = []
    for start, end, fills in found:
        said = " ".join(plan.fills[fill].text for fill in fills)
        name = file_stem(shape.stem, fills[0] + 1, said)
        first, last = max(start - shape.handles, 0), min(end + shape.handles, shape.frames)
        stretches.append(Stretch(name, start, end, first, last, fills))
    return tuple(stretches)


def cuts_of(plan: EditPlan, changed: Sequence[Stretch], frames: int) -> tuple[Cut, ...]:
    """Lay kept and changed runs out without gaps.

    Args:
        plan: The plan.
        changed: Its changed stretches.
        frames: Frames of the timeline.

    Returns:
        Runs that are not empty, in order, from frame 0 to the last one.
    """
    cuts, at, shift = list[Cut](), 0, 0
    for index, stretch in enumerate(changed):
        cuts += [Cut(at, stretch.start, at - shift), Cut(stretch.start, stretch.end, -1, index)]
        at = stretch.end
        shift += sum(plan.fills[fill].shift_frames for fill in stretch.fills)
    cuts.append(Cut(at, frames, at - shift))
    return tuple(cut for cut in cuts if cut.end > cut.start)


def runs_of(start: int, sources: Sequence[int]) -> Iterator[Cut]:
    """Join frames that follow each other in the source as they do on the timeline.

    Args:
        start: The first frame on the timeline.
        sources: Per frame the source's frame that it shows.

    Yields:
        Runs, in order.
    """
    first = 0
    for index in range(1, len(sources) + 1):
        if index == len(sources) or sources[index] != sources[index - 1] + 1:
            yield Cut(start + first, start + index, sources[first])
            first = index


def file_stem(stem: str, number: int, said: str) -> str:
    """Name the file of an edit by its clip, its number and its new words."""
    return f"{plain_name(stem) or 'clip'}_{number:04}_{plain_name(said) or 'cut'}"


def plain_name(text: str) -> str:
    """Return what every program and every disk takes as a name.

    Args:
        text: Any text.

    Returns:
        Letters and digits of ASCII and hyphens, perhaps none; short.
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", text)[:_LONGEST_NAME].strip("-")
