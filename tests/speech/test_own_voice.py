"""The speaker's own voice: pitch, formants, joints, checked where the answer is known."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from facedit.speech.fit.clip_reference import speaker_alone
from facedit.speech.own_voice.beside import Beside, beside, lead, line
from facedit.speech.own_voice.cepstra import best_warp, cepstra, envelope_of, warped
from facedit.speech.own_voice.hearing import missed, unheard_in_place
from facedit.speech.own_voice.imitate import imitate
from facedit.speech.own_voice.melody import MOST_LEAD, MOST_STEP, pitch_for
from facedit.speech.own_voice.recolour import in_colour_of, mixed, neighbours_mean
from facedit.speech.own_voice.sounds import FRAMES_PER_TICK, VoiceSounds, joined
from facedit.speech.own_voice.voice_sample import voice_sample
from facedit.speech.signal.levels import active_level_db, median_pitch
from facedit.speech.signal.world import HOP_S, analyse, find_pitch, synthesised
from facedit.speech.sound_ops import cut, mono, resampled
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound, Word

RATE = 16_000


def vowel(pitch_hz: np.ndarray, formants: tuple[float, ...]) -> np.ndarray:
    """Pulses at a pitch (per sample), through resonances of 100 Hz width."""
    phase = np.cumsum(pitch_hz / RATE)
    wave = np.diff(np.floor(phase), prepend=0.0)
    radius = np.exp(-np.pi * 100.0 / RATE)
    for hertz in formants:
        back = (2 * radius * np.cos(2 * np.pi * hertz / RATE), -(radius**2))
        made = np.zeros(len(wave) + 2)
        for k, value in enumerate(wave):
            made[k + 2] = value + back[0] * made[k + 1] + back[1] * made[k]
        wave = made[2:]
    return (0.2 * wave / np.abs(wave).max()).astype(np.float32)


def heard(samples: np.ndarray) -> VoiceSounds:
    """A voice of one long vowel: every moment is as like as any other."""
    pitch = find_pitch(samples, RATE, clean=True)
    count = len(pitch) // FRAMES_PER_TICK * FRAMES_PER_TICK
    whole = analyse(samples, RATE, pitch)
    cut = {name: getattr(whole, name)[:count] for name in ("pitch_hz", "envelope", "aperiodicity")}
    states = np.ones((count // FRAMES_PER_TICK, 1), np.float32)
    return VoiceSounds(replace(whole, **cut), states, np.ones(count, np.bool_), states[0] * 0)


def gliding(low_hz: float, high_hz: float, formants: tuple[float, ...]) -> np.ndarray:
    """A second of a vowel whose pitch rises evenly."""
    return vowel(np.geomspace(low_hz, high_hz, RATE), formants)


@pytest.fixture(scope="module")
def woman() -> VoiceSounds:
    return heard(gliding(190, 230, (560, 1700)))


@pytest.fixture(scope="module")
def man() -> VoiceSounds:
    return heard(gliding(95, 115, (700, 1100)))


def peaks_hz(samples: np.ndarray) -> list[float]:
    """Where the two highest peaks of the spectral envelope are."""
    found = heard(samples).analysis.envelope[50:-50].mean(axis=0)
    tops = [k for k in range(2, len(found) - 1) if found[k - 1] < found[k] >= found[k + 1]]
    best = sorted(tops, key=lambda k: -found[k])[:2]
    return sorted(k * RATE / 2 / (len(found) - 1) for k in best)


def test_a_vowel_goes_to_the_speakers_pitch_and_formants(
    woman: VoiceSounds, man: VoiceSounds
) -> None:
    coloured = in_colour_of(woman, man)
    coloured = replace(coloured, pitch_hz=pitch_for(woman, man, Beside()))
    drawn = neighbours_mean(woman, man, coloured)
    whole = mixed(woman, man, coloured, drawn, 1.0)
    made = synthesised(whole)
    assert len(made) == pytest.approx(RATE, abs=2 * HOP_S * RATE * FRAMES_PER_TICK)
    assert median_pitch(made, RATE) == pytest.approx(np.sqrt(95 * 115), rel=0.03)
    np.testing.assert_allclose(peaks_hz(made), (700, 1100), atol=60)
    # Every moment is as loud as it was: only the colour is another's.
    power = [np.exp(one.envelope).sum(axis=1) for one in (whole, coloured)]
    np.testing.assert_allclose(power[0], power[1], rtol=1e-6)


def test_the_pitch_keeps_its_movement_in_the_speakers_range(
    woman: VoiceSounds, man: VoiceSounds
) -> None:
    pitch = pitch_for(woman, man, Beside())
    voiced = pitch[20:-20]
    assert voiced[-1] / voiced[0] == pytest.approx(115 / 95, rel=0.06)
    assert (pitch > 0).tolist() == woman.analysis.voiced.tolist()


def test_words_beside_lead_the_pitch_on(woman: VoiceSounds, man: VoiceSounds) -> None:
    # Both rise alike; the speaker says at 0.7 s what the voice says at 0.2 s: higher by half.
    spoken, said = Word("so", 0.1, 0.3), Word("so", 0.6, 0.8)
    around = Beside(before=((spoken, said),), span_s=(0.4, 0.6))
    flat, led = (pitch_for(woman, man, words) for words in (Beside(), around))
    rises = np.log(115 / 95) * 0.5
    np.testing.assert_allclose(np.log(led[20:-20] / flat[20:-20]), rises, atol=0.02)
    assert rises < MOST_LEAD


def test_a_few_words_keep_their_place_in_the_voices_range(
    woman: VoiceSounds, man: VoiceSounds
) -> None:
    """A word that the voice says high is high in the speaker's voice, too: the rest is known."""
    high = heard(gliding(225, 230, (560, 1700)))
    alone, known = (
        pitch_for(source, man, Beside())[20:-20] for source in (high, joined(high, woman))
    )
    assert np.median(alone) == pytest.approx(105, rel=0.03)
    assert np.median(known[: len(alone)]) > 108


