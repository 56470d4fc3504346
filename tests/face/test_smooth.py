from dataclasses import replace

import numpy as np
import pytest

from facedit.face import smooth
from facedit.face.canonical import load_canonical_face
from facedit.face.smooth import Smoothing, local_parabola, smooth_track
from facedit.types import FaceTrack, Float64
from faces import jitter


def smoothed(values: Float64, times: Float64 | None = None, width_s: float = 0.05) -> Float64:
    count = len(values)
    times = np.arange(count) / 25 if times is None else times
    one = np.ones(count)
    return local_parabola(times, values[:, None], one, np.zeros(count, int), width_s)[:, 0]


def test_an_impulse_answers_symmetrically_so_there_is_no_lag() -> None:
    impulse = np.zeros(41)
    impulse[20] = 1
    answer = smoothed(impulse)
    np.testing.assert_allclose(answer, answer[::-1], atol=1e-12)
    assert answer.argmax() == 20
    assert answer.sum() == pytest.approx(1)
    assert answer[20] < 0.9


def test_a_parabola_passes_unchanged_even_at_the_ends_and_at_uneven_times() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.01, 0.06, 80))
    values = 3 - 2 * times + 5 * times**2
    np.testing.assert_allclose(smoothed(values, times), values, atol=1e-4)


def test_white_noise_shrinks_and_slow_motion_stays() -> None:
    rng = np.random.default_rng(0)
    times = np.arange(400) / 25
    motion = np.sin(2 * np.pi * 1.0 * times)
    noisy = motion + rng.normal(0, 0.05, 400)
    result = smoothed(noisy, times, 0.08)
    assert np.std(result - motion) < 0.6 * np.std(noisy - motion)
    assert np.std(smoothed(motion, times, 0.08)) > 0.99 * np.std(motion)


def test_smoothing_spans_time_not_frames() -> None:
    # The same 4 Hz motion at 25 and at 50 frames a second loses the same part of its height.
    heights = []
    for fps in (25, 50):
        times = np.arange(6 * fps) / fps
        wave = smoothed(np.sin(2 * np.pi * 4 * times), times, 0.06)
        heights.append(wave[2 * fps : 4 * fps].std())
    assert heights[0] == pytest.approx(heights[1], rel=0.02)
    assert heights[0] < 0.7


def test_other_shots_and_distrusted_samples_have_no_say() -> None:
    values = np.array([0.0] * 10 + [100.0] * 10)[:, None]
    shots = np.array([0] * 10 + [1] * 10)
    times = np.arange(20) / 25
    apart = local_parabola(times, values, np.ones(20), shots, 0.1)
    np.testing.assert_allclose(apart, values, atol=1e-4)
    weights = np.ones(20)
    weights[5] = 1e-9
    values = np.zeros((20, 1))
    values[5] = 50
    outlier = local_parabola(times, values, weights, np.zeros(20, int), 0.1)
    assert abs(outlier).max() < 1e-3


def test_width_zero_and_single_samples_return_the_input() -> None:
    values = np.array([1.0, 5.0, 2.0])
    np.testing.assert_array_equal(smoothed(values, width_s=0.0), values)
    np.testing.assert_array_equal(smoothed(values[:1]), values[:1])


def make_track(noise: float = 0.0, frames: int = 60) -> FaceTrack:
    rng = np.random.default_rng(0)
    canonical = load_canonical_face().vertices
    face = np.concatenate([canonical, canonical[[33] * 5 + [263] * 5]])
    times = np.arange(frames) / 25
    sway = 10 * np.sin(2 * np.pi * 0.5 * times)
    landmarks = 100 * face[None] + np.array([320.0, 180.0, 0.0])
    landmarks = landmarks + np.stack([sway, 0 * sway, 0 * sway], axis=1)[:, None]
    landmarks = landmarks + rng.normal(0, noise, landmarks.shape) if noise else landmarks
    one = np.ones(frames, np.float32)
    return FaceTrack(times, landmarks.astype(np.float32), one, 640, 360)


def test_a_track_without_noise_stays() -> None:
    track = make_track()
    np.testing.assert_allclose(smooth_track(track).landmarks, track.landmarks, atol=0.05)


def test_a_noisy_track_comes_nearer_to_the_truth() -> None:
    truth, noisy = make_track(), make_track(noise=0.5)
    result = smooth_track(noisy)

    def error(track: FaceTrack) -> float:
        return float(np.std(track.landmarks - truth.landmarks))

    assert error(result) < 0.8 * error(noisy)
    assert jitter(result.landmarks).mean() < 0.7 * jitter(noisy.landmarks).mean()
    assert jitter(noisy.landmarks).mean() == pytest.approx(0.5, rel=0.1)


def test_lost_frames_stay_lost_and_do_not_spread() -> None:
    track = make_track(noise=0.2)
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    landmarks[20:25], confidence[20:25] = np.nan, 0
    result = smooth_track(replace(track, landmarks=landmarks, confidence=confidence))
    assert np.isnan(result.landmarks[20:25]).all()
    seen = np.r_[0:20, 25:60]
    assert np.isfinite(result.landmarks[seen]).all()
    nothing = replace(track, confidence=np.zeros_like(confidence))
    assert smooth_track(nothing) is nothing


def test_a_cut_is_not_smeared() -> None:
    track = make_track()
    landmarks = track.landmarks.copy()
    landmarks[30:, :, 0] += 200
    moved = replace(track, landmarks=landmarks, cuts=(30 / 25,))
    result = smooth_track(moved, Smoothing(0.2, 0.2, 0.2))
    assert np.abs(result.landmarks[[29, 30]] - landmarks[[29, 30]]).max() < 2


def test_a_long_track_is_smoothed_a_stretch_at_a_time_without_joints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    surface = load_canonical_face().vertices
    face = 200 * np.concatenate([surface, surface[:10]]) + 256
    noise = np.random.default_rng(0).normal(0, 0.5, (130, *face.shape))
    times = np.arange(130) / 25
    points = (face + 10 * np.sin(times)[:, None, None] + noise).astype(np.float32)
    points[60:66] = np.nan
    sure = np.isfinite(points[:, 0, 0]).astype(np.float32)
    track = FaceTrack(times, points, sure, 512, 512, (2.0,))
    whole = smooth_track(track).landmarks
    monkeypatch.setattr(smooth, "FRAMES_AT_ONCE", 40)
    monkeypatch.setattr(smooth, "BESIDE", 20)
    parts = smooth_track(track).landmarks
    assert np.nanmax(np.abs(parts - points)) > 0.3
    np.testing.assert_allclose(parts, whole, atol=0.05)
