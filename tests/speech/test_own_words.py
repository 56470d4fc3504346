"""New words that the speaker says elsewhere: found where they suit, and taken as they are."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from facedit.speech.own_voice.elsewhere import Wanted, said_elsewhere
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.own_voice.pieces import JOINT, Pieces, in_pieces, joined_pieces
from facedit.speech.own_voice.say import say
from facedit.speech.own_voice.sounds import FRAMES_PER_TICK, VoiceSounds
from facedit.speech.recognition.forced import AlignedPhone
from facedit.speech.signal.low_energy import level_db
from facedit.speech.signal.world import HOP_S, Analysis
from facedit.types import Sound, Word

RATE = 16_000
WORDS = ("we", "saw", "cars", "and", "red", "cars", "then", "stop")


def speaker(pitches_hz: Sequence[float], pause_s: float = 0.0) -> Speaker:
    """Somebody who says WORDS, 0.3 s each, at a pitch each; a pause may follow the sixth."""
    seconds = len(WORDS) * 0.3
    frames = round(seconds / HOP_S) // FRAMES_PER_TICK * FRAMES_PER_TICK
    pitch = np.repeat(pitches_hz, frames // len(WORDS) + 1)[:frames].astype(float)
    flat = np.zeros((frames, 3))
    states = np.ones((frames // FRAMES_PER_TICK, 1), np.float32)
    active = np.ones(frames, np.bool_)
    sounds = VoiceSounds(Analysis(RATE, pitch, flat, flat), states, active, states[0])
    words = [Word(text, 0.3 * k, 0.3 * (k + 1)) for k, text in enumerate(WORDS)]
    words[6] = replace(words[6], start_s=words[6].start_s + pause_s)
    noise = np.random.default_rng(0).normal(0, 0.1, (round(seconds * RATE), 1))
    # The edit is where "stop" is said.
    return Speaker(Sound(noise.astype(np.float32), RATE), sounds, tuple(words), (2.1, 2.4))


def wanted(*texts: str, duration_s: float = 0.3) -> Wanted:
    return Wanted(texts, duration_s * len(texts), "then", None)


@pytest.mark.parametrize("texts", [("red",), ("Red,",), ("red", "cars"), ("and", "red", "cars")])
def test_words_are_found_however_they_are_written(texts: tuple[str, ...]) -> None:
    unit = said_elsewhere(wanted(*texts), speaker([120] * 8))
    assert unit is not None
    assert unit.words.start == {"and": 3}.get(texts[0], 4)
    assert unit.words.stop - unit.words.start == len(texts)
    assert unit.gain_db == pytest.approx(0.0, abs=0.2)


def test_words_that_are_not_said_or_not_so_are_not_taken() -> None:
    even = speaker([120] * 8)
    assert said_elsewhere(wanted("blue"), even) is None
    assert said_elsewhere(wanted("cars", "red"), even) is None
    assert said_elsewhere(wanted("red", duration_s=0.6), even) is None  # said twice as fast
    assert said_elsewhere(wanted("red"), speaker([120] * 4 + [190] + [120] * 3)) is None  # high
    doubted = tuple(replace(word, score=0.3) for word in even.words)
    assert said_elsewhere(wanted("red"), replace(even, words=doubted)) is None


def test_of_several_places_the_pitch_and_the_phrase_decide() -> None:
    first, second = slice(2, 3), slice(5, 6)
    inside, last = Wanted(("cars",), 0.3, "saw", "and"), Wanted(("cars",), 0.3, "red", None)
    even, rising = speaker([120] * 8), speaker([120, 120, 160, *[120] * 5])
    for want, own, where in (
        (inside, even, first),
        (inside, rising, second),
        (last, speaker([120] * 8, pause_s=0.2), second),
    ):
        unit = said_elsewhere(want, own)
        assert unit is not None
        assert unit.words == where


def test_what_is_taken_are_the_very_samples_as_loud_as_needed() -> None:
    even = speaker([120] * 8)
    quieter = even.sound.samples.copy()
    quieter[round(1.2 * RATE) : round(1.5 * RATE)] *= 0.7  # "red"
    own = replace(even, sound=Sound(quieter, RATE))
    voice = [Word(text, 0.3 * k, 0.3 * (k + 1)) for k, text in enumerate(("then", "Red!"))]
    silence = np.zeros(RATE, np.float32)
    spoken = Sound(silence[:, None], RATE), voice, slice(1, 2)
    made = say("hibari", spoken, own, lambda dry, _: dry, lambda: (silence, silence))
    assert made is not None
    assert made.taken_s == pytest.approx(1.2)
    assert made.new == slice(4, 5)
    assert made.words[4] == replace(even.words[4], text="Red!")
    gain = made.samples / quieter[:, 0]
    assert np.ptp(gain) < 1e-5
    word = made.samples[round(1.2 * RATE) : round(1.5 * RATE)]
    assert level_db(word) == pytest.approx(
        level_db(even.sound.samples[: round(0.9 * RATE)]), abs=0.3
    )


SAID = {"cat": "K AE T", "houses": "HH AW S IH Z", "man": "M AE N"}


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Speaker:
    """Says three words, 0.1 s a phone; a pause after each."""
    at_s, words, phones = 0.1, [], []
    for text, names in SAID.items():
        count = len(names.split())
        words.append(Word(text, at_s, at_s + 0.1 * count))
        for k, name in enumerate(names.split()):
            phones.append(AlignedPhone(name, at_s + 0.1 * k, at_s + 0.1 * (k + 1), 0.0))
        at_s += 0.1 * count + 0.1
    monkeypatch.setattr("facedit.speech.own_voice.pieces.phones_of_sound", lambda *_: tuple(phones))
    return replace(speaker([120] * 8), words=tuple(words))


def test_a_word_inside_another_is_one_piece(says: Speaker) -> None:
    found = in_pieces(["house"], says)
    assert found is not None
    np.testing.assert_allclose(found.spans_s, [(0.5, 0.8)])
    np.testing.assert_allclose(found.words_s, [(0.0, 0.3)])
    assert 0 < found.cost < JOINT  # it ends where "houses" goes on


def test_pieces_are_joined_inside_a_sound_that_both_have(says: Speaker) -> None:
    found = in_pieces(["can"], says)
    assert found is not None
    np.testing.assert_allclose(found.spans_s, [(0.1, 0.25), (1.25, 1.4)])
    assert found.cost >= JOINT
    assert in_pieces(["mat"], says) is not None
    for unsaid in (["tin"], ["cats"], ["cat", "house"]):
        assert in_pieces(unsaid, says) is None


def test_waves_agree_where_pieces_are_joined() -> None:
    wave = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE).astype(np.float32)
    joined = joined_pieces(Pieces(((0.1, 0.2), (0.5037, 0.6)), ((0.0, 0.19),), 0.0), wave, RATE)
    assert len(joined) / RATE == pytest.approx(0.1963, abs=0.0061)
    steepest = np.abs(np.diff(wave)).max()
    assert np.abs(np.diff(joined)).max() < 1.05 * steepest
    assert np.corrcoef(joined[:-160], joined[160:])[0, 1] > 0.99  # still of one period
