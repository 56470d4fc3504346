"""Intervals and tests: always over clips, for the frames of a clip know of each other.

Items of one clip are added up first. A bootstrap draws clips with replacement (Efron, Ann. Statist.
7(1), 1979; percentile interval); the paired test swaps the two systems' names clip by clip (sign
flips; Pitman, J. R. Stat. Soc. Suppl. 4, 1937), which is right for ratios and correlations too.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from facedit.evaluation.measure import Measure, Sums
from facedit.types import Float64

INTERVAL = (0.025, 0.975)
"""Quantiles of the bootstrap that an interval spans."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over all items, with the 95 % interval of the bootstrap over clips.

    NaN where nothing was measured; no interval with fewer than two clips.
    """

    value: float
    low: float
    high: float
    items: int
    clips: int


@dataclass(frozen=True, slots=True)
class Paired:
    """The difference of a figure between two systems on the items that both have.

    ``p`` is the two-sided p-value of the sign-flip test over clips; the rest as in ``Estimate``.
    """

    value: float
    low: float
    high: float
    p: float
    items: int
    clips: int


def estimate(
    measure: Measure,
    sums_by_item: Mapping[str, Sums],
    clip_of_item: Mapping[str, str],
    draws: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Pool items and bootstrap over their clips; sums not finite, or all 0, do not count."""
    items = [item for item, sums in sums_by_item.items() if _counts(sums)]
    if not items:
        return Estimate(float("nan"), float("nan"), float("nan"), 0, 0)
    table = by_clip(sums_by_item, items, clip_of_item)
    value = float(_figure(measure, table.sum(axis=0)))
    low, high = float("nan"), float("nan")
    if len(table) > 1:
        low, high = interval(_figure(measure, draw_clips(len(table), draws, seed) @ table))
    return Estimate(value, low, high, len(items), len(table))


def paired(
    measure: Measure,
    ours: Mapping[str, Sums],
    theirs: Mapping[str, Sums],
    clip_of_item: Mapping[str, str],
    draws: int = 1000,
    seed: int = 0,
) -> Paired:
    """Compare two systems on the items that both have."""
    items = [i for i, s in ours.items() if _counts(s) and i in theirs and _counts(theirs[i])]
    if not items:
        return Paired(float("nan"), float("nan"), float("nan"), float("nan"), 0, 0)
    a, b = by_clip(ours, items, clip_of_item), by_clip(theirs, items, clip_of_item)
    value = float(_figure(measure, a.sum(axis=0)) - _figure(measure, b.sum(axis=0)))
    low, high = float("nan"), float("nan")
    if len(a) > 1:
        counts = draw_clips(len(a), draws, seed)
        low, high = interval(_figure(measure, counts @ a) - _figure(measure, counts @ b))
    p = _swap_test(measure, a, b, value, draws, seed)
    return Paired(value, low, high, p, len(items), len(a))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values (Holm, Scand. J. Statist. 6(2), 1979); NaNs are no part of the family."""
    given = np.asarray(p_values, np.float64)
    corrected = np.full(len(given), np.nan)
    known = np.flatnonzero(np.isfinite(given))
    order = known[np.argsort(given[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(given[order] * factors), 1.0)
    return [float(value) for value in corrected]


def by_clip(
    sums_by_item: Mapping[str, Sums], items: Sequence[str], clip_of_item: Mapping[str, str]
) -> Float64:
    """Add up the sums of each clip's items: clips by name, shape (clips, n)."""
    clips: dict[str, Float64] = {}
    for item in sorted(items):
        clip = clip_of_item[item]
        clips[clip] = clips.get(clip, 0.0) + np.asarray(sums_by_item[item], np.float64)
    return np.stack([clips[clip] for clip in sorted(clips)])


@lru_cache(maxsize=64)
def draw_clips(clips: int, draws: int, seed: int) -> Float64:
    """Draw clips with replacement: how often each was drawn, read-only, shape (draws, clips).

    A table asks for the same draws again and again.
    """
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(clips, np.full(clips, 1 / clips), size=draws)
    drawn = counts.astype(np.float64)
    drawn.setflags(write=False)
    return drawn


def interval(drawn: Float64) -> tuple[float, float]:
    """Return the 95 % percentile interval of bootstrap draws; draws that are NaN do not count.

    NaN if the figure exists in no more than half of the draws.
    """
    finite = drawn[np.isfinite(drawn)]
    if 2 * len(finite) <= len(drawn):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, INTERVAL)
    return float(low), float(high)


def _swap_test(
    measure: Measure, a: Float64, b: Float64, seen: float, draws: int, seed: int
) -> float:
    """Return how often swapped systems differ as much as seen."""
    if not np.isfinite(seen):
        return float("nan")
    exact = 2 ** len(a) <= draws
    if exact:
        swap = np.array(list(itertools.product((0.0, 1.0), repeat=len(a))))
    else:
        swap = np.random.default_rng([seed, 1]).integers(0, 2, (draws, len(a))).astype(np.float64)
    first, second = swap @ b + (1 - swap) @ a, swap @ a + (1 - swap) @ b
    other = np.abs(_figure(measure, first) - _figure(measure, second))
    other = other[np.isfinite(other)]
    # Forgive rounding: swapped sums add up in another order.
    as_large = np.count_nonzero(other >= abs(seen) - 1e-9 * max(abs(seen), 1e-3))
    # The names as they are belong to the swaps; when swaps are drawn, they are added.
    return as_large / len(other) if exact else (as_large + 1) / (len(other) + 1)


def _figure(measure: Measure, total: Float64) -> Float64:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(measure.value(total), np.float64)


def _counts(sums: Sums) -> bool:
    """Return whether sums hold anything."""
    return bool(len(sums)) and bool(np.isfinite(sums).all()) and bool(np.any(np.asarray(sums)))
