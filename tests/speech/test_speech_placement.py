"""A new word goes into the channels of the old one, and what sounds under it goes on."""

import numpy as np
import pytest

from facedit.speech.background import background_floor, background_of, joined_background
from facedit.speech.placement import placed, speech_floor, speech_gains, spoken_channel
from facedit.types import Float32, Sound, Word

RATE = 16_000
SECONDS = 4.0
WORDS = [Word("w", start, start + 0.35) for start in (0.3, 0.8, 1.3, 1.9, 2.5, 3.2)]
EDITED = (1.9, 2.25)


def voice() -> Float32:
    """Harmonics of a gliding pitch in the words, and nothing in the pauses."""
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    wave = np.zeros(len(time_s))
    for word in WORDS:
        since_s = time_s - word.start_s
        inside = (since_s >= 0) & (since_s < 0.35)
        phase = 2 * np.pi * (110 * since_s + 60 * since_s**2)
        tone = np.asarray(sum(np.sin(k * phase) / k for k in range(1, 9)))
        wave += np.where(inside, 0.2 * np.sin(np.pi * since_s / 0.35) * tone, 0.0)
    rng = np.random.default_rng(5)
    return (wave + 1e-4 * rng.standard_normal(len(wave))).astype(np.float32)


def tones(*hertz: float) -> Float32:
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    wave: Float32 = sum(0.1 * np.sin(2 * np.pi * f * time_s) for f in hertz).astype(np.float32)
    return wave


def level(samples: Float32, hertz: float) -> float:
    """Amplitude of a tone in decibels."""
    window = np.hanning(len(samples))
    turning = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / RATE)
    return float(20 * np.log10(2 * abs((samples * window * turning).sum()) / window.sum() + 1e-9))


@pytest.mark.parametrize("words", [(), WORDS])
@pytest.mark.parametrize(
    "gains", [(1.0,), (1.0, 0.0), (0.0, 1.0), (0.4, 1.0), (1.0, 1.0), (1.0, -1.0), (0, 0, 1.0, 0)]
)
def test_gains_of_the_voice_are_found(gains: tuple[float, ...], words: list[Word]) -> None:
    clip = placed(voice(), RATE, np.array(gains, np.float32))
    found = speech_gains(clip, words)
    np.testing.assert_allclose(found * np.sign(found[np.argmax(np.abs(found))]), gains, atol=0.03)
    again = placed(spoken_channel(clip, found), RATE, found)
    np.testing.assert_allclose(again.samples, clip.samples, atol=2e-3)


def test_music_in_other_channels_is_no_voice() -> None:
    samples = np.zeros((round(SECONDS * RATE), 6), np.float32)
    samples[:, 2] = voice()
    samples[:, 0], samples[:, 1] = tones(523, 660), tones(523, 784)
    gains = speech_gains(Sound(samples, RATE), WORDS)
    assert gains[2] == 1.0
    assert np.abs(np.delete(gains, 2)).max() < 0.1


def test_music_in_other_channels_is_no_background_of_the_voice() -> None:
    samples = np.stack([tones(523, 660), tones(523, 784), voice()], axis=1)
    assert speech_floor(Sound(samples, RATE), WORDS, *EDITED) is None
    samples[:, 2] += tones(450)
    floor = speech_floor(Sound(samples, RATE), WORDS, *EDITED)
    assert floor is not None
    assert floor.shape[0] == 3
    assert not floor[:2].any()
    assert floor[2].any()


def test_silence_is_in_all_channels() -> None:
    np.testing.assert_array_equal(speech_gains(Sound(np.zeros((0, 2), np.float32), RATE)), [1, 1])


def test_steady_sound_goes_on_and_the_word_does_not() -> None:
    clip = Sound((voice() + tones(450, 700))[:, None], RATE)
    floor = background_floor(clip, *EDITED)
    assert floor is not None
    under = background_of(clip.samples, RATE, floor)[:, 0]
    first, last = (round(s * RATE) for s in EDITED)
    for hertz in (450, 700):
        assert level(under[first:last], hertz) == pytest.approx(-20, abs=3)
    left = under - tones(450, 700)
    before = np.square(voice()[first:last]).mean()
    assert np.square(left[first:last]).mean() < 0.1 * before


def test_a_quiet_room_has_no_background() -> None:
    assert background_floor(Sound(voice()[:, None], RATE), *EDITED) is None
    noisy = voice() + 0.003 * np.random.default_rng(1).standard_normal(round(SECONDS * RATE))
    assert background_floor(Sound(noisy[:, None].astype(np.float32), RATE), *EDITED) is None


@pytest.mark.parametrize("length", [1, 300, 4000])
def test_a_joint_of_backgrounds_is_neither_louder_nor_softer(length: int) -> None:
    left, right = tones(220)[:length, None], tones(220)[37 : 37 + length, None]
    joined = joined_background(left, right, RATE)
    assert joined.shape == left.shape
    np.testing.assert_allclose(joined[-1], right[-1], atol=2e-3)
    if length > 2000:
        assert joined[0] == left[0]
        power = np.square(joined).reshape(-1, 400).mean(axis=1)
        assert (
            np.abs(10 * np.log10(power / np.square(left).mean())).max() < 3
        )  # they are in opposite phase
