"""The charts of all pages: lines with intervals, differences, spreads, lips over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan

import numpy as np
from markupsafe import Markup

from facedit.report.run_report import LipCurve
from facedit.report.svg import Axes, Svg, element, nice_ticks, path, points, tick_text, time_ticks

_WIDTH = 540.0
_LETTER = 6.4
_LONGEST_NAME = 25


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line.

    Attributes:
        place: Index of its tick.
        low: Lower end of its interval; NaN if there is none.
        high: Upper end.
        note: What a tooltip says.
    """

    place: int
    value: float
    low: float = nan
    high: float = nan
    note: str = ""

    @property
    def has_interval(self) -> bool:
        """Whether both ends are known."""
        return isfinite(self.low) and isfinite(self.high)


@dataclass(frozen=True, slots=True)
class Line:
    """A line.

    Attributes:
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
) -> Markup:
    """Draw lines, the first on top; empty if nothing is finite.

    ``places``: names of the ticks; an empty name has no tick; ``linked``: whether points are
    linked: not where the places are mere kinds.
    """
    values = _finite(point for line in lines for point in line.points)
    if not values:
        return Markup("")
    low, high = min(values), max(values)
    air = (high - low) * 0.05 or abs(high) * 0.1 or 0.5
    low, high = max(low - air, min(bounds[0], low)), min(high + air, max(bounds[1], high))
    steps = [step for step in nice_ticks(low, high) if bounds[0] <= step <= bounds[1]]
    svg = Svg(_WIDTH, 300, title, "chart")
    axes = Axes(
        (58, _WIDTH - 14, 34, 256),
        (-0.5, max(len(places), 1) - 0.5),
        (min(low, *steps), max(high, *steps)),
    )
    svg.text(4, 16, title, "chart-title")
    axes.draw(svg, ((step, tick_text(step, steps)) for step in steps))
    wide = axes.x(1) - axes.x(0)
    most = max(int(wide / _LETTER), 3)
    axes.mark(svg, ((at, _cut(name, most)) for at, name in enumerate(places) if name))
    svg.text((58 + _WIDTH - 14) / 2, 294, below, "tick", "middle")
    # Systems stand side by side at a tick, so that their bars don't hide each other.
    room = min(0.7, 14.0 * len(lines) / wide) if any(line.bars for line in lines) else 0.0
    for index, line in reversed(list(enumerate(lines))):
        shift = (index - (len(lines) - 1) / 2) / max(len(lines), 1) * room
        _draw_line(svg, axes, line, shift, linked)
    return svg.markup()


def difference_chart(title: str, way: str, rows: Sequence[Line], below: str) -> Markup:
    """Draw one difference with its interval a row (a forest plot); empty if nothing is finite."""
    values = _finite(point for row in rows for point in row.points)
    if not values:
        return Markup("")
    low, high = min(*values, 0.0), max(*values, 0.0)
    air = (high - low) * 0.06 or 1.0
    bottom = 44 + 24.0 * len(rows)
    axes = Axes((170, _WIDTH - 16, 44, bottom), (low - air, high + air))
    svg = Svg(_WIDTH, bottom + 46, f"{title}: {below}", "chart")
    svg.text(4, 16, title, "chart-title")
    svg.text(4, 32, way, "tick")
    steps = [s for s in nice_ticks(*axes.x_range) if axes.x_range[0] <= s <= axes.x_range[1]]
    for step in steps:
        svg.line(axes.x(step), 44, axes.x(step), bottom, "grid")
    axes.draw(svg, ())
    axes.mark(svg, ((step, tick_text(step, steps)) for step in steps))
    svg.line(axes.x(0), 40, axes.x(0), bottom, "mark-zero")
    svg.text((170 + _WIDTH - 16) / 2, bottom + 36, below, "tick", "middle")
    for number, row in enumerate(rows):
        y, (point,) = 44 + (number + 0.5) * 24, row.points
        svg.text(160, y + 4, _cut(row.name, _LONGEST_NAME), anchor="end")
        ends = {"x1": axes.x(point.low), "x2": axes.x(point.high), "y1": y, "y2": y}
        _draw_point(svg, row, point, (axes.x(point.value), y, 4.2), ends, 2.4)
    return svg.markup()


def histogram(title: str, unit: str, values: Sequence[float], bins: int = 40) -> Markup:
    """Draw how at least one value is spread."""
    width, foot = 1120.0, 148.0
    low, high = min(values), max(values)
    counts, edges = np.histogram(values, bins, (low, high if high > low else low + 1))
    svg = Svg(width, foot + 22, title)
    for place, count in enumerate(counts.tolist()):
        tall = foot * count / max(counts.max(), 1)
        svg.rect(place * width / bins, foot - tall, width / bins - 1, tall, "fill substitute")
    svg.line(0, foot, width, foot, "axis")
    svg.text(0, foot + 17, f"{edges[0]:.3g}", "tick")
    svg.text(width, foot + 17, f"{edges[-1]:.3g} {unit}", "tick", "end")
    return svg.markup()


def lip_chart(lips: LipCurve, shaded_s: tuple[float, float]) -> Markup:
    """Draw the lip opening over time, with the loudness at the foot; empty without times.

    ``shaded_s``: the stretch that was made anew.
    """
    times = np.asarray(lips.times_s, np.float64).tolist()
    if not times:
        return Markup("")
    curves = {"source": lips.source, "target": lips.target, "rendered": lips.rendered}
    shown = {name: curve for name, curve in curves.items() if curve is not None}
    known = np.concatenate([np.asarray(curve, np.float64) for curve in shown.values()])
    known = known[np.isfinite(known)]
    start_s, end_s = times[0], max(times[-1], times[0] + 1e-3)
    high = max(float(known.max()) * 1.1 if len(known) else 1.0, 1e-6)
    axes = Axes((48, 1056, 10, 190), (start_s, end_s), (0.0, high))
    svg = Svg(1080, 220, "Lip opening and loudness over time", "curve")
    left, right = (axes.x(min(max(edge, start_s), end_s)) for edge in shaded_s)
    svg.rect(left, 10, right - left, 180, "shade")
    loud = np.clip(np.nan_to_num(np.asarray(lips.energy, np.float64)), 0, 1)
    tops = [(axes.x(t), 190 - 81 * v) for t, v in zip(times, loud.tolist(), strict=True)]
    corners = points([(axes.x(start_s), 190), *tops, (axes.x(times[-1]), 190)])
    svg.add("polygon", points=corners, class_="energy")
    levels = [value for value in nice_ticks(0.0, high, 5) if value <= high]
    axes.draw(svg, ((value, f"{value:g}") for value in levels))
    axes.mark(svg, time_ticks(start_s, end_s))
    for name, curve in shown.items():
        drawn = ((axes.x(t), axes.y(float(v))) for t, v in zip(times, curve, strict=True))
        svg.add("path", d=path(drawn), class_=f"lips-{name}")
    return svg.markup()


def _draw_line(svg: Svg, axes: Axes, line: Line, shift: float, linked: bool) -> None:
    """Draw a line with its points and intervals."""
    known = [point for point in line.points if isfinite(point.value)]
    width = 2.6 if line.strong else 1.5

    def x(point: Point) -> float:
        return axes.x(point.place + shift)

    sure = [point for point in known if point.has_interval and not line.bars]
    if len(sure) > 1:
        edge = [(x(p), axes.y(p.high)) for p in sure]
        edge += [(x(p), axes.y(p.low)) for p in reversed(sure)]
        svg.add("polygon", points=points(edge), fill=line.colour, opacity=0.13)
    if linked:
        svg.add(
            "path", d=path(_with_breaks(known, axes, shift)), fill="none", stroke=line.colour,
            stroke_width=width, stroke_dasharray="5 4" if line.dashed else "",
        )  # fmt: skip
    size = 4.2 if line.strong else 3.0 if line.bars else 2.0
    for point in known:
        at, low, high = x(point), axes.y(point.low), axes.y(point.high)
        ends = {"x1": at, "x2": at, "y1": low, "y2": high} if line.bars else None
        _draw_point(svg, line, point, (at, axes.y(point.value), size), ends, width)


def _draw_point(
    svg: Svg,
    line: Line,
    point: Point,
    spot: tuple[float, float, float],
    ends: Mapping[str, float] | None,
    width: float,
) -> None:
    """Draw a point as a spot (centre and radius), and its interval as a bar between ends."""
    bar = Markup("")
    if ends is not None and point.has_interval:
        bar = element("line", **ends, stroke=line.colour, stroke_width=width)
    x, y, radius = spot
    drawn = element("circle", cx=x, cy=y, r=radius, fill=line.colour)
    svg.add("g", element("title", f"{line.name}: {point.note}"), bar, drawn)


def _with_breaks(known: Sequence[Point], axes: Axes, shift: float) -> Iterator[tuple[float, float]]:
    """Place points, with a gap where their places do not follow each other."""
    last = None
    for point in known:
        if last is not None and point.place != last + 1:
            yield 0.0, nan
        last = point.place
        yield axes.x(point.place + shift), axes.y(point.value)


def _finite(given: Iterable[Point]) -> list[float]:
    """Return the finite values and ends of intervals of points with a value."""
    every = ((p.value, p.low, p.high) for p in given if isfinite(p.value))
    return [value for three in every for value in three if isfinite(value)]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
