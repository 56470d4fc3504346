from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit import units
from facedit.units import exact_div, first_frame_from, frame_at, frame_time, sample_at

RATES = st.sampled_from([25, Fraction(24000, 1001), Fraction(30000, 1001), 30, 60])


def test_the_grids_of_the_model():
    assert (units.MOTION_FPS, units.SPEECH_RATE, units.SPEECH_TICKS_PER_SECOND) == (25, 16_000, 50)
    assert (units.SPEECH_TICKS_PER_FRAME, units.SPEECH_SAMPLES_PER_FRAME) == (2, 640)


def test_only_whole_quotients_are_given():
    assert exact_div(12, 4) == 3
    with pytest.raises(ValueError, match="13 is not a multiple of 4"):
        exact_div(13, 4)


@given(st.integers(0, 10**6), RATES)
def test_a_frames_time_leads_back_to_it(frame, rate):
    time_s = frame_time(frame, rate)
    assert time_s == pytest.approx(frame / float(rate), rel=1e-12)
    assert frame_at(time_s, rate) == first_frame_from(time_s, rate) == frame


def test_frames_near_a_time():
    assert [frame_at(t) for t in (0.0, 0.019, 0.02, 0.059, 0.061)] == [0, 0, 1, 1, 2]
    assert [first_frame_from(t) for t in (0.0, 1e-6, 0.04, 0.0401)] == [0, 1, 1, 2]
    # A nanosecond of rounding, of the time, is forgiven; more is not.
    assert first_frame_from(1 + 0.9e-9, 50) == 50
    assert first_frame_from(1 + 1.2e-9, 50) == 51
    assert frame_at(-0.021) == -1


def test_samples_near_a_time():
    assert [sample_at(t, 48_000) for t in (0.0, 1.0, 0.5 / 48_000, -1.0)] == [0, 48_000, 1, -48_000]
    assert sample_at(0.1, 44_100) == 4410
