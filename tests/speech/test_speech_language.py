"""Which language is spoken: Whisper's answer, corrected for the mistakes it is known to make."""

import numpy as np
import pytest

from facedit.media.sound import read_speech_file
from facedit.speech.recognition import whisper_words
from facedit.speech.recognition.transcribe import transcribe
from facedit.speech.recognition.whisper_words import detect_language, likely_language
from facedit.speech.sound_ops import from_mono, speech_samples


@pytest.mark.parametrize(
    ("probabilities", "language"),
    [
        ({"en": 0.9, "cy": 0.1}, "en"),
        ({"en": 0.371, "cy": 0.606}, "en"),
        ({"en": 0.05, "cy": 0.9}, "cy"),
        ({"en": 0.3, "de": 0.5}, "en"),
        ({"en": 0.217, "ar": 0.481}, "ar"),
        ({"en": 0.002, "hi": 0.293}, "hi"),
        ({"ar": 0.4}, "ar"),
    ],
)
def test_english_is_preferred_where_it_is_nearly_as_likely(probabilities, language):
    assert likely_language(probabilities) == language


def test_the_language_is_sought_where_speech_is(spoken, monkeypatch):
    """40 s of silence in front of the speech: the first 30 s would say nothing."""
    heard = []

    def listen(samples):
        heard.append(samples)
        return detect_language(samples)

    monkeypatch.setattr("facedit.speech.recognition.transcribe.detect_language", listen)
    speech = speech_samples(spoken)
    late = np.concatenate([np.zeros(40 * 16_000, np.float32), speech])
    found = transcribe(from_mono(late, 16_000))
    assert found.language == "en"
    assert np.abs(heard[0][:16_000]).max() > 0.05
    assert found.words[0].start_s > 39.9


def test_a_window_whose_language_was_told_is_not_encoded_again(monkeypatch):
    monkeypatch.setattr(whisper_words, "KEPT", 1)
    asked = []
    encode = whisper_words._remembering(lambda window: asked.append(window) or len(asked))
    one, other = np.zeros((80, 10), np.float32), np.ones((80, 10), np.float32)
    assert [encode(window) for window in (one, one.copy(), other, one)] == [1, 1, 2, 3]
    assert whisper_words.model().encode.__qualname__ == encode.__qualname__


@pytest.mark.full
@pytest.mark.shared
@pytest.mark.parametrize(
    ("clip", "language"), [("takes/006.mp4", "en"), ("lrw_ar/11240_4d85.mp4", "ar")]
)
def test_real_clips(clip, language, shared_data):
    """The first was taken for Welsh, and with it went the better word times."""
    path = shared_data / clip
    assert path.is_file()
    found = transcribe(read_speech_file(path))
    assert found.language == language
    assert ("phone alignment" in found.origin) == (language == "en")
