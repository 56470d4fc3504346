"""Expectations are met by what they ask for and by nothing less."""

import numpy as np
import pytest

from facedit.bench.selfcheck.expected import (
    Band,
    Expectation,
    Follows,
    Moves,
    Ordered,
    Same,
    Stays,
)
from facedit.bench.selfcheck.figures import TRUTH, Figures
from facedit.bench.selfcheck.judge import judge, unexamined
from facedit.evaluation.measure import Measure, mean_of

MEASURES = {
    name: Measure(name, name, "", "higher", name, mean_of, 0.0, 9.0, 2, "motion")
    for name in ("sharpness", "lag", "other")
}
ITEMS = 12


def readings(**by_disturbance: np.ndarray | float) -> dict[str, list[dict[str, list[float]]]]:
    """Means of single clips by disturbance, all of the measure ``sharpness``."""
    rng = np.random.default_rng(0)
    natural = 1 + 0.1 * rng.standard_normal(ITEMS)
    table = {TRUTH: natural}
    for name, change in by_disturbance.items():
        table[name] = natural + change
    return {
        name: [{"sharpness": [float(value) * 5, 5.0]} for value in values]
        for name, values in table.items()
    }


def verdict(expectation: Expectation, **by_disturbance: np.ndarray | float) -> bool:
    return judge([expectation], Figures(readings(**by_disturbance), MEASURES))[0].ok


@pytest.mark.parametrize(
    ("change", "way", "least", "ok"),
    [
        (-0.5, "down", 0.4, True),
        (-0.5, "down", 0.6, False),
        (-0.5, "up", 0.4, False),
        (0.5, "up", 0.4, True),
        (-0.5, "away", 0.4, True),
        (0.0, "down", 0.0, False),
        (float("nan"), "down", 0.1, False),
    ],
)
def test_moves(change: float, way: str, least: float, ok: bool) -> None:
    assert verdict(Moves("blur", "sharpness", way, least, ""), blur=change) is ok  # type: ignore[arg-type]


def test_a_move_that_chance_explains_does_not_count() -> None:
    """One clip of twelve moves a lot: the mean moves enough, but nobody would bet on it."""
    one = np.zeros(ITEMS)
    one[0] = -12.0
    expectation = Moves("blur", "sharpness", "down", 0.5, "")
    assert not verdict(expectation, blur=one)
    assert verdict(expectation, blur=np.full(ITEMS, one.mean()))


def test_stays_within_its_tolerance_or_the_figures_own_uncertainty() -> None:
    assert verdict(Stays("blur", "sharpness", 0.1, ""), blur=0.09)
    assert not verdict(Stays("blur", "sharpness", 0.1, ""), blur=0.11)
    # The mean of 12 clips that spread by 0.1 is known to about 0.03.
    assert verdict(Stays("blur", "sharpness", 0.0, ""), blur=0.015)
    assert not verdict(Stays("blur", "sharpness", 0.0, ""), blur=0.06)
    assert not verdict(Stays("blur", "sharpness", 0.1, ""), blur=float("nan"))


@pytest.mark.parametrize(
    ("low", "high", "ok"), [(0.9, 1.1, True), (1.2, 2, False), (0, 0.8, False)]
)
def test_band(low: float, high: float, ok: bool) -> None:
    assert verdict(Band("sharpness", low, high, "")) is ok


def test_band_is_not_met_by_a_figure_that_is_not_there() -> None:
    assert not judge([Band("lag", -9, 9, "")], Figures(readings(), MEASURES))[0].ok


def test_ordered_wants_every_step() -> None:
    ladder = Ordered("shift", (("none",), ("a", "b"), ("c",)), "sharpness", "down", "")
    assert verdict(ladder, a=-0.3, b=-0.1, c=-0.4)
    assert not verdict(ladder, a=-0.3, b=-0.1, c=-0.15)
    assert not verdict(ladder, a=0.3, b=0.1, c=0.4)


def test_follows_counts_clips() -> None:
    truth = np.zeros(ITEMS)
    said = np.array([5.0] * 9 + [0.0] * 3)
    table = {
        TRUTH: [{"lag": [value, 1.0]} for value in truth],
        "late": [{"lag": [value, 1.0]} for value in said],
    }
    figures = Figures(table, MEASURES)
    assert judge([Follows("late", "lag", 5, 1, 0.75, "")], figures)[0].ok
    assert not judge([Follows("late", "lag", 5, 1, 0.8, "")], figures)[0].ok
    assert not judge([Follows("late", "lag", -5, 1, 0.5, "")], figures)[0].ok


def test_effects_are_paired_and_pooled_by_sums() -> None:
    table = {
        TRUTH: [{"lag": [1.0, 1.0]}, {"lag": [0.0, 3.0]}, {}],
        "late": [{"lag": [2.0, 1.0]}, {"lag": [3.0, 3.0]}, {}],
    }
    effect = Figures(table, MEASURES).effect("late", "lag")
    assert effect.truth == pytest.approx(1 / 4)
    assert effect.seen == pytest.approx(5 / 4)
    assert effect.change == pytest.approx(1.0)
    # Every clip moved by exactly 1: the change is certain though the clips differ.
    assert (effect.rises, effect.falls) == (1.0, 0.0)
    assert effect.spread > 0.1


def test_a_clip_without_a_disturbed_figure_does_not_count_in_the_truths() -> None:
    table = {
        TRUTH: [{"lag": [1.0, 1.0]}, {"lag": [9.0, 1.0]}],
        "late": [{"lag": [1.0, 1.0]}, {}],
    }
    effect = Figures(table, MEASURES).effect("late", "lag")
    assert (effect.truth, effect.seen) == (1.0, 1.0)


def test_items_that_a_disturbance_does_not_fit_take_no_part() -> None:
    table = {
        TRUTH: [{"lag": [1.0, 1.0]}, {"lag": [9.0, 1.0]}],
        "swapped": [{"lag": [1.0, 1.0]}, {}],
    }
    assert judge([Same("swapped", "lag", "")], Figures(table, MEASURES))[0].ok
    table["swapped"] = [{"lag": [2.0, 1.0]}, {}]
    assert not judge([Same("swapped", "lag", "")], Figures(table, MEASURES))[0].ok


def test_a_measure_that_does_not_exist_fails_its_expectation() -> None:
    row = judge([Moves("blur", "gone", "up", 1, "")], Figures(readings(blur=1.0), MEASURES))[0]
    assert not row.ok
    assert row.seen == "no such measure"


def test_measures_that_nothing_should_move_are_named() -> None:
    wanted = [Moves("blur", "sharpness", "up", 1, ""), Stays("blur", "lag", 1, "")]
    assert unexamined(wanted, Figures(readings(), MEASURES)) == ("lag", "other")
