import numpy as np
import pytest

from facedit.evaluation.behaviour.closures import spans_around
from facedit.evaluation.behaviour.heard import Phone
from facedit.evaluation.behaviour.rounding import FIGURES, NARROW, ROUNDED, rounding_sums

PERIOD = 20
FRAMES = 200
# Lips that are narrowest every 0.8 s (frames 10, 30, ...).
TRUTH = (50 + 6 * np.cos(2 * np.pi * np.arange(FRAMES) / PERIOD)).astype(np.float32)
SAID = [Phone("UW", frame, frame + 2) for frame in range(PERIOD // 2, FRAMES, PERIOD)]
SPAN = (0, FRAMES)


def value(sums, name):
    return FIGURES[name](np.asarray(sums))


def test_true_lips_round_wherever_they_are_narrow():
    sums = rounding_sums(TRUTH, TRUTH, SAID, SPAN)
    assert value(sums, "rounded_phones") == len(SAID)
    assert value(sums, "rounded_truth") == value(sums, "rounded") == value(sums, "hit") == 1
    assert value(sums, "size") == pytest.approx(1)


def test_lips_that_move_half_as_much_about_their_mean_round_nowhere_and_are_half_the_size():
    drawn = 50 + 0.5 * (TRUTH - 50)
    sums = rounding_sums(TRUTH, drawn, SAID, SPAN)
    # 3 below the mean; the narrowest quarter begins at 6 * cos(45 degrees) = 4.2 below it.
    assert value(sums, "hit") == 0
    assert value(sums, "size") == pytest.approx(0.5, abs=1e-5)


def test_a_wide_vowel_asks_for_nothing():
    sums = rounding_sums(TRUTH, TRUTH, [Phone("IY", 10, 12)], SPAN)
    assert value(sums, "rounded_phones") == 0
    assert np.isnan(value(sums, "hit"))


def test_what_truth_leaves_wide_is_no_miss():
    sums = rounding_sums(TRUTH, TRUTH, [Phone("W", PERIOD - 1, PERIOD)], SPAN)
    assert value(sums, "rounded_truth") == 0
    assert np.isnan(value(sums, "hit"))


def test_lips_pursed_a_little_too_early_are_forgiven_and_the_quarter_is_a_quarter():
    early = np.roll(TRUTH, -4)
    sums = rounding_sums(TRUTH, early, [Phone("OW", 9, 10)], SPAN)
    assert value(sums, "hit") == 1
    assert (np.percentile(TRUTH, NARROW) >= TRUTH).mean() == pytest.approx(NARROW / 100, abs=0.05)


def test_spans_are_placed_around_the_phones_that_are_asked_for():
    said = [Phone("B", 40, 42), Phone("UW", 100, 102)]
    ((span, held),) = spans_around(said, FRAMES, 14, 4, ROUNDED)
    assert span == (94, 108)
    assert held == [said[1]]
