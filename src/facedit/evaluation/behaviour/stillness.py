"""Do drawn lips rest while nobody speaks? Sums per clip, pooled like all figures of an evaluation.

Counted are steps between neighbouring motion frames in silence, as the benchmark's silence measures
take them: voice activity below 0.5, two frames off both ends of each silence. In a silence that was
made, of which the ends are known, ``MARGIN`` frames are taken off: lips come to rest, and part
ahead of the next sound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facedit.evaluation.measure import ratio_of
from facedit.evaluation.rows import step_lengths, steps_within
from facedit.types import Bool, Float32, Float64

MARGIN = 5
"""Motion frames (0.2 s) at both ends of a made silence that do not count."""

REACH = 5
"""Frames of speech hidden on either side of a silence."""


def around(run: tuple[int, int], frames: int, edge: int) -> tuple[int, int] | None:
    """Place a hidden span over a silence.

    Returns first and last-plus-one hidden frame: the silence and ``REACH`` frames around it, as far
    as the clip goes; None if fewer than two of its frames would be hidden.
    """
    start, stop = max(run[0] - REACH, edge), min(run[1] + REACH, frames - edge)
    return (start, stop) if min(stop, run[1]) - max(start, run[0]) >= 2 else None


def still_sums(lips: Float32, opening: Float32, rows: Bool, rest: float) -> Float64:
    """Sum up how the lips move.

    ``lips``: lip dims in equal units, shape (T, L); ``opening``: lip opening in per cent of the
    outer-eye distance, shape (T,); ``rows``: frames that count, shape (T,).
    Returns summed lengths of the steps of the lips, summed changes of the opening, number of steps;
    summed opening above rest, number of frames. Shape (5,).
    """
    steps = steps_within(rows)
    return np.array(
        [
            step_lengths(lips)[steps].sum(),
            step_lengths(opening)[steps].sum(),
            steps.sum(),
            (opening[rows] - rest).sum(),
            rows.sum(),
        ],
        np.float64,
    )


def _ratio(above: int, below: int, part: int = 0) -> Callable[[Float64], Float64]:
    columns = [above + part * PARTS_LENGTH, below + part * PARTS_LENGTH]
    return lambda total: ratio_of(total[..., columns])


PARTS_LENGTH = 5

FIGURES: dict[str, Callable[[Float64], Float64]] = {
    "steps": lambda total: total[..., 2],
    "lips": _ratio(0, 2),
    "lips_truth": _ratio(0, 2, 1),
    "lips_speaking": _ratio(0, 2, 2),
    "over_truth": lambda total: _ratio(0, 2)(total) / _ratio(0, 2, 1)(total),
    "opening": _ratio(1, 2),
    "opening_truth": _ratio(1, 2, 1),
    "parted": _ratio(3, 4),
    "parted_truth": _ratio(3, 4, 1),
}
"""Figures from the sums of the drawn lips, of the true lips in silence and of the true lips in
speech, end to end. ``lips``: mean step of the lip dims per frame, in spreads of the widest;
``over_truth``: that over the true one in silence; ``opening``: mean change of the opening per
frame, ``parted``: mean opening above the speaker's closed lips, per cent of the outer-eye
distance."""
