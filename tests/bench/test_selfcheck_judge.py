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
    judge,
    unexamined,
)
from facedit.bench.selfcheck.figures import TRUTH, Figures
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


NOISE = np.array([0.02, -0.02] * 6)
"""What tracking anew changes, clip by clip: 0.006 of the mean of 12 clips, by chance."""


def moves(way: str) -> Moves:
    return Moves("blur", "sharpness", "", way)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "way", "ok"),
    [
        (-0.5, "down", True),
        (-0.5, "up", False),
        (0.5, "up", True),
        (0.06, "up", True),
        (0.04, "up", False),  # a table would hardly show it
        (0.0, "down", False),
        (float("nan"), "down", False),
    ],
)
def test_moves(change: float, way: str, ok: bool) -> None:
    assert verdict(moves(way), blur=change) is ok


def test_a_move_is_several_times_what_tracking_anew_changes() -> None:
    assert verdict(moves("up"), blur=0.2, tracked_anew=NOISE)
    assert not verdict(moves("up"), blur=0.2, tracked_anew=10 * NOISE)


def test_a_move_that_chance_explains_does_not_count() -> None:
    """One clip of twelve moves a lot: the mean moves enough, but nobody would bet on it."""
    one = np.zeros(ITEMS)
    one[0] = -12.0
    assert not verdict(moves("down"), blur=one)
    assert verdict(moves("down"), blur=np.full(ITEMS, one.mean()))


def test_stays_within_a_third_of_its_own_move_or_the_figures_own_uncertainty() -> None:
    stays = Stays("blur", "sharpness", "", ("meant", "meant_more", "not_made"))
    assert verdict(stays, blur=0.09, meant=-0.3, meant_more=3.0)
    assert not verdict(stays, blur=0.11, meant=-0.3, meant_more=3.0)
    # The mean of 12 clips that spread by 0.1 is known to about 0.03.
    assert verdict(stays, blur=0.015, meant=0.001)
    assert not verdict(stays, blur=0.06, meant=0.001)
    assert not verdict(stays, blur=float("nan"), meant=0.3)
    assert not verdict(stays, blur=0.1)


@pytest.mark.parametrize(
    ("low", "high", "ok"), [(0.9, 1.1, True), (1.2, 2, False), (0, 0.8, False)]
)
def test_band(low: float, high: float, ok: bool) -> None:
    assert verdict(Band(TRUTH, "sharpness", "", low, high)) is ok


def test_band_is_not_met_by_a_figure_that_is_not_there() -> None:
    assert not judge([Band(TRUTH, "lag", "", -9, 9)], Figures(readings(), MEASURES))[0].ok


def test_ordered_wants_every_step() -> None:
    ladder = Ordered("shift", "sharpness", "", (("none",), ("a", "b"), ("c",)), "down")
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
    assert judge([Follows("late", "lag", "", 5, 1, 0.75)], figures)[0].ok
    assert not judge([Follows("late", "lag", "", 5, 1, 0.8)], figures)[0].ok
    assert not judge([Follows("late", "lag", "", -5, 1, 0.5)], figures)[0].ok


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
    row = judge([Moves("blur", "gone", "", "up")], Figures(readings(blur=1.0), MEASURES))[0]
    assert not row.ok
    assert row.seen == "no such measure"


def test_measures_that_nothing_should_move_are_named() -> None:
    wanted = [moves("up"), Stays("blur", "lag", "", ())]
    assert unexamined(wanted, Figures(readings(), MEASURES)) == ("lag", "other")


def test_what_was_not_made_is_not_judged() -> None:
    assert judge([Moves("swapped", "lag", "", "up")], Figures(readings(), MEASURES)) == ()
