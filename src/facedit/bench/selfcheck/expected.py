"""Kinds of expectations: each compares itself with the figures and says what it saw.

No amount is one that a data set showed. A measure *moves* if it changes by ``MOVED`` times what
tracking the same pictures anew changes, by an amount that tables can show, whichever clips had been
drawn. A measure *stays* if it changes by less than ``LITTLE`` of what it moves by where it is meant
to move, or by what its own figure is uncertain by anyway.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from facedit.bench.selfcheck.figures import TRUTH, Effect, Figures

TRACKED_ANEW = "tracked_anew"
"""The disturbance that only has the same pictures tracked again: what it changes is noise."""

MOVED = 5.0
LITTLE = 1 / 3
SHOWN = 5
"""Units of the last decimal of a table that are a difference."""

CERTAIN = 0.975
"""Share of the bootstrap draws of clips in which a figure must move the right way."""

Way = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Row:
    """One expectation and, for people, what was expected, why, and what was seen."""

    disturbance: str
    measure: str
    expected: str
    seen: str
    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Expectation(ABC):
    """What a disturbance must do to a measure, and why."""

    disturbance: str
    measure: str
    reason: str

    @property
    def disturbances(self) -> frozenset[str]:
        """The disturbances without which it cannot be judged."""
        return frozenset((self.disturbance,))

    def judge(self, figures: Figures) -> Row:
        """Compare it with what was seen."""
        expected, seen, ok = self._compare(figures)
        said = seen if isinstance(seen, str) else f"{seen.truth:.4g} → {seen.seen:.4g}"
        return Row(self.disturbance, self.measure, expected, said, bool(ok), self.reason)

    @abstractmethod
    def _compare(self, figures: Figures) -> tuple[str, Effect | str, bool]:
        """Say for people what was expected and seen, and whether that is the same."""


@dataclass(frozen=True, slots=True)
class Band(Expectation):
    """Where a figure must lie, from ``low`` to ``high``."""

    low: float
    high: float

    def _compare(self, figures: Figures) -> tuple[str, Effect | str, bool]:
        seen = figures.interval(self.disturbance, self.measure)[0]
        return f"{self.low:.4g} to {self.high:.4g}", f"{seen:.4g}", self.low <= seen <= self.high


@dataclass(frozen=True, slots=True)
class Moves(Expectation):
    """A measure that a disturbance must move, and which way."""

    way: Way

    def _compare(self, figures: Figures) -> tuple[str, Effect | str, bool]:
        effect, least = figures.effect(self.disturbance, self.measure), move(figures, self.measure)
        rises = self.way == "up"
        along, surely = (effect.change, effect.rises) if rises else (-effect.change, effect.falls)
        return f"{self.way} by {least:.3g} or more", effect, along >= least and surely >= CERTAIN


@dataclass(frozen=True, slots=True)
class Stays(Expectation):
    """A measure that a disturbance must not move; ``meant``: those that must move it."""

    meant: tuple[str, ...]

    def _compare(self, figures: Figures) -> tuple[str, Effect | str, bool]:
        effect = figures.effect(self.disturbance, self.measure)
        allowed = max(LITTLE * own_move(figures, self.measure, self.meant), effect.spread)
        return f"stays within {allowed:.3g}", effect, abs(effect.change) <= allowed


@dataclass(frozen=True, slots=True)
class Same(Expectation):
    """A measure that does not look at what a disturbance changes: not one clip's figure changes."""

    def _compare(self, figures: Figures) -> tuple[str, Effect | str, bool]:
        effect = figures.effect(self.disturbance, self.measure)
        return "stays the same", effect, figures.same(self.disturbance, self.measure)


@dataclass(frozen=True, slots=True)
class Follows(Expectation):
    """A figure of single clips that must say ``value``, give or take ``within``, in a ``share``."""

    value: float
    within: float
    share: float

    def _compare(self, figures: Figures) -> tuple[str, Effect | str, bool]:
        single = figures.singly(self.disturbance, self.measure)
        single = single[np.isfinite(single)]
        right = float(np.mean(np.abs(single - self.value) <= self.within)) if len(single) else 0.0
        expected = f"{self.value:+g} ± {self.within:g} in {100 * self.share:.0f} % of the clips"
        return expected, f"in {100 * right:.0f} % of {len(single)}", right >= self.share


@dataclass(frozen=True, slots=True)
class Ordered(Expectation):
    """A measure that gets worse with every step of a ladder of disturbances, on average.

    ``steps``: disturbances of each step (the mean over them counts), from the mildest.
    """

    steps: tuple[tuple[str, ...], ...]
    way: Way

    @property
    def disturbances(self) -> frozenset[str]:
        """All steps."""
        return frozenset(name for step in self.steps for name in step)

    def _compare(self, figures: Figures) -> tuple[str, Effect | str, bool]:
        values = [
            float(np.mean([figures.effect(name, self.measure).seen for name in step]))
            for step in self.steps
        ]
        steps = np.diff(values) * (1 if self.way == "up" else -1)
        said = ", ".join(f"{value:.4g}" for value in values)
        return f"{self.way} at every step", said, bool(np.all(steps > 0))


def move(figures: Figures, measure: str) -> float:
    """Return the least change that counts as a move, in the measure's unit."""
    noise = figures.effect(TRACKED_ANEW, measure).noise
    shown = SHOWN * 10.0 ** -figures.measures[measure].digits
    return max(MOVED * noise, shown) if np.isfinite(noise) else shown


def own_move(figures: Figures, measure: str, meant: Iterable[str]) -> float:
    """Return the least that the disturbances meant for a measure move it by; NaN if none does."""
    moves = [abs(figures.effect(one, measure).change) for one in meant]
    return float(np.nanmin(moves)) if np.isfinite(moves).any() else float("nan")


def judge(expectations: Iterable[Expectation], figures: Figures) -> tuple[Row, ...]:
    """Compare expectations with what was seen.

    A row for each whose disturbances were made; one whose measure does not exist is not fulfilled.
    """
    rows = []
    for one in expectations:
        if not one.disturbances <= set(figures.readings):
            continue
        if one.measure in figures.measures:
            rows.append(one.judge(figures))
        else:
            where = ", ".join(sorted(one.disturbances))
            rows.append(Row(where, one.measure, "is measured", "no such measure", False, ""))
    return tuple(rows)


def unexamined(expectations: Sequence[Expectation], figures: Figures) -> tuple[str, ...]:
    """Name the measures that no disturbance is expected to move: nothing was proven of them.

    Those of the clip itself, which only stand beside others, are not listed.
    """
    proven = {
        one.measure
        for one in expectations
        if isinstance(one, (Moves, Ordered))
        or (isinstance(one, (Band, Follows)) and one.disturbance != TRUTH)
    }
    known = figures.measures.items()
    return tuple(name for name, one in known if name not in proven and one.better != "none")
