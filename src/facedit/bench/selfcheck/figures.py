"""Pooled figures of disturbed clips beside those of the truth, with a bootstrap over clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facedit.evaluation.measure import Measure
from facedit.evaluation.stats import draw_clips, interval
from facedit.types import Float64

TRUTH = "none"
"""Name of the disturbance that disturbs nothing."""

ItemSums = Mapping[str, Sequence[float]]
"""What one item contributes, by key."""

Readings = Mapping[str, Sequence[ItemSums]]
"""By disturbance: the sums of each item, in the same order everywhere."""

_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Effect:
    """What a disturbance did to a figure.

    Attributes:
        truth: The figure of the undisturbed clips; NaN if it could not be measured.
        seen: The figure of the disturbed clips.
        change: ``seen - truth``.
        rises: Share of the (paired) bootstrap draws of clips in which the figure rises.
        falls: Share of the draws in which it falls.
        spread: Standard deviation of the truth's figure over the same draws.
        noise: Root mean square of the change over the same draws.
    """

    truth: float
    seen: float
    change: float
    rises: float
    falls: float
    spread: float
    noise: float


class Figures:
    """All figures of a self-check.

    Args:
        readings: Sums by disturbance; ``TRUTH`` must be among them.
        measures: The measures by name.
        clips: Clip of each item, whose items are drawn together; each its own by default.
        seed: Seed of the bootstrap.
    """

    def __init__(
        self,
        readings: Readings,
        measures: Mapping[str, Measure],
        clips: Sequence[str] = (),
        *,
        seed: int = 0,
    ) -> None:
        self.readings = readings
        self.measures = measures
        items = len(readings[TRUTH])
        _, clip_of = np.unique(list(clips) or range(items), return_inverse=True)
        self._counts = draw_clips(int(clip_of.max()) + 1, _DRAWS, seed)[:, clip_of]

    def effect(self, disturbance: str, measure: str) -> Effect:
        """Compare a disturbance with the truth on the clips in which both were measured."""
        true, seen = self._table(TRUTH, measure), self._table(disturbance, measure)
        value = self.measures[measure].value
        if true is None or seen is None:
            return Effect(*[float("nan")] * 7)
        both = np.any(true != 0, axis=1) & np.any(seen != 0, axis=1)
        true, seen = true * both[:, None], seen * both[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            true_value, seen_value = (float(value(one.sum(axis=0))) for one in (true, seen))
            true_draws, seen_draws = value(self._counts @ true), value(self._counts @ seen)
        steps = seen_draws - true_draws
        steps = steps[np.isfinite(steps)]
        rises, falls, noise = 0.0, 0.0, float("nan")
        if len(steps):
            rises, falls = float(np.mean(steps > 0)), float(np.mean(steps < 0))
            noise = float(np.sqrt(np.mean(steps**2)))
        change, spread = seen_value - true_value, _deviation(true_draws)
        return Effect(true_value, seen_value, change, rises, falls, spread, noise)

    def interval(self, disturbance: str, measure: str) -> tuple[float, float, float]:
        """Return a figure with the 2.5th and 97.5th percentile over bootstrap draws of clips."""
        table = self._table(disturbance, measure)
        if table is None:
            return (float("nan"),) * 3
        value = self.measures[measure].value
        with np.errstate(invalid="ignore", divide="ignore"):
            figure = float(value(table.sum(axis=0)))
            return figure, *interval(np.asarray(value(self._counts @ table), np.float64))

    def singly(self, disturbance: str, measure: str) -> Float64:
        """Return the figure of each item by itself, NaN where it has none, shape (items,)."""
        table = self._table(disturbance, measure)
        if table is None:
            return np.full(len(self.readings[TRUTH]), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.measures[measure].value(table), np.float64)

    def same(self, disturbance: str, measure: str) -> bool:
        """Return whether a disturbance left the sums of every item as they were."""
        true, seen = self._table(TRUTH, measure), self._table(disturbance, measure)
        if true is None or seen is None:
            return False
        # An item that a disturbance does not fit has no sums of it at all.
        there = [bool(sums) for sums in self.readings[disturbance]]
        return bool(np.allclose(true[there], seen[there], rtol=1e-6, atol=1e-9, equal_nan=True))

    def _table(self, disturbance: str, measure: str) -> Float64 | None:
        """Return the sums of each item, zeros where it has none; None if no item has any."""
        key = self.measures[measure].sums
        rows = [sums.get(key) for sums in self.readings.get(disturbance, ())]
        width = next((len(row) for row in rows if row is not None), 0)
        if not width:
            return None
        return np.array([np.zeros(width) if row is None else row for row in rows], np.float64)


def _deviation(values: Float64) -> float:
    """Return the standard deviation of what is finite; 0 where fewer than two values are."""
    finite = np.asarray(values)[np.isfinite(values)]
    return float(finite.std()) if len(finite) > 1 else 0.0
