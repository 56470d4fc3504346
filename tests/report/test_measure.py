import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.report.seam_steps import Jump, motion_steps, picture_step, seam_jump, velocity_steps


def test_steps_of_a_ramp_are_its_slope_and_its_velocity_does_not_change():
    ramp = np.arange(6)[:, None] * np.array([3.0, 4.0])
    np.testing.assert_allclose(motion_steps(ramp), np.full(5, np.sqrt(12.5)))
    np.testing.assert_allclose(velocity_steps(ramp), np.zeros(4), atol=1e-12)


def test_a_jump_stands_where_it_is():
    motion = np.zeros((10, 2), np.float32)
    motion[6:] = 2.0
    assert np.flatnonzero(motion_steps(motion)).tolist() == [5]
    assert np.flatnonzero(velocity_steps(motion)).tolist() == [4, 5]
    assert motion_steps(motion)[5] == 2.0


def test_a_parabola_has_constant_acceleration():
    motion = (np.arange(8.0) ** 2)[:, None]
    np.testing.assert_allclose(velocity_steps(motion), np.full(6, 2.0))


def test_picture_step_is_symmetric_and_does_not_wrap_around():
    dark, bright = np.full((4, 4, 3), 10, np.uint8), np.full((4, 4, 3), 250, np.uint8)
    assert picture_step(dark, bright) == picture_step(bright, dark) == 240.0
    with pytest.raises(ValueError, match="compared"):
        picture_step(dark, dark[:2])
    with pytest.raises(ValueError, match="compared"):
        picture_step(dark[:0], dark[:0])


def test_a_seam_is_held_against_the_clips_own_steps():
    own = np.arange(1, 101, dtype=float)
    assert seam_jump(np.array([96.1]), own).is_usual is False
    calm = seam_jump(np.array([20.0, 90.0, 3.0]), own)
    assert (calm.value, calm.usual, calm.is_usual) == (90.0, 50.5, True)
    assert calm.ratio == pytest.approx(90 / 50.5)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_the_clips_own_median_step_is_always_usual(steps):
    own = np.array(steps)
    assert seam_jump(np.array([np.median(own)]), own).is_usual


def test_what_was_not_measured_is_not_judged():
    assert seam_jump(np.array([1.0]), np.array([])).is_usual is None
    assert seam_jump(np.array([1.0]), np.array([np.nan])).is_usual is None
    known = seam_jump(np.array([1.0]), np.array([np.nan, 2.0]))
    assert (known.usual, known.is_usual) == (2.0, True)
    assert np.isnan(Jump(1.0, 0.0, 0.0, "").ratio)
    with pytest.raises(ValueError, match="at least one"):
        seam_jump(np.array([]), np.array([1.0]))
