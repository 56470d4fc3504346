import numpy as np

from facedit.speech.encoders.log_mel import log_mel, mel_filters


def test_agrees_with_the_reference_implementation():
    from faster_whisper.feature_extractor import FeatureExtractor

    sound = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)
    sound[4_000:9_000] *= 0.001
    theirs = FeatureExtractor()(sound, padding=0)
    np.testing.assert_allclose(log_mel(sound), theirs, atol=1e-4)


def test_a_tone_is_in_the_band_of_its_frequency():
    sound = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    loudest = int(log_mel(sound)[:, 50].argmax())
    nearest = int(mel_filters()[:, 25].argmax())  # bin 25 of 400 is 1000 Hz
    assert loudest == nearest


def test_pieces_agree_when_they_share_the_peak():
    sound = np.random.default_rng(2).normal(0, 0.1, 32_000).astype(np.float32)
    sound[:8_000] *= 1e-4
    whole = log_mel(sound, peak=1.0)
    np.testing.assert_allclose(
        log_mel(sound[8_000:], peak=1.0)[:, 3:-3], whole[:, 53:-3], atol=1e-5
    )


def test_nothing_gives_nothing():
    assert log_mel(np.zeros(100, dtype=np.float32)).shape == (80, 0)
