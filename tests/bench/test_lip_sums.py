import numpy as np
import pytest

from facedit.evaluation.lip_sums import FIGURES, MEASURES, figures, paired_gain, span_sums

START, STOP, FRAMES = 5, 15, 20


def sums(truth, drawn, true_motion=None, drawn_motion=None):
    still = np.zeros((FRAMES, 2), np.float32)
    return span_sums(
        dict.fromkeys(MEASURES, truth),
        dict.fromkeys(MEASURES, drawn),
        still if true_motion is None else true_motion,
        still if drawn_motion is None else drawn_motion,
        START,
        STOP,
    )


def wave(seed=0):
    rng = np.random.default_rng(seed)
    values = np.zeros(FRAMES, np.float32)
    values[START:STOP] = rng.standard_normal(STOP - START)
    return values


def test_the_truth_scores_perfectly():
    motion = np.random.default_rng(0).standard_normal((FRAMES, 3)).astype(np.float32)
    found = figures([sums(wave(), wave(), motion, motion)], draws=10)
    for name, figure in found.items():
        assert figure.value == pytest.approx(0 if name.endswith(("rel", "mae")) else 1, abs=1e-6)


def test_figures_agree_with_numpy():
    truths, guesses = [wave(0), wave(1)], [0.5 * wave(0) + 0.3 * wave(5), wave(1) + wave(6)]
    total = sum(sums(a, b) for a, b in zip(truths, guesses, strict=True))
    x = np.concatenate([t[START:STOP] for t in truths])
    y = np.concatenate([g[START:STOP] for g in guesses])
    assert FIGURES["opening_r"](total) == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-5)
    error = np.abs(x - y).mean()
    assert FIGURES["width_mae"](total) == pytest.approx(error, rel=1e-5)
    assert FIGURES["width_rel"](total) == pytest.approx(error / x.std(), rel=1e-5)


def test_the_level_of_a_person_is_no_correlation():
    # Two people with different levels and guesses that know nothing but the level.
    total = sum(sums(wave(i) + 10 * i, np.full(FRAMES, 10.0 * i, np.float32)) for i in (0, 1))
    assert abs(FIGURES["opening_r"](total)) < 1e-6


def test_speed_and_jumps_are_ratios_to_the_truth():
    truth = np.zeros((FRAMES, 1), np.float32)
    truth[START:STOP, 0] = np.arange(STOP - START) + 1.0  # steps of 1 inside, 1 in, 10 out
    drawn = truth.copy()
    drawn[START:STOP] *= 3
    found = figures([sums(wave(), wave(), truth, drawn)], draws=10)
    assert found["speed"].value == pytest.approx(3)
    assert found["jump"].value == pytest.approx((3 + 30) / (1 + 10))
    held = truth.copy()
    held[START:STOP] = truth[START - 1]
    found = figures([sums(wave(), wave(), truth, held)], draws=10)
    assert found["speed"].value == 0
    assert found["jump"].value == 0


def test_velocity_jump_looks_at_the_seams_only():
    truth = np.zeros((FRAMES, 1), np.float32)
    truth[STOP:] = 1.0  # one seam of the truth has a step: bends of 1 before and after it
    drawn = truth.copy()
    drawn[START + 4] = 7  # a spike in the middle is no seam
    found = figures([sums(wave(), wave(), truth, drawn)], draws=10)
    assert found["velocity_jump"].value == pytest.approx(1)
    drawn = truth.copy()
    drawn[START] = 2
    found = figures([sums(wave(), wave(), truth, drawn)], draws=10)
    # Bends at START - 1 and START become 2 and 4; at the other seam they stay 1 and 1.
    assert found["velocity_jump"].value == pytest.approx((2 + 4 + 1 + 1) / 2)


def test_intervals_hold_the_value_and_shrink_with_clips():
    rng = np.random.default_rng(0)

    def noisy(count):
        return [sums(wave(i), wave(i) + 0.5 * wave(1000 + i) * rng.random()) for i in range(count)]

    few, many = figures(noisy(5)), figures(noisy(100))
    for found in (few, many):
        assert found["opening_r"].low <= found["opening_r"].value <= found["opening_r"].high
    width = [found["opening_r"].high - found["opening_r"].low for found in (few, many)]
    assert width[1] < width[0]


def test_paired_gain_of_the_same_is_zero_and_of_better_is_positive():
    bad = [sums(wave(i), wave(i) + wave(50 + i)) for i in range(20)]
    good = [sums(wave(i), wave(i) + 0.1 * wave(50 + i)) for i in range(20)]
    same = paired_gain(bad, bad, "opening_r")
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert paired_gain(good, bad, "opening_r").low > 0
    assert paired_gain(good, bad, "opening_rel").high < 0


def test_a_span_at_the_edge_is_refused():
    still = np.zeros((10, 1), np.float32)
    measures = dict.fromkeys(MEASURES, np.zeros(10, np.float32))
    for start, stop in ((1, 5), (5, 9)):
        with pytest.raises(ValueError, match="2 kept"):
            span_sums(measures, measures, still, still, start, stop)


def test_what_the_ends_tell_is_not_counted_as_heard():
    ramp = np.linspace(0, 12, FRAMES, dtype=np.float32)
    truth = ramp + wave(0)
    deaf = ramp + wave(3)  # right at both ends and in the ramp, by chance between
    heard = ramp + 0.4 * wave(0)
    assert FIGURES["opening_r"](sums(truth, deaf)) > 0.4
    beyond = FIGURES["opening_beyond_r"]
    want = np.corrcoef(wave(0)[START:STOP], wave(3)[START:STOP])[0, 1]
    assert beyond(sums(truth, deaf)) == pytest.approx(want, abs=1e-4)
    assert beyond(sums(truth, heard)) == pytest.approx(1, abs=1e-4)
    assert abs(beyond(sums(truth, ramp))) < 1e-6  # a line says nothing beyond a line
