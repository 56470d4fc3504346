import numpy as np
import pytest

from facedit.evaluation.behaviour.closures import (
    FIGURES,
    MARGIN,
    WIDER,
    closure_sums,
    spans_around,
)
from facedit.evaluation.behaviour.heard import Phone, find_stretch, on_frames
from facedit.evaluation.behaviour.study import rest_of
from facedit.evaluation.lip_sums import figures
from facedit.speech.recognition.forced import AlignedPhone

PERIOD = 20
FRAMES = 200
# Lips that close every 0.8 s (frames 10, 30, ...) and are 12 % open in between.
TRUTH = (6 + 6 * np.cos(2 * np.pi * np.arange(FRAMES) / PERIOD)).astype(np.float32)
CLOSED_AT = range(PERIOD // 2, FRAMES, PERIOD)


def phones(name, frames, length=2):
    return [Phone(name, frame, frame + length) for frame in frames]


def value(sums, name):
    return FIGURES[name](np.asarray(sums))


def test_lips_that_close_on_time_hit_every_closure():
    said = phones("B", CLOSED_AT) + phones("AA", range(PERIOD, FRAMES - 2, PERIOD))
    sums = closure_sums(TRUTH, TRUTH, said, rest_of(TRUTH))
    assert value(sums, "bilabials") == len(CLOSED_AT)
    assert value(sums, "closed") == value(sums, "closed_truth") == value(sums, "hit") == 1
    assert value(sums, "excess") == 0
    assert value(sums, "vowels") == value(sums, "vowels_truth") == 0


def test_lips_that_close_late_miss_and_the_gap_is_what_the_curve_says():
    late = np.roll(TRUTH, PERIOD // 2)
    said = phones("M", CLOSED_AT)
    sums = closure_sums(TRUTH, late, said, rest_of(TRUTH))
    # Late by half a period the phone meets the widest opening; the least of it is at its edge.
    least = 6 + 6 * np.cos(2 * np.pi * (1 + WIDER) / PERIOD)
    assert value(sums, "closed_truth") == 1
    assert value(sums, "closed") == value(sums, "hit") == 0
    assert value(sums, "excess") == pytest.approx(least, abs=1e-5)


def test_a_frame_late_is_forgiven():
    sums = closure_sums(TRUTH, np.roll(TRUTH, 1), phones("P", CLOSED_AT, 1), rest_of(TRUTH))
    assert value(sums, "hit") == 1


def test_lips_that_never_part_hit_everything_and_are_found_out_by_the_vowels():
    said = phones("B", CLOSED_AT) + phones("AE", range(PERIOD, FRAMES - 2, PERIOD))
    sums = closure_sums(TRUTH, np.zeros_like(TRUTH), said, rest_of(TRUTH))
    assert value(sums, "hit") == 1
    assert value(sums, "vowels") == 1
    assert value(sums, "vowels_truth") == 0


def test_lips_held_apart_by_more_than_the_margin_never_close():
    offset = MARGIN + 0.5
    sums = closure_sums(TRUTH, TRUTH + offset, phones("B", CLOSED_AT), rest_of(TRUTH))
    assert value(sums, "hit") == 0
    assert value(sums, "excess") == pytest.approx(offset, abs=1e-5)


def test_a_closure_that_truth_does_not_make_asks_nothing():
    said = phones("B", [PERIOD])  # said at the widest opening: the speaker does not close
    sums = closure_sums(TRUTH, TRUTH, said, rest_of(TRUTH))
    assert value(sums, "closed_truth") == value(sums, "closed") == 0
    assert np.isnan(value(sums, "hit"))
    assert np.isnan(value(sums, "excess"))


def test_clips_are_pooled_by_sums():
    good = closure_sums(TRUTH, TRUTH, phones("B", CLOSED_AT), 0)
    bad = closure_sums(TRUTH, TRUTH + 10, phones("B", [10, 30]), 0)
    found = figures([good, bad], FIGURES)
    assert found["hit"].value == pytest.approx(len(CLOSED_AT) / (len(CLOSED_AT) + 2))
    assert found["hit"].low == 0
    assert found["hit"].high == 1


def test_every_bilabial_away_from_the_ends_is_in_one_span():
    said = [
        Phone("B", 2, 4), Phone("AA", 4, 8), Phone("M", 30, 33), Phone("IY", 33, 36),
        Phone("P", 37, 39), Phone("AA", 44, 47), Phone("B", 60, 62), Phone("M", 95, 97),
    ]  # fmt: skip
    spans = spans_around(said, 100, 14, 4)
    held = [phone for _, inside in spans for phone in inside]
    assert len(held) == len(set(held))
    assert [p for p in held if p.name in "BMP"] == [said[2], said[4], said[6]]
    for (start, stop), inside in spans:
        assert stop - start == 14
        assert start >= 4
        assert stop <= 96
        assert all(start < p.first and p.stop < stop for p in inside)
    assert spans_around(said[:3], 21, 14, 4) == []


def test_phones_have_the_frames_shown_while_they_are_heard():
    # Frames at 0.12 and 0.16 s lie in 0.10-0.20 s; that at 0.20 s belongs to the next phone.
    heard = (
        AlignedPhone("B", 0.10, 0.20, 0.0),
        AlignedPhone("AA", 0.20, 0.32, 0.0),
        AlignedPhone("D", 0.33, 0.35, 0.0),  # between frames: the nearest stands for it
        AlignedPhone("N", 0.36, 2.0, 0.0),  # leaves the clip
    )
    assert on_frames(heard, 2, 20) == (Phone("B", 1, 3), Phone("AA", 3, 6), Phone("D", 7, 8))


def test_a_stretch_is_found_after_rounding_and_no_other_is():
    rng = np.random.default_rng(0)
    whole = rng.standard_normal((60, 8)).astype(np.float16).astype(np.float32)
    whole[10] = whole[25]  # alike for one row only
    assert find_stretch(whole[25:50], whole) == 25
    assert find_stretch(whole[25:50] + 0.01, whole) is None
    assert find_stretch(whole, whole[1:]) is None
