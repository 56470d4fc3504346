"""Small helpers to write SVG by hand: escaped text, numbers without noise, a time axis."""

from __future__ import annotations

import html
import math
import unicodedata

# Control characters and lone surrogates, which no page may hold. Joiners and marks of direction
# (Cf) stay: Arabic and Persian need them.
_FORBIDDEN = frozenset(("Cc", "Cs"))

_TICKS_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


def escape(text: str) -> str:
    """Make foreign text harmless inside HTML and SVG, attributes included.

    Args:
        text: Any text.

    Returns:
        The text with ``& < > " '`` escaped and control characters, which XML forbids, replaced.
    """
    clean = "".join("\ufffd" if unicodedata.category(c) in _FORBIDDEN else c for c in text)
    return html.escape(clean, quote=True)


def number(value: float) -> str:
    """Write a coordinate.

    Args:
        value: The coordinate.

    Returns:
        At most two decimals.
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")


def rect(x: float, y: float, width: float, height: float, attributes: str = "") -> str:
    """Write a rectangle.

    Args:
        x: Left edge.
        y: Top edge.
        width: Width; negative counts as 0.
        height: Height.
        attributes: Further attributes, as written in SVG.

    Returns:
        The element.
    """
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(width, 0))}" '
        f'height="{number(height)}" {attributes}/>'
    )


def label(x: float, y: float, text: str, attributes: str = "") -> str:
    """Write a text.

    Args:
        x: Anchor.
        y: Base line.
        text: The text, not yet escaped.
        attributes: Further attributes, as written in SVG.

    Returns:
        The element.
    """
    return f'<text x="{number(x)}" y="{number(y)}" {attributes}>{escape(text)}</text>'


def line(x0: float, y0: float, x1: float, y1: float, attributes: str = "") -> str:
    """Write a straight line.

    Args:
        x0: Start.
        y0: Start.
        x1: End.
        y1: End.
        attributes: Further attributes, as written in SVG.

    Returns:
        The element.
    """
    return (
        f'<line x1="{number(x0)}" y1="{number(y0)}" x2="{number(x1)}" y2="{number(y1)}" '
        f"{attributes}/>"
    )


def ticks(start_s: float, end_s: float, most: int = 12) -> list[float]:
    """Choose round times for a time axis.

    Args:
        start_s: Start of the axis.
        end_s: End of the axis.
        most: Largest number of ticks.

    Returns:
        Times inside the axis, ascending.
    """
    step_s = next((step for step in _TICKS_S if (end_s - start_s) / step <= most), 600.0)
    first, last = math.ceil(start_s / step_s - 1e-6), math.floor(end_s / step_s + 1e-6)
    return [index * step_s for index in range(first, last + 1)][: most + 1]
