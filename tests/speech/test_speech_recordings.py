"""Recordings of one's own: the best of several takes, and what is amiss with one."""

import numpy as np
import pytest

from facedit.errors import BadTranscript
from facedit.speech.fit.clip_reference import Reference
from facedit.speech.fit.recordings import best_take, doubts
from facedit.speech.signal.levels import frame_levels_db, voiced_share
from facedit.speech.sound_ops import from_mono, mono, resampled
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound

NEW = ["The", "weather", "will", "be", "stormy", "again", "tomorrow", "morning."]


@pytest.fixture(scope="module")
def reference() -> Reference:
    sound, known = synthesise("The weather will be sunny again tomorrow morning.")
    return Reference(sound, known.words)


def whispered(sound: Sound) -> Sound:
    """Noise as loud as the speech is from moment to moment."""
    size = sound.rate // 50
    levels = np.repeat(10 ** (frame_levels_db(mono(sound), sound.rate) / 20), size)
    noise = np.random.default_rng(0).normal(size=len(levels))
    return from_mono((levels * noise).astype(np.float32), sound.rate)


def noisy(sound: Sound) -> Sound:
    samples = mono(sound)
    noise = np.random.default_rng(0).normal(0, 0.4 * samples.std(), len(samples))
    return from_mono((samples + noise).astype(np.float32), sound.rate)


def high(sound: Sound) -> Sound:
    """Seven semitones up, and as much faster."""
    return from_mono(resampled(mono(sound), round(sound.rate * 1.5), sound.rate), sound.rate)


def loud(sound: Sound) -> Sound:
    return Sound(np.clip(sound.samples * np.float32(8), -1, 1), sound.rate)


@pytest.mark.parametrize(
    ("how", "what"),
    [
        (whispered, "is whispered"),
        (noisy, "is noisy"),
        (high, "is much higher than the clip's voice, as if shouted"),
        (loud, "is overdriven, as if shouted"),
    ],
)
def test_what_will_not_go_with_the_clip_is_said(reference: Reference, how, what: str) -> None:
    good = HibariVoice().speak(" ".join(NEW), 1.0)
    assert doubts(good, reference, "me.wav") == ()
    notes = doubts(how(good), reference, "me.wav")
    assert any(note.startswith(f"the recording me.wav {what}") for note in notes), notes


def test_half_of_speech_has_a_pitch_and_silence_has_no_speech(reference: Reference) -> None:
    samples = resampled(mono(reference.sound), reference.sound.rate, 16_000)
    share = voiced_share(samples, 16_000)
    assert share is not None
    assert share > 0.4
    assert voiced_share(np.zeros(10, np.float32), 16_000) is None


def test_each_edit_takes_the_recording_that_holds_its_words(reference: Reference) -> None:
    takes = [
        ("other.wav", HibariVoice().speak("Please remember to feed the goldfish.", 1.0)),
        ("noise.wav", noisy(noisy(HibariVoice().speak("Stormy.", 1.0)))),
        ("good.wav", HibariVoice().speak(" ".join(NEW), 1.0)),
    ]
    made = best_take(takes, NEW, 4, 1, "en", reference)
    assert [word.text for word in made.transcript.words] == ["stormy"]
    assert made.notes == ()
    alone = best_take(takes[2:], NEW, 4, 1, "en", reference)
    np.testing.assert_array_equal(made.sound.samples, alone.sound.samples)
    with pytest.raises(BadTranscript, match="neither the new words"):
        best_take(takes[:1], NEW, 4, 1, "en", reference)
    with pytest.raises(BadTranscript, match=r"None of other.wav, other.wav holds .* “stormy”"):
        best_take([takes[0], takes[0]], NEW, 4, 1, "en", reference)
