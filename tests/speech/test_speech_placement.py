"""A new word goes into the channels of the old one, and what sounds under it goes on."""

import numpy as np
import pytest

from facedit.speech.signal.background import background_of, joined_background
from facedit.speech.signal.placement import placed, speech_background, speech_gains, spoken_channel
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
    assert speech_background(Sound(samples, RATE), WORDS, *EDITED) is None
    samples[:, 2] += tones(450)
    found = speech_background(Sound(samples, RATE), WORDS, *EDITED)
    assert found is not None
    assert found.floor.shape[0] == 3
    assert not found.floor[:2].any()
    assert found.floor[2].any()
    assert not found.beside.any()


def test_silence_is_in_all_channels() -> None:
    np.testing.assert_array_equal(speech_gains(Sound(np.zeros((0, 2), np.float32), RATE)), [1, 1])


def chords() -> Float32:
    """Two chords in turn, one of them under the edited word and once before and after it."""
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    first = np.floor(time_s / 0.4) % 2 == 0
    return np.where(first, tones(330, 415), tones(392, 494)).astype(np.float32)


def fan() -> Float32:
    rng = np.random.default_rng(3)
    return (0.06 * rng.standard_normal(round(SECONDS * RATE))).astype(np.float32)


def decibels(samples: Float32) -> float:
    return float(10 * np.log10(np.square(samples, dtype=np.float64).mean()))


@pytest.mark.parametrize(("music", "softer_db"), [(tones(450, 700), 1), (chords(), 6), (fan(), 3)])
def test_what_sounds_in_the_pauses_goes_on_and_the_word_does_not(
    music: Float32, softer_db: float
) -> None:
    clip = Sound((voice() + music)[:, None], RATE)
    found = speech_background(clip, WORDS, *EDITED)
    assert found is not None
    first, last = (round(s * RATE) for s in EDITED)
    under = background_of(clip.samples, RATE, found)[first:last, 0]
    assert decibels(under) == pytest.approx(decibels(music[first:last]), abs=softer_db)
    # Of the voice is left what the mask lets through with it.
    left = under - background_of(music[:, None], RATE, found)[first:last, 0]
    assert decibels(left) < decibels(voice()[first:last]) - 9


def test_music_at_the_sides_of_the_voice_goes_on_whole() -> None:
    """Also a note that sounds nowhere but under the word."""
    note = np.zeros(round(SECONDS * RATE), np.float32)
    first, last = (round(s * RATE) for s in EDITED)
    note[first:last] = 0.2 * tones(600)[first:last]
    left, right = tones(450) + note, tones(450) * 0.3 - note
    clip = Sound(np.stack([voice() + left, voice() + right], axis=1), RATE)
    found = speech_background(clip, WORDS, *EDITED)
    assert found is not None
    under = background_of(clip.samples, RATE, found)[first:last]
    np.testing.assert_allclose(under[:, 0] - under[:, 1], (left - right)[first:last], atol=1e-4)


def test_the_room_of_a_voice_is_no_music_at_its_sides() -> None:
    """What differs between the channels because of the voice's echoes is cut out with it."""
    echoes = [np.roll(voice(), samples) for samples in (90, 170)]
    both = np.stack([voice() + 0.3 * echo + tones(450, 700) for echo in echoes], axis=1)
    found = speech_background(Sound(both, RATE), WORDS, *EDITED)
    assert found is not None
    assert not found.beside.any()


def test_a_quiet_room_has_no_background() -> None:
    for noise in (0.0, 0.003):
        noisy = voice() + noise * np.random.default_rng(1).standard_normal(round(SECONDS * RATE))
        clip = Sound(noisy[:, None].astype(np.float32), RATE)
        assert speech_background(clip, WORDS, *EDITED) is None


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
