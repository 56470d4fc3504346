"""Lines with interval bars, as SVG: a figure over lengths or kinds of spans, or a distance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import NamedTuple

from facedit.report.axis import nice_ticks, tick_text
from facedit.report.drawing import escape, label, line, number

_WIDTH, _HEIGHT = 540.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 34.0, 256.0
_LETTER = 6.4


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line.

    Attributes:
        place: Index of its tick.
        value: Its value.
        low: Lower end of its interval; NaN if there is none.
        high: Upper end.
        note: What a tooltip says.
    """

    place: int
    value: float
    low: float
    high: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line.

    Attributes:
        name: Whose it is.
        colour: Its colour as written in CSS.
        points: Its points, in order.
        strong: Whether it is drawn thick.
        dashed: Whether it is drawn dashed.
        bars: Whether its points have bars; otherwise its interval is a band.
    """

    name: str
    colour: str
    points: tuple[Point, ...]
    strong: bool = False
    dashed: bool = False
    bars: bool = True


def line_chart(
    title: str,
    places: Sequence[str],
    lines: Sequence[Line],
    *,
    below: str = "",
    linked: bool = True,
    bounds: tuple[float, float] = (-inf, inf),
) -> str:
    """Draw lines.

    Args:
        title: What is shown, with its unit.
        places: Names of the ticks; an empty name has no tick.
        lines: The lines; those that come first lie on top.
        below: What the ticks are.
        linked: Whether points are linked: not where the places are mere kinds.
        bounds: Smallest and largest possible value: the axis does not go beyond.

    Returns:
        An SVG element; empty if nothing is finite.
    """
    low, high = _extent(lines, bounds)
    if not isfinite(low):
        return ""
    steps = [step for step in nice_ticks(low, high) if bounds[0] <= step <= bounds[1]]
    low, high = min(low, *steps), max(high, *steps)
    wide = (_WIDTH - _LEFT - _RIGHT) / max(len(places), 1)

    def x_of(place: int, shift: float = 0.0) -> float:
        return _LEFT + (place + 0.5 + shift) * wide

    def y_of(value: float) -> float:
        if not isfinite(value):
            return value
        return _BOTTOM - (min(max(value, low), high) - low) / (high - low) * (_BOTTOM - _TOP)

    parts = [
        f'<svg viewBox="0 0 {number(_WIDTH)} {number(_HEIGHT)}" role="img" class="chart">',
        f"<title>{escape(title)}</title>",
        label(4, 16, title, 'class="chart-title"'),
    ]
    for step in steps:
        parts.append(line(_LEFT, y_of(step), _WIDTH - _RIGHT, y_of(step), 'class="grid"'))
        shown = tick_text(step, steps)
        parts.append(label(_LEFT - 8, y_of(step) + 4, shown, 'class="tick" text-anchor="end"'))
    for place, name in enumerate(places):
        if name:
            parts.append(line(x_of(place), _BOTTOM, x_of(place), _BOTTOM + 4, 'class="axis"'))
            text = _fitted(name, wide)
            at = label(x_of(place), _BOTTOM + 18, text, 'class="tick" text-anchor="middle"')
            parts.append(at)
    parts.append(line(_LEFT, _BOTTOM, _WIDTH - _RIGHT, _BOTTOM, 'class="axis"'))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(label(middle, _BOTTOM + 38, below, 'class="tick" text-anchor="middle"'))
    # Systems stand side by side at a tick, so that their bars don't hide each other.
    room = min(0.7, 14.0 * len(lines) / wide) if any(one.bars for one in lines) else 0.0
    for index, one in reversed(list(enumerate(lines))):
        shift = (index - (len(lines) - 1) / 2) / max(len(lines), 1) * room
        spots = [
            _Spot(x_of(p.place, shift), y_of(p.value), y_of(p.low), y_of(p.high), p)
            for p in one.points
            if isfinite(p.value)
        ]
        parts.append(_drawn(one, spots, linked))
    return "".join([*parts, "</svg>"])


def _extent(lines: Iterable[Line], bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the range of values and intervals, with some air."""
    values = [
        value
        for one in lines
        for point in one.points
        if isfinite(point.value)
        for value in (point.value, point.low, point.high)
        if isfinite(value)
    ]
    if not values:
        return float("nan"), float("nan")
    low, high = min(values), max(values)
    air = (high - low) * 0.05 or abs(high) * 0.1 or 0.5
    return max(low - air, min(bounds[0], low)), min(high + air, max(bounds[1], high))


class _Spot(NamedTuple):
    """A point on the paper."""

    x: float
    y: float
    low: float
    high: float
    point: Point

    @property
    def has_interval(self) -> bool:
        return isfinite(self.low) and isfinite(self.high)


def _drawn(one: Line, spots: Sequence[_Spot], linked: bool) -> str:
    """Draw a line with its points and intervals."""
    style = f'stroke="{one.colour}" stroke-width="{"2.6" if one.strong else "1.5"}"'
    dash = ' stroke-dasharray="5 4"' if one.dashed else ""
    parts = [] if one.bars else [_band(spots, one.colour)]
    if linked:
        parts += [f'<path d="{run}" fill="none" {style}{dash}/>' for run in _runs(spots)]
    size = "4.2" if one.strong else "3" if one.bars else "2"
    for spot in spots:
        bar = line(spot.x, spot.low, spot.x, spot.high, style)
        note = escape(f"{one.name}: {spot.point.note}")
        parts.append(
            f"<g>{bar if one.bars and spot.has_interval else ''}"
            f'<circle cx="{number(spot.x)}" cy="{number(spot.y)}" r="{size}" '
            f'fill="{one.colour}"/><title>{note}</title></g>'
        )
    return "".join(parts)


def _runs(spots: Sequence[_Spot]) -> list[str]:
    """Link points whose places follow each other."""
    runs: list[list[str]] = []
    last = None
    for spot in spots:
        if last is None or spot.point.place != last + 1:
            runs.append([])
        runs[-1].append(f"{'L' if runs[-1] else 'M'}{number(spot.x)} {number(spot.y)}")
        last = spot.point.place
    return [" ".join(run) for run in runs if len(run) > 1]


def _band(spots: Sequence[_Spot], colour: str) -> str:
    """Draw an interval as a band."""
    known = [spot for spot in spots if spot.has_interval]
    if len(known) < 2:
        return ""
    edge = [(s.x, s.high) for s in known] + [(s.x, s.low) for s in reversed(known)]
    points = " ".join(f"{number(x)},{number(y)}" for x, y in edge)
    return f'<polygon points="{points}" fill="{colour}" opacity="0.13"/>'


def _fitted(text: str, wide: float) -> str:
    """Shorten a tick's name to its room."""
    most = max(int(wide / _LETTER), 3)
    return text if len(text) <= most else text[: most - 1] + "…"
