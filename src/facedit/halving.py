"""Search by halving."""

from __future__ import annotations

from collections.abc import Callable


def bisected(
    enough: Callable[[float], bool], low: float, high: float, trials: int
) -> tuple[float, float]:
    """Halve the stretch between two values so often, and return what is left of it.

    ``enough`` tells whether a value reaches what is wanted: the lower end does not, the upper does.
    """
    for _ in range(trials):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return low, high