def test_the_pitch_does_not_step_further_than_people_step(
    woman: VoiceSounds, man: VoiceSounds
) -> None:
    # The word beside is not said by the voice as by the speaker: half an octave lies between.
    low = replace(man, analysis=replace(man.analysis, pitch_hz=man.analysis.pitch_hz.copy()))
    low.analysis.pitch_hz[:60] = 55.0
    spoken, said, new = Word("so", 0.1, 0.3), Word("so", 0.1, 0.25), Word("far", 0.4, 0.6)
    around = Beside(before=((spoken, said),), span_s=(0.4, 0.6), ends=(new, new))
    pitch = pitch_for(woman, low, around)
    step = np.log(np.median(pitch[80:120]) / 55.0)
    free = pitch_for(woman, low, replace(around, ends=()))
    assert step < np.log(np.median(free[80:120]) / 55.0) - 0.02
    assert step == pytest.approx(MOST_STEP, abs=0.05)


def test_nearer_words_lead_more_and_one_side_stands_for_both() -> None:
    word = Word("a", 0.0, 1.0)
    values = {0.0: 4.0, 2.0: 1.0}
    around = Beside(before=((word, word), (replace(word, start_s=2.0, end_s=3.0), word)))
    assert lead(around, lambda spoken, _: values[spoken.start_s], 9.0) == (3.0, 3.0)
    assert lead(around, lambda spoken, _: values[spoken.start_s], 2.0) == (2.0, 2.0)
    assert lead(Beside(), lambda *_: 1.0, 9.0) == (0.0, 0.0)
    around = Beside(((word, word),), ((replace(word, start_s=2.0, end_s=3.0), word),), (1.0, 2.0))
    ends = lead(around, lambda spoken, _: values[spoken.start_s], 9.0)
    assert ends == (4.0, 1.0)
    np.testing.assert_allclose(
        line(around, ends, np.array([0.0, 1.0, 1.5, 2.0, 9.0])), (4, 4, 2.5, 1, 1)
    )


def test_pairs_end_where_the_texts_differ() -> None:
    spoken = [Word(text, k, k + 1) for k, text in enumerate(("we", "saw", "new", "red", "cars"))]
    said = [replace(word, start_s=word.start_s + 10, end_s=word.end_s + 10) for word in spoken]
    around = beside(spoken, slice(2, 3), said[:2], [replace(said[3], text="Red,"), said[2]])
    assert around.span_s == (2, 3)
    assert around.before == ((spoken[1], said[1]), (spoken[0], said[0]))
    assert [new.text for new, _ in around.after] == ["red"]


