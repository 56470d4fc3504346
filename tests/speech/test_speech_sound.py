import numpy as np
import pytest

from facedit.speech.sound_ops import (
    cut,
    cut_wider,
    fit_length,
    from_mono,
    mono,
    resampled,
    speech_samples,
)
from facedit.types import Sound


@pytest.mark.parametrize(("rate", "new"), [(48_000, 16_000), (44_100, 16_000), (16_000, 44_100)])
def test_resampling_keeps_time_and_level(rate, new):
    seconds = np.arange(3 * rate) / rate
    burst = np.exp(-(((seconds - 1.7) / 0.01) ** 2)) * np.sin(2 * np.pi * 500 * seconds)
    out = resampled(burst.astype(np.float32), rate, new)
    assert len(out) == 3 * new
    expected = np.arange(3 * new) / new
    expected = np.exp(-(((expected - 1.7) / 0.01) ** 2)) * np.sin(2 * np.pi * 500 * expected)
    np.testing.assert_allclose(out, expected, atol=0.01)


def test_resampling_nothing_gives_nothing():
    assert len(resampled(np.zeros(0, np.float32), 48_000, 16_000)) == 0


def test_mono_is_the_mean_of_the_channels():
    sound = Sound(np.array([[1.0, 0.0], [0.5, 0.5]], np.float32), 8_000)
    np.testing.assert_allclose(mono(sound), [0.5, 0.5])


def test_speech_samples_are_finite():
    samples = np.zeros((160, 1), np.float32)
    samples[3], samples[5] = np.nan, np.inf
    assert np.isfinite(speech_samples(Sound(samples, 16_000))).all()


def test_cut_is_half_open_and_stays_inside():
    sound = from_mono(np.arange(100, dtype=np.float32), 10)
    np.testing.assert_array_equal(cut(sound, 2.0, 4.0).samples[:, 0], np.arange(20, 40))
    assert len(cut(sound, -1.0, 1.0).samples) == 10
    assert len(cut(sound, 9.0, 99.0).samples) == 10
    assert len(cut(sound, 5.0, 4.0).samples) == 0


def test_fit_length_cuts_or_pads_the_end():
    samples = np.ones((4, 2), np.float32)
    assert fit_length(samples, 3).shape == (3, 2)
    np.testing.assert_array_equal(fit_length(samples, 6)[3:, 0], [1, 0, 0])


def test_a_wider_cut_has_its_length_and_no_step_where_the_sound_ends():
    sound = from_mono(np.ones(1000, np.float32), 1000)
    inside = cut_wider(sound, 0.3, 0.5, 0.1).samples
    np.testing.assert_array_equal(inside, np.ones((400, 1)))
    early, late = (
        cut_wider(sound, *ends_s, 0.1).samples[:, 0] for ends_s in ((0.04, 0.2), (0.8, 0.97))
    )
    assert (len(early), len(late)) == (360, 370)
    for samples in (early, late[::-1]):
        silent = int((samples == 0).sum())
        assert silent in (61, 71)  # the first sample of a fade is silent too
        assert np.diff(samples).max() <= 0.2 + 1e-6
        np.testing.assert_array_equal(samples[silent + 4 :], 1)
