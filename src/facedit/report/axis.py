"""Round values for the axes of the plots."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Choose round values for an axis.

    Args:
        low: Smallest value shown.
        high: Largest value shown, larger than ``low``.
        most: Largest number of ticks, about.

    Returns:
        Multiples of 1, 2 or 5 times a power of ten that span both, ascending.
    """
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** floor(log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [index * step for index in range(first, last + 1)]


def tick_text(value: float, steps: Sequence[float]) -> str:
    """Write a tick with as many decimals as its axis needs."""
    step = steps[1] - steps[0] if len(steps) > 1 else abs(value) or 1.0
    digits = max(0, -floor(log10(step) + 1e-9))
    return f"{value if abs(value) > step / 2 else 0.0:.{digits}f}".replace("-", "−")
