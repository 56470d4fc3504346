import numpy as np
import pytest

from facedit.speech.signal.levels import (
    active_level_db,
    band_levels_db,
    median_pitch,
    syllable_rate,
)
from facedit.speech.signal.low_energy import level_db
from facedit.speech.signal.match import (
    MOST_COLOUR_DB,
    add_room,
    fit_duration,
    match_colour,
    match_loudness,
    match_loudness_limited,
    room_tone,
    shift_pitch,
    stretch,
)
from facedit.speech.sound_ops import from_mono
from facedit.types import Sound, Word

RATE = 16_000


def _voice(hertz: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 9))
    return (0.1 * wave).astype(np.float32)


@pytest.mark.parametrize("hertz", [80, 115, 170, 240, 330])
def test_pitch_of_a_buzz(hertz):
    assert median_pitch(_voice(hertz), RATE) == pytest.approx(hertz, rel=0.01)


def test_noise_and_silence_have_no_pitch():
    assert median_pitch(np.random.default_rng(0).normal(0, 0.1, RATE), RATE) is None
    assert median_pitch(np.zeros(RATE, np.float32), RATE) is None
    assert median_pitch(np.zeros(10, np.float32), RATE) is None


@pytest.mark.parametrize("semitones", [-4, -1.5, 2, 4])
def test_pitch_moves_by_semitones_and_the_length_stays(semitones):
    shifted = shift_pitch(_voice(150), RATE, semitones)
    assert len(shifted) == RATE
    assert median_pitch(shifted, RATE) == pytest.approx(150 * 2 ** (semitones / 12), rel=0.01)


def test_pitch_moves_no_further_than_sounds_natural():
    shifted = shift_pitch(_voice(150), RATE, 20)
    assert median_pitch(shifted, RATE) == pytest.approx(150 * 2 ** (4 / 12), rel=0.01)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_stretching_keeps_pitch_and_gives_the_length(factor):
    longer = stretch(_voice(150, 2.0), RATE, factor)
    assert len(longer) == round(2 * RATE * factor)
    assert median_pitch(longer, RATE) == pytest.approx(150, rel=0.01)
    gap = _voice(150, 2.0)
    gap[RATE:] = 0
    level = np.abs(stretch(gap, RATE, factor))
    assert np.flatnonzero(level > 0.02)[-1] / RATE == pytest.approx(factor, abs=0.04)


def test_stretching_out_of_range_is_an_error():
    with pytest.raises(ValueError, match=r"0\.1"):
        stretch(_voice(100), RATE, 0.1)


def test_active_level_ignores_pauses():
    wave = np.concatenate([_voice(150), np.zeros(3 * RATE, np.float32)])
    assert active_level_db(wave, RATE) == pytest.approx(level_db(_voice(150)), abs=0.5)


def test_loudness_is_matched_without_clipping():
    matched = match_loudness(_voice(150), RATE, -30.0)
    assert active_level_db(matched, RATE) == pytest.approx(-30.0, abs=0.1)
    assert np.abs(match_loudness(_voice(150), RATE, 10.0)).max() <= 1.0


def test_a_limiter_lets_a_peaky_voice_be_as_loud_as_the_clip():
    # Clicks above the rest, twenty times a second.
    peaky = _voice(150)
    peaky[100 :: RATE // 20] += 0.8
    for level in (-30.0, -8.0):
        matched = match_loudness_limited(peaky, RATE, level)
        assert len(matched) == len(peaky)
        assert active_level_db(matched, RATE) == pytest.approx(level, abs=0.7)
        assert np.abs(matched).max() < 1.0
    assert active_level_db(match_loudness(peaky, RATE, -8.0), RATE) < -9.5
    quiet = match_loudness_limited(peaky, RATE, -30.0)  # nothing to hold: the very shape
    np.testing.assert_allclose(quiet, match_loudness(peaky, RATE, -30.0), atol=1e-6)


def test_colour_moves_towards_the_reference():
    generator = np.random.default_rng(0)
    white = generator.normal(0, 0.1, 2 * RATE).astype(np.float32)
    dull = np.convolve(generator.normal(0, 0.1, 2 * RATE), [0.5, 0.5], "same").astype(np.float32)
    edges = np.array([200.0, 2000.0, 7000.0])

    def tilt(wave):
        low, high = band_levels_db(wave, RATE, edges)
        return high - low

    matched = match_colour(white, dull, RATE)
    assert len(matched) == len(white)
    assert abs(tilt(matched) - tilt(dull)) < 0.4 * abs(tilt(white) - tilt(dull))
    assert active_level_db(matched, RATE) == pytest.approx(active_level_db(white, RATE), abs=0.2)
    muffled = np.convolve(dull, np.ones(16) / 16, "same").astype(np.float32)
    assert tilt(match_colour(white, muffled, RATE)) - tilt(white) > -2 * MOST_COLOUR_DB - 1


def test_colour_is_matched_up_to_where_voices_have_sound():
    rate, edges = 24_000, np.array([200.0, 5_000.0, 9_000.0, 10_500.0])
    white = np.random.default_rng(3).normal(0, 0.1, 2 * rate)
    bins = np.fft.rfftfreq(len(white), 1 / rate)
    bright = np.fft.irfft(np.fft.rfft(white) * np.where(bins > 7_500, 2.0, 1.0))
    white, bright = white.astype(np.float32), bright.astype(np.float32)
    below, _, above = band_levels_db(match_colour(white, bright, rate), rate, edges)
    usual_below, _, usual_above = band_levels_db(white, rate, edges)
    assert (above - below) - (usual_above - usual_below) > 4.0


def test_room_tone_has_the_level_of_the_pauses():
    generator = np.random.default_rng(1)
    quiet = generator.normal(0, 0.001, (2 * RATE, 2))
    loud = generator.normal(0, 0.1, (2 * RATE, 2))
    reference = Sound(np.concatenate([quiet, loud]).astype(np.float32), RATE)
    tone = room_tone(reference, 5_000, np.random.default_rng(0))
    assert tone.shape == (5_000, 2)
    assert level_db(tone) == pytest.approx(-60, abs=1)
    again = room_tone(reference, 5_000, np.random.default_rng(0))
    np.testing.assert_array_equal(tone, again)
    bare = Sound(np.zeros((5_000, 2), np.float32), RATE)
    np.testing.assert_array_equal(add_room(bare, reference, np.random.default_rng(0)).samples, tone)


@pytest.mark.parametrize("level", [0.1, 0.0])
def test_no_pause_or_no_room_gives_no_tone(level):
    wave = np.random.default_rng(0).normal(0, 1, (2 * RATE, 1)) * level
    assert room_tone(Sound(wave.astype(np.float32), RATE), 100, np.random.default_rng(0)) is None


@pytest.mark.parametrize("seconds", [0.97, 1.0, 1.03, 1.3, 0.8])
def test_durations_are_exact(seconds):
    sound = fit_duration(from_mono(_voice(150), RATE, 2), seconds)
    assert sound.samples.shape == (round(seconds * RATE), 2)


def test_syllable_rate_leaves_pauses_out():
    words = [Word("yellow", 0.0, 0.4), Word("mountains", 2.0, 2.6)]
    assert syllable_rate(words) == pytest.approx(4.0)
    assert syllable_rate([Word("a", 0, 0.1)]) is None
