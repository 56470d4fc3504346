"""Paired differences to the reference as a forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from facedit.bench.report.compare import Contrast
from facedit.bench.report.numbers import WAYS, spelled_difference
from facedit.evaluation.measure import Measure
from facedit.report.axis import nice_ticks, tick_text
from facedit.report.drawing import escape, label, line, number

_WIDTH, _ROW, _HEAD, _FOOT = 540.0, 24.0, 44.0, 46.0
_LEFT, _RIGHT = 170.0, 16.0
_MOST_LETTERS = 25

VERDICT_COLOURS = {"better": "#15743a", "worse": "#c0492f", "": "#7c8894"}
"""Colours of systems that are clearly better or worse than the reference, or neither."""


def forest(measure: Measure, contrasts: Sequence[Contrast], reference: str) -> str:
    """Draw the differences of all systems on one measure.

    Args:
        measure: The measure.
        contrasts: Its contrasts, in the order to show them.
        reference: The system they are compared with.

    Returns:
        An SVG element; empty without contrasts.
    """
    ends = [
        value
        for one in contrasts
        for value in (one.difference.value, one.difference.low, one.difference.high)
        if isfinite(value)
    ]
    if not ends:
        return ""
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    air = (high - low) * 0.06 or 1.0
    steps = [s for s in nice_ticks(low - air, high + air) if low - air <= s <= high + air]
    low, high = low - air, high + air
    bottom = _HEAD + _ROW * len(contrasts)

    def x_of(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    unit = f" ({measure.unit})" if measure.unit else ""
    parts = [
        f'<svg viewBox="0 0 {number(_WIDTH)} {number(bottom + _FOOT)}" role="img" class="chart">',
        f"<title>{escape(measure.title)}: difference to {escape(reference)}</title>",
        label(4, 16, f"{measure.title}{unit}", 'class="chart-title"'),
        label(4, 32, WAYS[measure.better][1], 'class="tick"'),
    ]
    for step in steps:
        parts.append(line(x_of(step), _HEAD, x_of(step), bottom, 'class="grid"'))
        at = label(x_of(step), bottom + 16, tick_text(step, steps), 'class="tick middle"')
        parts.append(at)
    parts.append(line(x_of(0), _HEAD - 4, x_of(0), bottom, 'class="mark-zero"'))
    for row, one in enumerate(contrasts):
        y = _HEAD + (row + 0.5) * _ROW
        colour = VERDICT_COLOURS[one.verdict]
        name = one.system
        if len(name) > _MOST_LETTERS:
            name = name[: _MOST_LETTERS - 1] + "…"
        note = spelled_difference(one.difference, one.p_holm, measure)
        bar = ""
        if isfinite(one.difference.low) and isfinite(one.difference.high):
            style = f'stroke="{colour}" stroke-width="2.4"'
            bar = line(x_of(one.difference.low), y, x_of(one.difference.high), y, style)
        title = label(_LEFT - 10, y + 4, name, 'text-anchor="end"')
        parts.append(
            f"<g>{title}{bar}"
            f'<circle cx="{number(x_of(one.difference.value))}" cy="{number(y)}" r="4.2" '
            f'fill="{colour}"/><title>{escape(f"{one.system}: {note}")}</title></g>'
        )
    parts.append(line(_LEFT, bottom, _WIDTH - _RIGHT, bottom, 'class="axis"'))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(label(middle, bottom + 36, f"difference to {reference}", 'class="tick middle"'))
    return "".join([*parts, "</svg>"])
