"""Kinds of expectations: each compares itself with the figures and says what it saw.

A measure that should move must move by an amount that matters *and* do so whichever clips had been
drawn. A measure that should stay may move by a stated amount, or by what its own figure
is uncertain by anyway, whichever is more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from facedit.bench.selfcheck.figures import TRUTH, Effect, Figures

Way = Literal["up", "down", "away"]

CERTAIN = 0.975
"""Share of the bootstrap draws of clips in which a figure must move the right way."""


@dataclass(frozen=True, slots=True)
class Row:
    """One expectation and what was seen.

    Attributes:
        disturbance: What was done to the clips.
        measure: Which measure is meant.
        expected: What was expected, for people.
        seen: What was seen, for people.
        ok: Whether it is as expected.
        reason: Why it is expected.
    """

    disturbance: str
    measure: str
    expected: str
    seen: str
    ok: bool
    reason: str


class Expectation(Protocol):
    """What every expectation can do."""

    @property
    def measure(self) -> str:
        """The measure it speaks of."""

    def judge(self, figures: Figures) -> Row:
        """Compare it with what was seen.

        Args:
            figures: The figures.

        Returns:
            The row.
        """


@dataclass(frozen=True, slots=True)
class Band:
    """Where a figure must lie.

    Attributes:
        measure: The measure.
        low: Smallest figure.
        high: Largest figure.
        reason: Why.
        disturbance: Of which clips; the undisturbed ones by default.
    """

    measure: str
    low: float
    high: float
    reason: str
    disturbance: str = TRUTH

    def judge(self, figures: Figures) -> Row:
        """Compare it with what was seen."""
        seen = figures.interval(self.disturbance, self.measure)[0]
        ok = bool(self.low <= seen <= self.high)
        expected = f"{self.low:.4g} to {self.high:.4g}"
        return Row(self.disturbance, self.measure, expected, f"{seen:.4g}", ok, self.reason)


@dataclass(frozen=True, slots=True)
class Moves:
    """A measure that a disturbance must move.

    Attributes:
        disturbance: The disturbance.
        measure: The measure.
        way: Which way: ``away`` means either.
        least: By how much at least, in the measure's unit.
        reason: Why.
    """

    disturbance: str
    measure: str
    way: Way
    least: float
    reason: str

    def judge(self, figures: Figures) -> Row:
        """Compare it with what was seen."""
        effect = figures.effect(self.disturbance, self.measure)
        along = {"up": effect.change, "down": -effect.change, "away": abs(effect.change)}[self.way]
        surely = {"up": effect.rises, "down": effect.falls}.get(
            self.way, max(effect.rises, effect.falls)
        )
        ok = bool(along >= self.least and surely >= CERTAIN)
        expected = f"{self.way} by {self.least:.4g} or more"
        return Row(self.disturbance, self.measure, expected, _said(effect), ok, self.reason)


@dataclass(frozen=True, slots=True)
class Stays:
    """A measure that a disturbance must not move.

    Attributes:
        disturbance: The disturbance.
        measure: The measure.
        within: By how much it may change, in the measure's unit.
        reason: Why.
    """

    disturbance: str
    measure: str
    within: float
    reason: str

    def judge(self, figures: Figures) -> Row:
        """Compare it with what was seen."""
        effect = figures.effect(self.disturbance, self.measure)
        allowed = max(self.within, effect.spread)
        ok = bool(abs(effect.change) <= allowed)
        expected = f"stays within {allowed:.4g}"
        return Row(self.disturbance, self.measure, expected, _said(effect), ok, self.reason)


@dataclass(frozen=True, slots=True)
class Same:
    """A measure that does not look at what a disturbance changes: not one clip's figure changes.

    Attributes:
        disturbance: The disturbance.
        measure: The measure.
        reason: Why.
    """

    disturbance: str
    measure: str
    reason: str

    def judge(self, figures: Figures) -> Row:
        """Compare it with what was seen."""
        said = _said(figures.effect(self.disturbance, self.measure))
        ok = figures.same(self.disturbance, self.measure)
        return Row(self.disturbance, self.measure, "stays the same", said, ok, self.reason)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A measure that gets worse with every step of a graded disturbance, on average.

    Attributes:
        name: Name of the ladder, for people.
        steps: Disturbances of each step (the mean over them counts), from the mildest.
        measure: The measure.
        way: Which way it goes.
        reason: Why.
    """

    name: str
    steps: tuple[tuple[str, ...], ...]
    measure: str
    way: Literal["up", "down"]
    reason: str

    def judge(self, figures: Figures) -> Row:
        """Compare it with what was seen."""
        values = [
            float(np.mean([figures.effect(name, self.measure).seen for name in step]))
            for step in self.steps
        ]
        steps = np.diff(values) * (1 if self.way == "up" else -1)
        said = ", ".join(f"{value:.4g}" for value in values)
        ok = bool(np.all(steps > 0))
        return Row(self.name, self.measure, f"{self.way} at every step", said, ok, self.reason)


@dataclass(frozen=True, slots=True)
class Follows:
    """A figure of single clips that must say how large the disturbance was.

    Attributes:
        disturbance: The disturbance.
        measure: The measure.
        value: What it should say.
        within: How far off it may be.
        share: Share of the clips that must say so.
        reason: Why.
    """

    disturbance: str
    measure: str
    value: float
    within: float
    share: float
    reason: str

    def judge(self, figures: Figures) -> Row:
        """Compare it with what was seen."""
        single = figures.singly(self.disturbance, self.measure)
        single = single[np.isfinite(single)]
        right = float(np.mean(np.abs(single - self.value) <= self.within)) if len(single) else 0.0
        expected = f"{self.value:+g} ± {self.within:g} in {100 * self.share:.0f} % of the clips"
        said = f"in {100 * right:.0f} % of {len(single)}"
        ok = right >= self.share
        return Row(self.disturbance, self.measure, expected, said, ok, self.reason)


def _said(effect: Effect) -> str:
    """Say what happened to a figure."""
    return f"{effect.truth:.4g} → {effect.seen:.4g}"
