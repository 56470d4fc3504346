"""Hidden spans of prepared clips, drawn by any method and summed up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facedit.dataset.masks import reverse_kept_dims, span_mask
from facedit.dataset.prepared import PreparedClip
from facedit.evaluation.lip_sums import span_sums
from facedit.face.distances import lip_opening, lip_width
from facedit.motion.identity import Identity
from facedit.motion.space import HasShape
from facedit.types import Bool, Float32, Float64

EDGE = 4
"""Kept frames that a test span leaves on each side."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A clip with a hidden span.

    Attributes:
        number: Number of the clip.
        motion: Motion, NaN where hidden, shape (T, D).
        hidden: True where motion is to be drawn, shape (T, D).
        span: First and last-plus-one hidden frame.
    """

    number: int
    motion: Float32
    hidden: Bool
    span: tuple[int, int]


Method = Callable[[Sequence[Gap]], list[Float32]]
"""Fills gaps: motion (T, D) of each, without NaN."""


def spread_spans(frames: int, length: int, most: int) -> list[tuple[int, int]]:
    """Spread test spans evenly over a clip, at least ``EDGE`` kept frames round each.

    Returns first and last-plus-one hidden frame of as many spans as fit; one is ``middle_span``.
    """
    count = min(most, (frames - EDGE) // (length + EDGE))
    kept = frames - count * length
    return [
        (start, start + length)
        for start in (i * length + (i + 1) * kept // (count + 1) for i in range(count))
    ]


def middle_span(frames: int, length: int) -> tuple[int, int] | None:
    """Place a test span in the middle of a clip; None if too little would be kept."""
    return next(iter(spread_spans(frames, length, 1)), None)


def hide_span(
    number: int,
    motion: Float32,
    span: tuple[int, int],
    groups: Mapping[str, slice],
    dim_set: str,
    *,
    reverse_kept: bool = False,
) -> Gap:
    """Hide a span of a clip's motion (T, D).

    ``reverse_kept``: show what is kept of hidden frames backwards, as shot to other words.
    """
    hidden = span_mask(len(motion), motion.shape[1], groups, [span], dim_set)
    shown = reverse_kept_dims(motion, hidden) if reverse_kept else motion
    return Gap(number, np.where(hidden, np.float32(np.nan), shown), hidden, span)


@dataclass(frozen=True, slots=True)
class LipMeter:
    """Measures lips of motion without its head pose; ``effects``: strength of each dim."""

    space: HasShape
    groups: dict[str, slice]
    effects: Float32

    def measure(self, motion: Float32, neutral: Float32) -> dict[str, Float32]:
        """Return lip opening and width over the outer-eye distance, each of shape (T,)."""
        identity = Identity(neutral)
        shape = self.space.decode_shape(motion, identity)
        return {"opening": lip_opening(shape), "width": lip_width(shape)}

    def lips(self, motion: Float32) -> Float32:
        """Return the lip dims in equal units, shape (T, L)."""
        part = self.groups["lips"]
        return motion[:, part] * self.effects[part]


def score_clips(
    clips: Sequence[PreparedClip],
    method: Method,
    meter: LipMeter,
    length: int,
    dim_set: str,
    *,
    reverse_kept: bool = False,
    most: int = 1,
) -> list[Float64]:
    """Hide spans of each clip, one at a time, draw them, and sum up how well that went.

    ``most``: most spans per clip; one lies in its middle. Returns ``span_sums`` per clip, over its
    spans; clips too short for a span are left out.
    """
    gaps = [
        hide_span(number, clip.motion, span, meter.groups, dim_set, reverse_kept=reverse_kept)
        for number, clip in enumerate(clips)
        for span in spread_spans(len(clip.motion), length, most)
    ]

    def sums(_: int, gap: Gap, joined: Float32) -> Float64:
        clip = clips[gap.number]
        true, drawn = (meter.measure(one, clip.identity) for one in (clip.motion, joined))
        return span_sums(true, drawn, meter.lips(clip.motion), meter.lips(joined), *gap.span)

    return sums_by_clip(clips, gaps, method(gaps), sums)


SumUp = Callable[[int, Gap, Float32], Float64]
"""Sums up a gap, by its place, with its clip's motion (T, D), drawn where it was hidden."""


def sums_by_clip(
    clips: Sequence[PreparedClip], gaps: Sequence[Gap], drawn: Sequence[Float32], sums: SumUp
) -> list[Float64]:
    """Sum up how gaps were drawn, and add up those of each clip."""
    found: dict[int, Float64] = {}
    for place, (gap, motion) in enumerate(zip(gaps, drawn, strict=True)):
        joined = np.where(gap.hidden, motion, clips[gap.number].motion)
        found[gap.number] = found.get(gap.number, 0.0) + sums(place, gap, joined)
    return list(found.values())
