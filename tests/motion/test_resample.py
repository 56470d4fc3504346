from dataclasses import replace

import numpy as np
import pytest

from facedit.motion.resample import cubic_spline, resample_track, values_at
from facedit.types import FaceTrack, Float64


def track_of(times: Float64, signal: Float64) -> FaceTrack:
    landmarks = np.tile(signal[:, None, None], (1, 478, 3)).astype(np.float32)
    return FaceTrack(times, landmarks, np.ones(len(times), np.float32), 64, 48)


def wave(times: Float64, hertz: float = 2.0) -> Float64:
    return 100 + 10 * np.sin(2 * np.pi * hertz * times)


def test_25_to_25_is_the_identity() -> None:
    rng = np.random.default_rng(0)
    track = track_of(np.arange(50) / 25, rng.normal(size=50))
    landmarks, confidence = resample_track(track, 0.0, 50)
    np.testing.assert_array_equal(landmarks, track.landmarks)
    np.testing.assert_array_equal(confidence, 1)
    part, _ = resample_track(track, 10 / 25, 20)
    np.testing.assert_array_equal(part, track.landmarks[10:30])
    # Container times are rounded, to a microsecond at best.
    jittered = replace(track, times_s=np.round(track.times_s + 3e-7, 6))
    np.testing.assert_array_equal(resample_track(jittered, 0.0, 50)[0], track.landmarks)


def test_values_at_grid_times_are_the_values() -> None:
    values = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    np.testing.assert_array_equal(values_at(1.2 + np.arange(30) / 25, values, 1.2), values)


@pytest.mark.parametrize("fps", [24000 / 1001, 25.0, 30000 / 1001, 50.0, 60.0])
def test_motion_survives_every_frame_rate_and_back(fps: float) -> None:
    times = np.arange(int(4 * fps)) / fps
    landmarks, confidence = resample_track(track_of(times, wave(times)), 0.0, 90)
    grid = np.arange(90) / 25
    assert (confidence == 1).all()
    inner = slice(5, 85)
    np.testing.assert_allclose(landmarks[inner, 0, 0], wave(grid)[inner], atol=0.1)
    at = times[(times > 0.3) & (times < 3.3)]
    np.testing.assert_allclose(values_at(at, landmarks[:, 0], 0.0)[:, 0], wave(at), atol=0.15)


def test_uneven_times_are_read_at_their_own_place() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.01, 0.05, 150))
    landmarks, _ = resample_track(track_of(times, wave(times)), 0.2, 80)
    np.testing.assert_allclose(
        landmarks[5:75, 3, 1], wave(0.2 + np.arange(80) / 25)[5:75], atol=0.2
    )


def test_the_spline_keeps_what_straight_lines_lose() -> None:
    """The claim of the module: 5 Hz at 25 samples a second, below 1 per cent of its height."""
    knots = np.arange(100) / 25
    fine = np.linspace(0.5, 3.5, 1000)
    truth = np.sin(2 * np.pi * 5 * fine)
    samples = np.sin(2 * np.pi * 5 * knots)
    spline = cubic_spline(knots, samples[:, None], fine)[:, 0]
    line = np.interp(fine, knots, samples)
    rms = float(np.sqrt(((spline - truth) ** 2).mean()))
    assert rms < 0.012
    assert rms < 0.15 * np.sqrt(((line - truth) ** 2).mean())


def test_the_spline_is_smooth_and_exact_on_lines() -> None:
    knots = np.array([0.0, 0.1, 0.25, 0.3, 0.5])
    line = 3 * knots[:, None] - 1
    fine = np.linspace(0, 0.5, 200)
    np.testing.assert_allclose(cubic_spline(knots, line, fine)[:, 0], 3 * fine - 1, atol=1e-12)
    values = np.random.default_rng(0).normal(size=(5, 1))
    for knot in knots[1:-1]:  # first derivatives agree on both sides of inner knots
        h = 1e-4
        a, b, c = cubic_spline(knots, values, np.array([knot - h, knot, knot + h]))[:, 0]
        assert (b - a) / h == pytest.approx((c - b) / h, rel=0.05, abs=0.2)
    np.testing.assert_allclose(cubic_spline(knots[:1], values[:1], fine), values[0, 0])
    np.testing.assert_allclose(
        cubic_spline(knots[:2], values[:2], np.array([0.05])), values[:2].mean()[None, None]
    )
    outside = cubic_spline(knots, values, np.array([-1.0, 9.0]))
    np.testing.assert_allclose(outside, values[[0, -1]])


def test_short_gaps_are_bridged_and_long_ones_stay_empty() -> None:
    times = np.arange(60) / 25
    track = track_of(times, wave(times, 0.5))
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    for gap in (slice(10, 12), slice(30, 40)):
        landmarks[gap], confidence[gap] = np.nan, 0
    found, sure = resample_track(
        replace(track, landmarks=landmarks, confidence=confidence), 0.0, 60
    )
    np.testing.assert_allclose(found[10:12, 0, 0], wave(times, 0.5)[10:12], atol=0.1)
    assert np.isnan(found[30:40]).all()
    assert (sure[30:40] == 0).all()
    seen = np.r_[0:30, 40:60]
    assert np.isfinite(found[seen]).all()
    assert (sure[seen] > 0).all()


def test_nothing_is_interpolated_across_a_cut() -> None:
    times = np.arange(60) / 30
    signal = np.where(times < 1.0 - 1e-9, 0.0, 100.0)
    track = replace(track_of(times, signal), cuts=(1.0,))
    found, _ = resample_track(track, 0.0, 48)
    assert set(np.unique(found[:, 0, 0])) == {0.0, 100.0}
    np.testing.assert_array_equal(found[24:26, 0, 0], [0.0, 100.0])


def test_outside_the_track_there_is_nothing() -> None:
    times = np.arange(10) / 25
    found, sure = resample_track(track_of(times, wave(times)), -0.2, 30)
    assert np.isnan(found[:5]).all()
    assert np.isfinite(found[5:15]).all()
    assert np.isnan(found[15:]).all()
    assert ((sure > 0) == np.isfinite(found[:, 0, 0])).all()
    empty = replace(track_of(times, wave(times)), confidence=np.zeros(10, np.float32))
    assert np.isnan(resample_track(empty, 0.0, 5)[0]).all()
