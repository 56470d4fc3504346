"""Frame rates and spacing, told from packet times without decoding."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

_NTSC = Fraction(1000, 1001)
_NOMINAL = tuple(
    sorted(
        {Fraction(rate) for rate in (5, 6, 8, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120)}
        | {Fraction(rate) * _NTSC for rate in (12, 15, 24, 30, 48, 60, 120)}
    )
)


def nominal_rate(rate: Fraction) -> Fraction:
    """Snap a measured rate to the exact one it stands for.

    ``rate``: frames per second, e.g. 29.97003. Returns the nominal rate within 0.02 % (e.g.
    30000/1001), else the rate itself. 23.976 and 24 lie 0.1 % apart.
    """
    nearest = min(_NOMINAL, key=lambda known: abs(known - rate))
    return nearest if abs(nearest - rate) <= nearest / 5000 else rate


def is_uneven(times: Sequence[int], ticks_of_rounding: int = 1) -> bool:
    """Tell whether frames are unevenly spaced.

    ``ticks_of_rounding``: how far a time may be off its grid by rounding. Returns whether some
    spacing differs from the median by more than rounding and 2 %.
    """
    gaps = np.diff(np.sort(np.asarray(times, dtype=np.int64))).astype(np.float64)
    if len(gaps) < 2:
        return False
    usual = float(np.median(gaps))
    allowed = max(float(ticks_of_rounding), 0.02 * usual)
    return bool(np.any(np.abs(gaps - usual) > allowed))


def measured_rate(times: Sequence[int], time_base: Fraction) -> Fraction | None:
    """Compute the average rate over frames.

    Returns frames per second, or None for fewer than two frames.
    """
    if len(times) < 2 or max(times) == min(times):
        return None
    return Fraction(len(times) - 1, max(times) - min(times)) / time_base
