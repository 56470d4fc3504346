import logging

import numpy as np
import pytest

from facedit.errors import BadTranscript
from facedit.speech.encoders.features import extract
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.speech.recognition import sound_cache as cache
from facedit.speech.recognition.sound_cache import cached_features, cached_transcript, cached_words
from facedit.speech.sound_ops import sound_key
from facedit.types import Sound, Transcript, Word
from facedit.weights.fetch import asset_path


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """An empty cache; the encoder is loaded before the assets move out of sight."""
    assert asset_path("whisper-base.bin")
    assert WHISPER.channels
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    return tmp_path / "clips" / "speech"


def test_the_second_call_reads_what_the_first_one_wrote(spoken, folder, monkeypatch):
    first = cached_features(spoken)
    np.testing.assert_allclose(first.values, extract(spoken).values, rtol=1e-3, atol=1e-3)
    monkeypatch.setattr(cache, "extract", None)  # a second computation would fail
    second = cached_features(spoken)
    np.testing.assert_array_equal(first.values, second.values)
    assert second.encoder == first.encoder == "whisper-base/4+energy+vad"
    assert [path.suffix for path in folder.iterdir()] == [".npz"]


@pytest.mark.parametrize("damage", [lambda d: b"", lambda d: d[:-50], lambda d: b"PK" + bytes(300)])
def test_a_damaged_entry_is_made_again(spoken, folder, damage, caplog):
    first = cached_features(spoken, frames=5)
    (entry,) = folder.iterdir()
    entry.write_bytes(damage(entry.read_bytes()))
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(cached_features(spoken, frames=5).values, first.values)
    assert "damaged" in caplog.text
    caplog.clear()
    cached_features(spoken, frames=5)
    assert not caplog.text


def test_transcripts_are_kept_and_damage_is_noticed(folder, monkeypatch):
    sound = Sound(np.full((800, 1), 0.1, np.float32), 8_000)
    made = Transcript((Word("Hi", 0.01, 0.05, 0.7),), 0.1, "de", "test")
    calls = []
    monkeypatch.setattr(cache, "transcribe", lambda *a: calls.append(a) or made)
    assert cached_transcript(sound) == made == cached_transcript(sound)
    assert len(calls) == 1
    (entry,) = folder.iterdir()
    entry.write_text('{"words": 3')
    assert cached_transcript(sound) == made
    assert len(calls) == 2


def test_given_words_are_aligned_once_and_refused_each_time(folder, monkeypatch):
    sound = Sound(np.full((800, 1), 0.1, np.float32), 8_000)
    made = Transcript((Word("Hi", 0.01, 0.05, 0.7),), 0.1, "de", "phone alignment")
    calls = []

    def align(sound, text, language):
        calls.append((text, language))
        if text == "No":
            raise BadTranscript("is not what is said")
        return made

    monkeypatch.setattr(cache, "align", align)
    assert cached_words(sound, "Hi", "de") == made == cached_words(sound, "Hi", "de")
    assert calls == [("Hi", "de")]
    cached_words(sound, "Hi", "en")
    cached_words(Sound(2 * sound.samples, 8_000), "Hi", "de")
    assert len(calls) == 3
    for _ in range(2):
        with pytest.raises(BadTranscript):
            cached_words(sound, "No", "de")
    assert len(calls) == 5


def test_silence_is_kept_too(folder, monkeypatch):
    sound = Sound(np.zeros((800, 1), np.float32), 8_000)
    monkeypatch.setattr(cache, "transcribe", lambda *a: Transcript((), 0.1, "en", "test"))
    cached_transcript(sound)
    monkeypatch.setattr(cache, "transcribe", None)
    assert cached_transcript(sound).words == ()


def test_the_key_depends_on_everything():
    sound = Sound(np.zeros((8, 2), np.float32), 8_000)
    other = Sound(np.zeros((16, 1), np.float32), 8_000)
    keys = {
        sound_key(sound, "a"),
        sound_key(sound, "b"),
        sound_key(other, "a"),
        sound_key(Sound(sound.samples, 16_000), "a"),
        sound_key(Sound(sound.samples + 1, 8_000), "a"),
    }
    assert len(keys) == 5
    assert sound_key(Sound(sound.samples.copy(), 8_000), "a") in keys
