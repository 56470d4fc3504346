"""How well a hidden span was drawn: sums per clip, so that any set of clips can be pooled.

Every figure is a ratio of sums over clips, and a bootstrap over clips gives its interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facedit.evaluation.measure import correlation_sums, share
from facedit.evaluation.stats import draw_clips, interval
from facedit.types import Float32, Float64

MEASURES = ("opening", "width")

_ROUNDING = 1e-5  # eye distances: a drawn straight line has no course of its own


def span_sums(
    truth: dict[str, Float32],
    drawn: dict[str, Float32],
    true_motion: Float32,
    drawn_motion: Float32,
    start: int,
    stop: int,
) -> Float64:
    """Sum up how one span of one clip was drawn: the sums, shape (27,).

    Lip measures are taken relative to the clip's own mean over its kept frames, so that the
    difference between people does not pass for correlation.

    ``truth``: measure over the whole clip, by name in ``MEASURES``, each of shape (T,);
    ``true_motion``: lip dims in equal units, shape (T, L). ``ValueError`` if the span leaves fewer
    than two kept frames on a side.
    """
    if not 2 <= start < stop <= len(true_motion) - 2:
        raise ValueError(f"span {start}-{stop} of {len(true_motion)} frames needs 2 kept each side")
    kept = np.ones(len(true_motion), bool)
    kept[start:stop] = False
    sums: list[float] = []
    for name in MEASURES:
        centre = truth[name][kept].mean()
        sums += error_sums(truth[name][start:stop] - centre, drawn[name][start:stop] - centre)
    for motion in (drawn_motion, true_motion):
        step = np.diff(motion.astype(np.float64), axis=0)
        bend = np.diff(step, axis=0)
        # step[k] leads from frame k to k + 1; bend[k] is the change of velocity at frame k + 1.
        inside = np.linalg.norm(step[start : stop - 1], axis=1).sum()
        seams = np.linalg.norm(step[[start - 1, stop - 1]], axis=1).sum()
        at_seams = [start - 2, start - 1, stop - 2, stop - 1]
        sums += [inside, seams, np.linalg.norm(bend[at_seams], axis=1).sum()]
    line = between(truth["opening"], start, stop)
    beyond = (curve["opening"][start:stop] - line for curve in (truth, drawn))
    sums += error_sums(*(np.where(np.abs(rest) < _ROUNDING, 0, rest) for rest in beyond))
    return np.array(sums)


def hidden_frames(sums: Sequence[Float64]) -> int:
    """Count the hidden frames that ``span_sums``, alone or added up, were made of."""
    return round(sum(float(one[0]) for one in sums))


def between(curve: Float32, start: int, stop: int) -> Float32:
    """Return the straight line between the neighbours of a span: what the kept ends say of it."""
    way = np.arange(1, stop - start + 1, dtype=np.float32) / (stop - start + 1)
    out: Float32 = curve[start - 1] + way * (curve[stop] - curve[start - 1])
    return out


def error_sums(truth: Float32, drawn: Float32) -> list[float]:
    """Return ``correlation_sums`` of two curves, and the sum of absolute errors: seven."""
    x, y = truth.astype(np.float64), drawn.astype(np.float64)
    return [*correlation_sums(x, y), float(np.abs(x - y).sum())]


mean_error = share(6, 0)
"""Returns the mean absolute error from ``error_sums``; NaN where nothing was counted."""


def relative_error(total: Float64) -> Float64:
    """Return the mean absolute error over the standard deviation of the truth."""
    n, x, _, xx, *_ = np.moveaxis(total, -1, 0)
    n = np.where(n > 0, n, np.nan)
    out: Float64 = mean_error(total) / np.sqrt(np.maximum(xx / n - (x / n) ** 2, 1e-30))
    return out


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the 95 % interval of the bootstrap over clips."""

    value: float
    low: float
    high: float


def _correlation(sums: Float64) -> Float64:
    n, x, y, xx, yy, xy, _ = np.moveaxis(sums, -1, 0)
    spread = np.maximum(xx - x * x / n, 0) * np.maximum(yy - y * y / n, 0)
    out: Float64 = (xy - x * y / n) / np.sqrt(np.maximum(spread, 1e-30))
    return out


_SUMS = {"opening": slice(0, 7), "width": slice(7, 14), "opening_beyond": slice(20, 27)}
"""Where the ``error_sums`` of each curve lie; between them those of the steps, drawn and true."""

_OF_CURVE: dict[str, Callable[[Float64], Float64]] = {
    "r": _correlation, "rel": relative_error, "mae": mean_error
}  # fmt: skip


def _of_curve(curve: str, kind: str) -> Callable[[Float64], Float64]:
    return lambda total: _OF_CURVE[kind](total[..., _SUMS[curve]])


def _of_steps(place: int) -> Callable[[Float64], Float64]:
    return lambda total: total[..., place] / np.maximum(total[..., place + 3], 1e-30)


FIGURES: dict[str, Callable[[Float64], Float64]] = {
    **{f"{curve}_{kind}": _of_curve(curve, kind) for curve in MEASURES for kind in _OF_CURVE},
    "opening_beyond_r": _of_curve("opening_beyond", "r"),
    "speed": _of_steps(14),
    "jump": _of_steps(15),
    "velocity_jump": _of_steps(16),
}
"""Figures from summed sums. ``_r``: correlation over hidden frames. ``_mae``: mean absolute error
in units of the outer-eye distance; ``_rel``: that over the truth's standard deviation in the spans.
``opening_beyond_r``: correlation of what is left of drawn and true opening when the straight line
between the kept ends is taken off: what was heard, not what the ends tell.
``speed``: mean lip step inside the spans over the true one; ``jump``: lip step at the two seams
over the true one; ``velocity_jump``: change of velocity at the seams over the true one."""


def figures(
    sums: Sequence[Float64],
    of: Mapping[str, Callable[[Float64], Float64]] = FIGURES,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> dict[str, Figure]:
    """Pool clips and bootstrap over them: each of the figures ``of`` their sums."""
    table = np.stack(sums)
    totals = draw_clips(len(table), draws, seed) @ table
    return {
        name: Figure(float(figure(table.sum(axis=0))), *interval(figure(totals)))
        for name, figure in of.items()
    }


def paired_gain(
    ours: Sequence[Float64],
    theirs: Sequence[Float64],
    name: str,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> Figure:
    """Bootstrap the difference of a figure between two methods on the same clips, in order."""
    a, b = np.stack(ours), np.stack(theirs)
    counts = draw_clips(len(a), draws, seed)
    figure = FIGURES[name]
    value = figure(a.sum(axis=0)) - figure(b.sum(axis=0))
    return Figure(float(value), *interval(figure(counts @ a) - figure(counts @ b)))
