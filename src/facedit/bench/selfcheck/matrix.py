"""Every disturbance against every measure as one picture, with what was expected outlined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from facedit.bench.selfcheck.disturb import DISTURBANCES, Disturbance
from facedit.bench.selfcheck.expected import (
    Row,
)
from facedit.bench.selfcheck.figures import TRUTH, Effect, Figures
from facedit.report.drawing import escape, label, number, rect

_LEFT, _TOP, _CELL, _HIGH, _FOOT = 178.0, 150.0, 11.4, 22.0, 34.0
_STEPS = (0.1, 0.3, 1.0, 3.0)
_UP = ("#f4f5f7", "#fbe3d3", "#f4b68f", "#e07a45", "#a6440f")
_DOWN = ("#f4f5f7", "#d9e7f8", "#9dc0ea", "#4d86cf", "#1c4f96")
_UNKNOWN = "#ffffff"

_SIZES = ("< 0.1", "0.1 to 0.3", "0.3 to 1", "1 to 3", "> 3")

SCALE = tuple(zip(_SIZES, _UP, _DOWN, strict=True))
"""Size of a change in units of what counts as a move, its colour upwards and downwards."""


def colour(size: float) -> str:
    """Return the colour of an effect.

    Args:
        size: The change in units of what counts as a move.

    Returns:
        A colour; white where it is not known.
    """
    if not np.isfinite(size):
        return _UNKNOWN
    step = int(np.searchsorted(_STEPS, abs(size), side="right"))
    return (_UP if size > 0 else _DOWN)[step]


def matrix_picture(figures: Figures, rows: Sequence[Row], units: Mapping[str, float]) -> str:
    """Draw disturbances by measures.

    Args:
        figures: The figures.
        rows: The expectations; each outlines its cell, met or not.
        units: By measure, the least change that counts as a move; where none is stated, the
            standard deviation between clips.

    Returns:
        An SVG element.
    """
    names = _by_group(figures)
    shown = [one for one in DISTURBANCES if one.name in figures.readings]
    width = _LEFT + _CELL * len(names) + 12
    height = _TOP + _HIGH * len(shown) + _FOOT
    parts = [
        f'<svg viewBox="0 0 {number(width)} {number(height)}" role="img">',
        "<title>Effect of each disturbance on each measure</title>",
        *_groups(figures, names),
    ]
    for column, name in enumerate(names):
        x = _LEFT + (column + 0.5) * _CELL + 4
        turned = f'transform="rotate(-90 {number(x)} {number(_TOP - 8)})" style="font-size:10px"'
        parts.append(label(x, _TOP - 8, name, turned))
    judged = _by_cell(rows)
    for line, one in enumerate(shown):
        y = _TOP + line * _HIGH
        parts.append(label(_LEFT - 8, y + 16, one.title, 'text-anchor="end"'))
        for column, name in enumerate(names):
            effect = figures.effect(one.name, name)
            x = _LEFT + column * _CELL
            unit = units.get(name, max(effect.by_item, 1e-9))
            size = float("nan") if one.name == TRUTH else effect.change / unit
            parts.append(_cell(x, y, name, one, effect, size, judged.get((one.name, name), ())))
    return "".join([*parts, "</svg>"])


def _cell(
    x: float,
    y: float,
    measure: str,
    one: Disturbance,
    effect: Effect,
    size: float,
    rows: Sequence[Row],
) -> str:
    """Draw one cell: colour by effect, outline if it must move, dot if it must stay."""
    fill = "#dcefe3" if one.name == TRUTH and rows else colour(size)
    said = f"{one.title}: {measure} {effect.truth:.4g} → {effect.seen:.4g}"
    tip = escape("\n".join([said, *(f"expected {row.expected}" for row in rows)]))
    inner = rect(x + 0.5, y + 0.5, _CELL - 1, _HIGH - 1, f'fill="{fill}"')
    failed = any(not row.ok for row in rows)
    if failed:
        inner += rect(x + 1.5, y + 1.5, _CELL - 3, _HIGH - 3,
                      'fill="none" stroke="#d0021b" stroke-width="3"')  # fmt: skip
    elif any(not row.expected.startswith("stays") for row in rows):
        inner += rect(x + 1.5, y + 1.5, _CELL - 3, _HIGH - 3,
                      'fill="none" stroke="#1c2733" stroke-width="2"')  # fmt: skip
    if any(row.expected.startswith("stays") for row in rows):
        inner += (
            f'<circle cx="{number(x + _CELL / 2)}" cy="{number(y + _HIGH / 2)}" r="2" '
            f'fill="{"#d0021b" if failed else "#5b6876"}"/>'
        )
    return f"<g><title>{tip}</title>{inner}</g>"


def _by_group(figures: Figures) -> list[str]:
    """Order measures by their groups, each group where it first appears."""
    groups = list(dict.fromkeys(measure.group for measure in figures.measures.values()))
    return sorted(figures.measures, key=lambda name: groups.index(figures.measures[name].group))


def _groups(figures: Figures, names: Sequence[str]) -> list[str]:
    """Write the groups' names below their columns, with a line between groups."""
    parts = []
    groups = [figures.measures[name].group for name in names]
    bottom = _TOP + _HIGH * sum(one.name in figures.readings for one in DISTURBANCES)
    for group in dict.fromkeys(groups):
        first, count = groups.index(group), groups.count(group)
        x = _LEFT + first * _CELL
        parts.append(rect(x + 1, bottom + 6, count * _CELL - 2, 3, 'fill="#7c8894"'))
        middle = x + count * _CELL / 2
        parts.append(label(middle, bottom + 24, group, 'class="tick" text-anchor="middle"'))
    return parts


def _by_cell(rows: Sequence[Row]) -> Mapping[tuple[str, str], list[Row]]:
    """Collect the expectations of each cell."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.disturbance, row.measure), []).append(row)
    return found
