import numpy as np
import pytest

from facedit.errors import AssetMissing, BadTranscript
from facedit.speech.align import align
from facedit.speech.pronounce import plain
from facedit.speech.sound import from_mono
from facedit.speech.transcribe import transcribe
from facedit.types import Sound


def test_what_was_spoken_is_recognised(spoken, sentence):
    steps = []
    transcript = transcribe(spoken, progress=steps.append)
    assert [plain(word.text) for word in transcript.words] == [plain(t) for t in sentence.split()]
    assert transcript.language == "en"
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    for heard, known in zip(transcript.words, align(spoken, sentence).words, strict=True):
        assert heard.start_s == pytest.approx(known.start_s, abs=0.03)


@pytest.mark.parametrize("level", [0.0, 0.05])
def test_silence_and_noise_hold_no_words(level):
    noise = np.random.default_rng(0).normal(0, 1, 32_000).astype(np.float32) * level
    transcript = transcribe(from_mono(noise, 16_000))
    assert transcript.words == ()
    assert transcript.duration_s == 2.0


def test_an_empty_sound_holds_no_words():
    assert transcribe(Sound(np.zeros((0, 1), np.float32), 16_000)).words == ()


def test_an_unknown_language_is_refused(spoken):
    with pytest.raises(BadTranscript, match="klingon"):
        transcribe(spoken, language="klingon")


def test_missing_weights_are_named(spoken, monkeypatch, tmp_path):
    from facedit.speech import whisper_words

    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    monkeypatch.setattr(whisper_words, "model", whisper_words.model.__wrapped__)
    with pytest.raises(AssetMissing, match=r"whisper-base\.bin"):
        transcribe(spoken)
