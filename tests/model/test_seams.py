import numpy as np
import pytest

from facedit.model.seams import correct_offsets


def ramp(frames=40, slope=0.5):
    return np.outer(slope * np.arange(frames), [1.0, -2.0]).astype(np.float32)


def hidden_span(start, stop, frames=40, dims=slice(None)):
    hidden = np.zeros((frames, 2), bool)
    hidden[start:stop, dims] = True
    return hidden


def test_steady_motion_is_left_alone():
    motion = ramp()
    np.testing.assert_allclose(correct_offsets(motion, hidden_span(10, 20), 1.0), motion, atol=1e-5)


def test_a_level_error_is_taken_off_at_the_seam_and_fades_out():
    motion, hidden = ramp(), hidden_span(5, 40)
    wrong = np.where(hidden, motion + 3, motion)
    settled = correct_offsets(wrong, hidden, 1.0, reach=4.0)
    expected = 3 * (1 - np.exp(-np.arange(35) / 4.0))
    np.testing.assert_allclose((settled - motion)[5:, 0], expected, atol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_a_share_leaves_the_rest(share):
    motion, hidden = ramp(), hidden_span(0, 30)
    wrong = np.where(hidden, motion - 2, motion)
    settled = correct_offsets(wrong, hidden, share)
    np.testing.assert_allclose((settled - motion)[29], -2 * (1 - share), atol=1e-4)


def test_kept_entries_and_other_dims_are_untouched():
    rng = np.random.default_rng(0)
    motion = rng.standard_normal((40, 2)).astype(np.float32)
    hidden = hidden_span(10, 20, dims=1)
    settled = correct_offsets(motion, hidden, 0.7)
    assert np.array_equal(settled[~hidden], motion[~hidden])
    assert not np.allclose(settled[hidden], motion[hidden])


def test_both_ends_are_treated_alike():
    rng = np.random.default_rng(0)
    motion, hidden = rng.standard_normal((40, 2)).astype(np.float32), hidden_span(13, 27)
    forward = correct_offsets(motion, hidden, 0.5)
    backward = correct_offsets(motion[::-1], hidden[::-1], 0.5)[::-1]
    np.testing.assert_allclose(forward, backward, atol=1e-5)


@pytest.mark.parametrize("span", [(0, 40), (1, 39), (10, 11)])
def test_seams_without_two_frames_on_each_side_are_left_alone(span):
    motion = np.random.default_rng(0).standard_normal((40, 2)).astype(np.float32)
    assert np.array_equal(correct_offsets(motion, hidden_span(*span), 1.0), motion)
