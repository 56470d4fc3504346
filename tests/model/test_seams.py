import numpy as np
import pytest

from facedit.model.seams import RAMP, correct_offsets, limit_steps


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


def walk(frames=40, dims=5, seed=0):
    """Motion whose steps are of one size, drawn in frames 15 to 24, with the last frame of them."""
    rng = np.random.default_rng(seed)
    motion = np.cumsum(0.1 * rng.choice([-1.0, 1.0], (frames, dims)), axis=0).astype(np.float32)
    mask = np.zeros((frames, dims), bool)
    mask[15:25, :3] = True
    return motion, mask


def test_a_jump_at_a_seam_becomes_the_largest_step_that_the_clip_makes():
    motion, mask = walk()
    motion[24, :3] += 2.0
    limited = limit_steps(motion, mask)
    changed = np.flatnonzero(np.abs(limited - motion).max(axis=1) > 1e-6)
    assert changed.tolist() == list(range(25 - RAMP, 25))
    assert np.array_equal(limited[~mask], motion[~mask])
    before, after = (np.abs(one[24, :3] - one[25, :3]) for one in (motion, limited))
    assert np.sqrt(np.mean(after**2)) == pytest.approx(0.1, rel=1e-3)
    np.testing.assert_allclose(after / before, (after / before)[0], rtol=1e-3)  # the same way


def test_seams_that_the_clip_could_have_and_clips_too_short_to_tell_stay_as_drawn():
    motion, mask = walk()
    assert np.array_equal(limit_steps(motion, mask), motion)
    motion[24, :3] += 2.0
    assert np.array_equal(limit_steps(motion[12:28], mask[12:28]), motion[12:28])


def test_both_ends_of_a_short_span_are_limited():
    motion, mask = walk()
    mask[:, :3] = False
    mask[20:22, :3] = True
    motion[20:22, :3] += 2.0
    steps = np.sqrt(np.mean(np.diff(limit_steps(motion, mask)[:, :3], axis=0) ** 2, axis=1))
    assert steps[[19, 21]].max() < 0.6 * np.sqrt(3) * 2.0
