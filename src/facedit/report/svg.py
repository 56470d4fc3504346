"""SVG pictures, element by element: texts are escaped, coordinates have two decimals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from markupsafe import Markup, escape

from facedit.report.page_kit import clean

_TIMES_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


def element(tag: str, *inside: str | Markup, **attributes: str | float) -> Markup:
    """Write an element; ``class_`` stands for ``class``, ``stroke_width`` for ``stroke-width``."""
    written = Markup("").join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), _value(value))
        for name, value in attributes.items()
        if value != ""
    )
    if not inside:
        return Markup("<{}{}/>").format(tag, written)
    content = Markup("").join(escape(clean(part)) for part in inside)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, written, content)


class Svg:
    """A picture.

    Args:
        width: Its width in its own units.
        height: Its height.
        title: What it shows.
        class_: Class for the style sheet.
    """

    def __init__(self, width: float, height: float, title: str, class_: str = "") -> None:
        self._head = {"viewBox": f"0 0 {number(width)} {number(height)}", "class_": class_}
        self._parts = [element("title", title)]

    def add(self, tag: str, *inside: str | Markup, **attributes: str | float) -> None:
        """Add an element, as ``element`` writes it."""
        self._parts.append(element(tag, *inside, **attributes))

    def text(self, x: float, y: float, text: str, class_: str = "", anchor: str = "") -> None:
        """Add a text at an anchor on the base line: its start, ``middle`` or ``end``."""
        self.add("text", text, x=x, y=y, class_=class_, text_anchor=anchor)

    def line(self, x1: float, y1: float, x2: float, y2: float, class_: str) -> None:
        """Add a straight line."""
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)

    def rect(self, x: float, y: float, width: float, height: float, class_: str) -> None:
        """Add a rectangle; a negative width counts as 0."""
        self.add("rect", x=x, y=y, width=max(width, 0.0), height=height, class_=class_)

    def markup(self) -> Markup:
        """Return the whole picture."""
        return element("svg", *self._parts, role="img", **self._head)


@dataclass(frozen=True, slots=True)
class Axes:
    """A rectangle (left, right, top, bottom) of a picture with linear scales."""

    box: tuple[float, float, float, float]
    x_range: tuple[float, float]
    y_range: tuple[float, float] = (0.0, 1.0)

    def x(self, value: float) -> float:
        """Return where a value stands."""
        (left, right, _, _), (low, high) = self.box, self.x_range
        return left + (value - low) / (high - low) * (right - left)

    def y(self, value: float) -> float:
        """Return how high a value stands; NaN stays NaN, the edges are kept to."""
        (_, _, top, bottom), (low, high) = self.box, self.y_range
        if not isfinite(value):
            return value
        return bottom - min(max((value - low) / (high - low), 0.0), 1.0) * (bottom - top)

    def draw(self, svg: Svg, levels: Iterable[tuple[float, str]]) -> None:
        """Draw a line and a text at levels, and the foot."""
        left, right, _, bottom = self.box
        for value, text in levels:
            svg.line(left, self.y(value), right, self.y(value), "grid")
            svg.text(left - 8, self.y(value) + 4, text, "tick", "end")
        svg.line(left, bottom, right, bottom, "axis")

    def mark(self, svg: Svg, places: Iterable[tuple[float, str]]) -> None:
        """Draw ticks with texts below the foot."""
        bottom = self.box[3]
        for value, text in places:
            svg.line(self.x(value), bottom, self.x(value), bottom + 4, "axis")
            svg.text(self.x(value), bottom + 19, text, "tick", "middle")


def number(value: float) -> str:
    """Write a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def points(pairs: Iterable[tuple[float, float]]) -> str:
    """Write corners as ``polygon`` and ``polyline`` take them."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in pairs)


def path(pairs: Iterable[tuple[float, float]]) -> str:
    """Write a curve as ``path`` takes it, broken where a value is not finite."""
    steps: list[str] = []
    pen_down = False
    for x, y in pairs:
        if isfinite(y):
            steps.append(f"{'L' if pen_down else 'M'}{number(x)} {number(y)}")
        pen_down = isfinite(y)
    return " ".join(steps)


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Choose multiples of 1, 2 or 5 times a power of ten that span low and a larger high."""
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


def time_ticks(start_s: float, end_s: float, most: int = 12) -> list[tuple[float, str]]:
    """Choose at most so many round times inside a stretch, with their texts."""
    step_s = next((step for step in _TIMES_S if (end_s - start_s) / step <= most), 600.0)
    first, last = ceil(start_s / step_s - 1e-6), floor(end_s / step_s + 1e-6)
    times = [index * step_s for index in range(first, last + 1)][: most + 1]
    return [(time_s, f"{time_s:g} s") for time_s in times]


def _value(value: str | float) -> object:
    return clean(value) if isinstance(value, str) else number(value)
