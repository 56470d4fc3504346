"""What a measure is: sums per item, so that any set of items can be pooled and bootstrapped.

A measure never is a mean of means: each item contributes a vector of sums, vectors of items are
added, and the figure is a function of the total. A plain mean has the sums ``(sum, count)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from facedit.types import Float64

Sums = Sequence[float]
"""What an item contributes under one key."""

Better = Literal["lower", "higher", "one", "zero", "none"]
"""Which way is better: lower, higher, near 1, near 0, or only to be read beside the truth's."""


DRAWN = "drawn_"
"""What names of measures of drawn motion, before anything is rendered, begin with."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of the tables.

    Attributes:
        name: Its name in files, e.g. ``lip_opening_r``.
        title: Its name for people.
        unit: Its unit; empty for a pure number.
        better: Which way is better.
        sums: Key of the items' sums it is made from.
        value: Total of the sums, shape (..., n), to the figure, shape (...).
        group: Heading it is shown under: ``motion``, ``sync``, ``silence``, ``identity``,
            ``picture``, ``continuity`` or ``pass-through``.
    """

    name: str
    title: str
    unit: str
    better: Better
    sums: str
    value: Callable[[Float64], Float64]
    low: float
    high: float
    digits: int
    group: str


def mean_sums(values: Sequence[float] | Float64) -> list[float]:
    """Return the sums of a plain mean; values that are not finite do not count."""
    array = np.asarray(values, np.float64)
    array = array[np.isfinite(array)]
    return [float(array.sum()), float(array.size)]


def mean_of(total: Float64) -> Float64:
    """Return the mean from ``mean_sums``, shape (..., 2); NaN where nothing was counted."""
    count = total[..., 1]
    mean: Float64 = np.where(count > 0, total[..., 0] / np.maximum(count, 1e-30), np.nan)
    return mean


ratio_of = mean_of
"""Two summed amounts, one over the other."""


def share(above: int, below: int = -1, scale: float = 1.0) -> Callable[[Float64], Float64]:
    """Return the function that reads the ratio of two of the sums off a total."""
    return lambda total: scale * ratio_of(total[..., [above, below]])


def correlation_sums(x: Float64, y: Float64) -> list[float]:
    """Return the sums of a pooled correlation: ``n, sum x, sum y, sum xx, sum yy, sum xy``."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return [float(len(x)), float(x.sum()), float(y.sum()), float(x @ x), float(y @ y), float(x @ y)]


def correlation_of(total: Float64) -> Float64:
    """Return Pearson's correlation from ``correlation_sums``; NaN where a side does not vary."""
    n, x, y, xx, yy, xy = np.moveaxis(np.asarray(total, np.float64), -1, 0)
    n = np.maximum(n, 1)
    spread = np.maximum(xx - x * x / n, 0) * np.maximum(yy - y * y / n, 0)
    r: Float64 = np.where(
        spread > 0, (xy - x * y / n) / np.sqrt(np.maximum(spread, 1e-300)), np.nan
    )
    return r