def test_cepstra_hold_the_coarse_shape_and_find_the_tract_length(man: VoiceSounds) -> None:
    envelope = man.analysis.envelope[40:60]
    again = envelope_of(cepstra(envelope, 257), 513)
    np.testing.assert_allclose(again, envelope, atol=0.5)
    np.testing.assert_allclose(cepstra(again, 257), cepstra(envelope, 257), atol=1e-9)
    longer = warped(envelope, 1.1).mean(axis=0)
    assert best_warp(envelope.mean(axis=0), longer) == pytest.approx(1.1, abs=0.011)


def test_a_low_voice_says_new_words_low_in_place_and_understood(
    spoken: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedit.speech.own_voice.imitate.WEIGHTS", (0.55,))  # hears it once
    # A speaker seven semitones below the voice, more than resampling may ever shift.
    wave = mono(spoken)
    speaker = Sound(np.tile(wave, 2)[:, None] * np.float32(0.5), round(spoken.rate * 0.66))
    own = speaker_alone(
        Sound(resampled(speaker.samples[:, 0], speaker.rate, 24_000)[:, None], 24_000)
    )
    dry: list[np.ndarray] = []
    monkeypatch.setattr(
        "facedit.speech.own_voice.imitate.in_room",
        lambda samples, *_: dry.append(samples) or samples.copy(),
    )
    sound, words = synthesise("Nobody will be hungry again tomorrow morning.")
    new = slice(0, 4)
    said = [word.text for word in words.words[new]]

    def unheard(samples: np.ndarray, _: np.ndarray) -> tuple[int, ...]:
        alone = new_words(Sound(samples[:, None], 24_000), words.words, new)
        return unheard_in_place(mono(alone), said, own)

    made = imitate(sound, words.words, new, own, voice_sample("hibari", 24_000), unheard)
    assert len(made.samples) == pytest.approx(len(sound.samples), abs=1)
    pitch = find_pitch(made.samples, 24_000, clean=True)
    assert np.log(pitch[pitch > 0]).mean() == pytest.approx(own.sounds.log_pitch().mean(), abs=0.06)
    assert active_level_db(made.samples, 24_000) == pytest.approx(
        active_level_db(own.sound.samples[:, 0], 24_000), abs=1.5
    )
    assert made.unheard == 0
    assert made.dry is dry[-1]  # by which the words are cut out


def new_words(sound: Sound, words: Sequence[Word], new: slice) -> Sound:
    """Cut the new ones out of the words of a sound, half of the pauses beside them with them."""
    middles_s = [(left.end_s + right.start_s) / 2 for left, right in pairwise(words)]
    edges_s = [0.0, *middles_s, sound.duration_s]
    return cut(sound, edges_s[new.start], edges_s[new.stop])


def test_new_words_count_as_heard_in_their_place_however_they_are_spelled() -> None:
    said = ["we", "saw", "20", "cars", "and", "twenty", "dogs"]
    assert missed(said, slice(2, 4), ["We", "saw", "twenty", "cars", "and", "20", "dogs."]) == ()
    assert missed(said, slice(2, 4), ["We", "saw", "plenty", "cars", "and", "twenty", "dogs"]) == (
        2,
    )
    assert missed(said, slice(2, 4), ["dogs"]) == (2, 3)
    assert missed(said, slice(5, 6), ["We", "saw", "twenty", "cars", "and", "dogs"]) == (5,)
    british = ["our", "neighbours", "favour", "write"]
    heard = ["our", "neighbors", "favor", "right."]
    assert missed(british, slice(0, 4), heard) == ()
    assert missed(british, slice(0, 4), ["our", "labours", "favor", "right."]) == (1,)


def test_new_words_are_heard_between_the_clips_own(spoken: Sound, sentence: str) -> None:
    _, transcript = synthesise(sentence)
    words = transcript.words
    place, place_s = words[4], (words[4].start_s, words[4].end_s)
    speaker = replace(speaker_alone(spoken), words=words, place_s=place_s)
    said = mono(new_words(spoken, words, slice(4, 5)))
    assert unheard_in_place(said, [place.text], speaker) == ()
    assert unheard_in_place(said, ["wonderful", place.text], speaker) == (0,)
    assert unheard_in_place(0 * said, [place.text], speaker) == (0,)
