"""The self-check as a page: the verdict, what moved what, every expectation."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from facedit.bench.selfcheck.disturb import DISTURBANCES
from facedit.bench.selfcheck.expected import Expectation, Moves, Row, own_move
from facedit.bench.selfcheck.figures import Figures
from facedit.bench.selfcheck.result import SelfCheck
from facedit.report.page_kit import page

_SHARES = (0.05, 1 / 3, 1.0, 3.0)
"""Sizes of a change, in units of what the measure moves by where it is meant to."""

_SCALE = (
    ("#d9e7f8", "down, a third of its own move or less"), ("#4d86cf", "down, more"),
    ("#fbe3d3", "up, a third or less"), ("#e07a45", "up, more"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """What a disturbance did to a measure.

    Attributes:
        kind: Class for the style sheet: how large the change is, and which way.
        mark: ``must`` where it must move, ``stay`` where it must not, ``not-met`` where it is not
            as expected.
        note: What a tooltip says.
    """

    kind: str
    mark: str
    note: str


def selfcheck_html(found: SelfCheck, figures: Figures, expectations: Sequence[Expectation]) -> str:
    """Write a self-check as a page."""
    shown = [one for one in DISTURBANCES if one.name in figures.readings]
    facts = {
        "not tested": "; ".join(f"{name}: {why}" for name, why in found.skipped.items()),
        "moved by no disturbance": ", ".join(found.unexamined),
        "items": ", ".join(found.items),
        "versions": ", ".join(f"{name} {text}" for name, text in found.versions.items()),
        "depends on": found.depends_on,
        "time": f"{found.seconds:.0f} s",
    }
    return page(
        "selfcheck.html",
        title="Proof of the measures",
        found=found,
        met=sum(row.ok for row in found.rows),
        disturbances=shown,
        rows=list(_matrix(found.rows, figures, expectations)),
        scale=_SCALE,
        facts=[(name, text) for name, text in facts.items() if text],
    )


def _matrix(
    rows: Sequence[Row], figures: Figures, expectations: Sequence[Expectation]
) -> Iterator[tuple[str, str, list[Cell]]]:
    """Set measures against disturbances: group, name and a cell each."""
    judged: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        judged.setdefault((row.disturbance, row.measure), []).append(row)
    shown = [one.name for one in DISTURBANCES if one.name in figures.readings]
    groups = list(dict.fromkeys(measure.group for measure in figures.measures.values()))
    moves = [one for one in expectations if isinstance(one, Moves)]
    for measure in sorted(figures.measures.values(), key=lambda m: groups.index(m.group)):
        name = measure.name
        own = own_move(figures, name, [m.disturbance for m in moves if m.measure == name])
        cells = [_cell(figures, d, name, own, judged.get((d, name), ())) for d in shown]
        yield measure.group, name, cells


def _cell(
    figures: Figures, disturbance: str, measure: str, own: float, rows: Sequence[Row]
) -> Cell:
    effect = figures.effect(disturbance, measure)
    size = effect.change / own if own else float("nan")
    level = bisect_right(_SHARES, abs(size)) if isfinite(size) else 0
    kind = f"{'up' if size > 0 else 'down'}-{level}" if level else ""
    mark = "stay" if all(row.expected.startswith("stays") for row in rows) else "must"
    if not all(row.ok for row in rows):
        mark = "not-met"
    said = f"{effect.truth:.4g} → {effect.seen:.4g}"
    note = "\n".join([said, *(f"expected {row.expected}" for row in rows)])
    return Cell(kind, mark if rows else "", note)
