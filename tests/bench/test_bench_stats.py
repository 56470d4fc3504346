import math

import numpy as np
import pytest

from facedit.evaluation.measure import Measure, correlation_of, correlation_sums, mean_of, ratio_of
from facedit.evaluation.stats import estimate, holm, paired

MEAN = Measure("mean", "mean", "", "lower", "mean", mean_of, 0, 9, 2, "motion")
RATIO = Measure("ratio", "ratio", "", "one", "ratio", ratio_of, 0, 9, 2, "motion")
R = Measure("r", "r", "", "higher", "r", correlation_of, -1, 1, 2, "sync")


def single(values):
    """One item of one clip per value."""
    sums = {f"i{k}": [float(value), 1.0] for k, value in enumerate(values)}
    return sums, {item: f"clip of {item}" for item in sums}


def test_items_of_a_clip_are_one_draw():
    # Ten copies of each item add nothing: the interval must not shrink.
    values = np.random.default_rng(0).standard_normal(20)
    once, clip_of = single(values)
    copies = {f"{item}-{k}": sums for item, sums in once.items() for k in range(10)}
    of_copies = {name: clip_of[name.split("-")[0]] for name in copies}
    few, many = estimate(MEAN, once, clip_of), estimate(MEAN, copies, of_copies)
    assert (few.items, few.clips, many.items, many.clips) == (20, 20, 200, 20)
    assert many.value == pytest.approx(few.value)
    assert (many.low, many.high) == pytest.approx((few.low, few.high))


def test_pooled_is_no_mean_of_means():
    found = estimate(MEAN, {"a": [10, 10], "b": [0, 90]}, {"a": "x", "b": "y"})
    assert found.value == pytest.approx(0.1)


def test_interval_covers_the_mean():
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        sums, clip_of = single(rng.normal(3, 2, 40))
        found = estimate(MEAN, sums, clip_of, draws=400, seed=seed)
        covered += found.low <= 3 <= found.high
    assert 0.90 <= covered / 200 <= 0.99


def test_interval_of_a_correlation_holds_it():
    rng = np.random.default_rng(0)
    sums = {}
    for k in range(60):
        x = rng.standard_normal(12)
        sums[f"{k}"] = correlation_sums(x, 0.8 * x + 0.6 * rng.standard_normal(12))
    found = estimate(R, sums, {item: item for item in sums})
    assert found.low < 0.8 < found.high
    assert found.high - found.low < 0.12


def test_nothing_to_measure_is_nan_and_not_an_error():
    sums = {"a": [math.nan, 1.0], "b": [0.0, 0.0], "c": []}
    found = estimate(MEAN, sums, dict.fromkeys(sums, "x"))
    assert (found.items, found.clips) == (0, 0)
    assert math.isnan(found.value)
    assert math.isnan(paired(MEAN, sums, sums, dict.fromkeys(sums, "x")).p)
    lone = estimate(MEAN, {"a": [3.0, 1.0], "b": [math.inf, 1.0]}, {"a": "x", "b": "y"})
    assert (lone.value, lone.items, lone.clips) == (3.0, 1, 1)
    assert math.isnan(lone.low)  # one clip says nothing about other clips


def test_equal_systems_do_not_differ():
    sums, clip_of = single(np.random.default_rng(0).standard_normal(30))
    found = paired(MEAN, sums, sums, clip_of)
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_a_shifted_system_differs_and_the_sign_is_ours_minus_theirs():
    values = np.random.default_rng(0).standard_normal(30)
    ours, clip_of = single(values + 0.2)
    theirs, _ = single(values)
    found = paired(MEAN, ours, theirs, clip_of)
    assert found.value == pytest.approx(0.2)
    assert found.low > 0
    assert found.p < 0.01
    # Unpaired, the same shift is lost in the spread between clips.
    assert estimate(MEAN, theirs, clip_of).high > estimate(MEAN, ours, clip_of).low


def test_only_items_of_both_are_compared():
    ours, theirs = {"a": [1, 1], "b": [9, 1]}, {"a": [3, 1], "c": [0, 1]}
    found = paired(MEAN, ours, theirs, {"a": "x", "b": "y", "c": "z"})
    assert (found.value, found.items, found.clips) == (-2, 1, 1)


def test_p_of_few_clips_is_exact():
    # All four differences point one way: 2 of the 16 ways to swap are as extreme.
    sums, clip_of = single([1, 2, 3, 4])
    zero, _ = single([1e-9] * 4)
    assert paired(MEAN, sums, zero, clip_of).p == pytest.approx(2 / 16)


@pytest.mark.parametrize("measure", [MEAN, RATIO])
def test_p_is_uniform_where_there_is_no_difference(measure):
    p_values = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        table = rng.uniform(1, 2, (2, 25, 2))
        ours, theirs = ({f"{k}": list(row) for k, row in enumerate(side)} for side in table)
        found = paired(measure, ours, theirs, {k: k for k in ours}, draws=200, seed=seed)
        p_values.append(found.p)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.10
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.07)


def test_holm_agrees_with_an_example_by_hand():
    # Sorted: 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1 -> 0.02, 0.03, 0.06, and no less than 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_leaves_what_is_not_known_out_of_the_family():
    assert holm([0.01, math.nan, 0.5])[0] == pytest.approx(0.02)
    assert math.isnan(holm([0.01, math.nan])[1])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
