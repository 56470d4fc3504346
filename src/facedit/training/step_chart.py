"""Figures over the steps of a run, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log10

from facedit.report.axis import nice_ticks, tick_text
from facedit.report.drawing import escape, label, line, number
from facedit.report.strips import legend
from facedit.training.history import Series

PALETTE = (
    "#2f6fdb", "#c0492f", "#16876a", "#7a4fc4", "#b87800", "#0e8ba3", "#b0447f", "#5b6876",
)  # fmt: skip
"""Colours of the lines, in order."""

_WIDTH, _HEIGHT = 540.0, 230.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 54.0, 16.0, 12.0, 200.0
_POINTS = 240
"""Most points of a line: more than that is noise on this width."""
_MARKED = 30
"""Points up to which each is marked."""


def step_chart(
    title: str,
    lines: Mapping[str, Series],
    note: str = "",
    *,
    level: float | None = None,
    from_share: float = 0.0,
) -> str:
    """Draw figures over steps.

    Args:
        title: What is shown.
        lines: The figures by their names.
        note: What to know about it.
        level: A value to mark, e.g. what real motion has.
        from_share: Share of the steps that the range of values does not heed: a steep beginning
            would make everything after it look flat. It runs along the edge instead.

    Returns:
        HTML of a figure with title, chart and legend; empty if there is nothing to draw.
    """
    known = {name: series.finite().thinned(_POINTS) for name, series in lines.items()}
    shown = {name: series for name, series in known.items() if series.steps}
    if not shown:
        return ""
    newest = max(series.steps[-1] for series in shown.values())
    last = max(newest, 1)
    values = [
        value
        for series in shown.values()
        for step, value in zip(series.steps, series.values, strict=True)
        if step >= from_share * newest
    ]
    values += [] if level is None else [level]
    low, high = min(values), max(values)
    air = (high - low) * 0.04 or abs(high) * 0.1 or 0.5
    steps_y = nice_ticks(low - air, high + air, 5)
    low, high = steps_y[0], steps_y[-1]
    steps_x = [step for step in nice_ticks(0, last, 6) if step <= last]

    def x_of(step: float) -> float:
        return _LEFT + step / last * (_WIDTH - _LEFT - _RIGHT)

    def y_of(value: float) -> float:
        return _BOTTOM - (min(max(value, low), high) - low) / (high - low) * (_BOTTOM - _TOP)

    parts = [
        f'<svg viewBox="0 0 {number(_WIDTH)} {number(_HEIGHT)}" role="img">',
        f"<title>{escape(title)}</title>",
    ]
    for value in steps_y:
        y = y_of(value)
        parts.append(line(_LEFT, y, _WIDTH - _RIGHT, y, 'class="grid"'))
        text = _power(value) if high < 0.01 else tick_text(value, steps_y)
        parts.append(label(_LEFT - 8, y + 4, text, 'class="tick" text-anchor="end"'))
    for step in steps_x:
        parts.append(line(x_of(step), _BOTTOM, x_of(step), _BOTTOM + 4, 'class="axis"'))
        at = 'class="tick" text-anchor="middle"'
        parts.append(label(x_of(step), _BOTTOM + 20, f"{step:,.0f}", at))
    parts.append(label(_LEFT - 8, _BOTTOM + 20, "step", 'class="tick" text-anchor="end"'))
    parts.append(line(_LEFT, _BOTTOM, _WIDTH - _RIGHT, _BOTTOM, 'class="axis"'))
    if level is not None:
        dash = 'stroke="#5b6876" stroke-dasharray="5 4"'
        parts.append(line(_LEFT, y_of(level), _WIDTH - _RIGHT, y_of(level), dash))
    colours = {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(shown)}
    for name, series in shown.items():
        points = [
            (x_of(step), y_of(value))
            for step, value in zip(series.steps, series.values, strict=True)
        ]
        parts.append(_drawn(points, colours[name]))
    explained = [
        (colours[name], f"{name} {_short(series.values[-1])}") for name, series in shown.items()
    ]
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>{''.join(parts)}</svg>"
        f"{legend(explained, note)}</figure>"
    )


def _drawn(points: list[tuple[float, float]], colour: str) -> str:
    run = " ".join(
        f"{'L' if place else 'M'}{number(x)} {number(y)}" for place, (x, y) in enumerate(points)
    )
    dots = "".join(
        f'<circle cx="{number(x)}" cy="{number(y)}" r="2.4" fill="{colour}"/>'
        for x, y in (points if len(points) <= _MARKED else points[-1:])
    )
    return f'<path d="{run}" fill="none" stroke="{colour}" stroke-width="1.6"/>{dots}'


def _power(value: float) -> str:
    """Write a small value, e.g. ``6e-4``."""
    if value <= 0:
        return "0"
    power = floor(log10(value))
    return f"{value / 10**power:.3g}e−{-power}"


def _short(value: float) -> str:
    """Write a value with three digits."""
    return f"{value:.3g}".replace("-", "−")
