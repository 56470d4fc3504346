"""Expectations against figures, all of them: a row for each, and which measures they prove."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from facedit.bench.selfcheck.expected import (
    Band,
    Expectation,
    Follows,
    Moves,
    Ordered,
    Row,
    Stays,
)
from facedit.bench.selfcheck.figures import TRUTH, Figures


def judge(expectations: Iterable[Expectation], figures: Figures) -> tuple[Row, ...]:
    """Compare all expectations with what was seen.

    Args:
        expectations: The expectations.
        figures: The figures.

    Returns:
        A row for each; one whose measure does not exist is not fulfilled.
    """
    rows = []
    for one in expectations:
        if one.measure in figures.measures:
            rows.append(one.judge(figures))
        else:
            where = ", ".join(sorted(disturbances_of(one)))
            rows.append(Row(where, one.measure, "is measured", "no such measure", False, ""))
    return tuple(rows)


def disturbances_of(expectation: Expectation) -> set[str]:
    """Return the names of the disturbances that an expectation speaks of.

    Args:
        expectation: The expectation.

    Returns:
        Their names.
    """
    if isinstance(expectation, Ordered):
        return {name for step in expectation.steps for name in step}
    return {getattr(expectation, "disturbance", TRUTH)}


def units_of(expectations: Iterable[Expectation]) -> dict[str, float]:
    """Return what counts as a move.

    Args:
        expectations: The expectations.

    Returns:
        By measure, the least change that any expectation asks for; where none does, the most that
        any allows.
    """
    moves: dict[str, float] = {}
    stays: dict[str, float] = {}
    for one in expectations:
        if isinstance(one, Moves) and one.least > 0:
            moves[one.measure] = min(one.least, moves.get(one.measure, one.least))
        elif isinstance(one, Stays):
            stays[one.measure] = max(one.within, stays.get(one.measure, 0.0))
    return stays | moves


def unexamined(expectations: Sequence[Expectation], figures: Figures) -> tuple[str, ...]:
    """Return the measures that no disturbance is expected to move.

    Args:
        expectations: The expectations.
        figures: The figures.

    Returns:
        Their names: figures that nothing was proven of. Those of the clip itself, which only stand
        beside others, are not listed.
    """
    proven = {
        one.measure
        for one in expectations
        if isinstance(one, (Moves, Ordered))
        or (disturbances_of(one) != {TRUTH} and isinstance(one, (Band, Follows)))
    }
    return tuple(
        name
        for name, one in figures.measures.items()
        if name not in proven and (one.better != "none")
    )
