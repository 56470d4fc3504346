"""Figures as text."""

from __future__ import annotations

from math import isfinite

from facedit.evaluation.measure import Measure
from facedit.evaluation.stats import Estimate, Paired

WAYS = {
    "lower": ("↓", "lower is better"),
    "higher": ("↑", "higher is better"),
    "one": ("→1", "nearer to 1 is better"),
    "zero": ("→0", "nearer to 0 is better"),
    "none": ("", "to be read beside the truth's"),
}
"""Which way is better: as a sign behind a title, and in words."""

_MINUS = "−"


def formatted(value: float, measure: Measure) -> str:
    """Write a value with the measure's decimals; a value that rounds to 0 has no sign."""
    text = f"{value:.{measure.digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", _MINUS)


def interval(low: float, high: float, measure: Measure) -> str:
    """Write an interval; empty where there is none (a single clip)."""
    if not (isfinite(low) and isfinite(high)):
        return ""
    return f"[{formatted(low, measure)}, {formatted(high, measure)}]"


def signed(value: float, measure: Measure) -> str:
    """Write a difference with its sign."""
    text = formatted(value, measure)
    return text if value <= 0 or float(text) == 0 else f"+{text}"


def heading(measure: Measure) -> str:
    """Write the title with the way that is better, on the same line as its last word."""
    return f"{measure.title}\u00a0{WAYS[measure.better][0]}".strip()


def titled(measure: Measure) -> str:
    """Write the heading with the unit."""
    return heading(measure) + (f" ({measure.unit})" if measure.unit else "")


def spelled(estimate: Estimate, measure: Measure) -> str:
    """Write an estimate in full, as a tooltip shows it."""
    unit = f" {measure.unit}" if measure.unit else ""
    spread = interval(estimate.low, estimate.high, measure)
    spread = f", 95 % {spread}" if spread else ""
    whence = f"{counted(estimate.items, 'item')} of {counted(estimate.clips, 'clip')}"
    return f"{formatted(estimate.value, measure)}{unit}{spread}; {whence}"


def spelled_difference(paired: Paired, p_holm: float, measure: Measure) -> str:
    """Write a paired difference in full."""
    spread = interval(paired.low, paired.high, measure)
    return f"{signed(paired.value, measure)} {spread}, p {probability(p_holm)} after Holm"


def counted(count: int, name: str) -> str:
    """Write a number of things."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def probability(p: float) -> str:
    """Write a p."""
    if not isfinite(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def plain(value: float) -> float | None:
    """Return a value for files, None if it is not finite.

    Nine digits: the last bits of a sum depend on the number of threads, and files of two runs are
    to be the same.
    """
    return float(f"{value:.9g}") if isfinite(value) else None


def seconds(value: float) -> str:
    """Write a duration with three digits or so."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
