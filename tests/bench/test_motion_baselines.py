import numpy as np
import pytest

from facedit.evaluation.baselines import RidgeFit, hold, line, stack_window


def hidden_span(frames, dims, start, stop):
    hidden = np.zeros((frames, dims), bool)
    hidden[start:stop] = True
    return hidden


def test_line_is_exact_on_a_line():
    motion = np.outer(np.arange(10), [1.0, -2.0]).astype(np.float32)
    hidden = hidden_span(10, 2, 3, 7)
    np.testing.assert_allclose(line(np.where(hidden, np.nan, motion), hidden), motion, atol=1e-6)


def test_line_fills_each_dim_from_its_own_kept_frames():
    motion = np.array([[0, 0], [9, 1], [9, 9], [3, 9]], np.float32)
    hidden = np.array([[False, False], [True, False], [True, True], [False, True]])
    assert line(motion, hidden).tolist() == [[0, 0], [1, 1], [2, 1], [3, 1]]


def test_hold_repeats_the_last_kept_value():
    motion = np.array([[5], [np.nan], [np.nan], [7], [np.nan]], np.float32)
    hidden = np.isnan(motion)
    assert hold(motion, hidden).ravel().tolist() == [5, 5, 5, 7, 7]
    start = np.array([[np.nan], [4]], np.float32)
    assert hold(start, np.isnan(start)).ravel().tolist() == [4, 4]


@pytest.mark.parametrize("fill", [line, hold])
def test_nothing_kept_gives_zero(fill):
    hidden = np.ones((4, 2), bool)
    assert (fill(np.full((4, 2), np.nan, np.float32), hidden) == 0).all()


def test_window_stacks_neighbours_in_order():
    speech = np.arange(4, dtype=np.float32)[:, None]
    assert stack_window(speech, 1).tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]


def linear_clips(count, seed, noise=0.0):
    rng = np.random.default_rng(seed)
    matrix = np.random.default_rng(1).standard_normal((3 * 2, 2))
    for _ in range(count):
        speech = rng.standard_normal((30, 2)).astype(np.float32)
        motion = stack_window(speech, 1) @ matrix + rng.standard_normal(2)
        motion += noise * rng.standard_normal(motion.shape)
        yield speech, motion.astype(np.float32)


def test_ridge_finds_a_linear_map_and_meets_both_ends():
    ridge = RidgeFit(reach=1).add(linear_clips(100, 0)).solve(1e-6)
    ((speech, motion),) = linear_clips(1, 7)
    hidden = hidden_span(30, 2, 10, 20)
    filled = ridge.fill(np.where(hidden, np.nan, motion).astype(np.float32), hidden, speech)
    # The level of the clip is not in the speech: the ramp takes it from the kept neighbours.
    np.testing.assert_allclose(filled, motion, atol=0.25)  # of a spread of 2.4
    assert np.array_equal(filled[~hidden], motion[~hidden])


def test_ridge_with_a_huge_penalty_is_a_line():
    ridge = RidgeFit(reach=1).add(linear_clips(5, 0)).solve(1e9)
    ((speech, motion),) = linear_clips(1, 7)
    hidden = hidden_span(30, 2, 10, 20)
    filled = ridge.fill(motion, hidden, speech)
    np.testing.assert_allclose(filled, line(motion, hidden), atol=1e-3)


def test_merged_fits_equal_one_fit():
    first, second = list(linear_clips(10, 0, 0.5)), list(linear_clips(70, 1, 0.5))
    whole = RidgeFit(1).add(first + second).solve(0.1)
    merged = RidgeFit(1).merged([RidgeFit(1).add(first), RidgeFit(1), RidgeFit(1).add(second)])
    np.testing.assert_allclose(merged.solve(0.1).matrix, whole.matrix, atol=1e-4)


def test_a_fit_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no clip"):
        RidgeFit().solve(1.0)
