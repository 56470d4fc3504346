import numpy as np
import pytest

from facedit.errors import AssetMissing, BadTranscript, BadWeights
from facedit.speech.recognition import whisper_words
from facedit.speech.recognition.align import align
from facedit.speech.recognition.transcribe import transcribe
from facedit.speech.recognition.whisper_words import (
    Recognised,
    Recogniser,
    heard_words,
    model,
    model_folder,
)
from facedit.speech.sound_ops import from_mono, speech_samples
from facedit.speech.text.pronounce import plain
from facedit.types import Sound, Word


def test_what_was_spoken_is_recognised(spoken, sentence):
    steps = []
    transcript = transcribe(spoken, progress=steps.append)
    assert [plain(word.text) for word in transcript.words] == [plain(t) for t in sentence.split()]
    assert transcript.language == "en"
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    for heard, known in zip(transcript.words, align(spoken, sentence).words, strict=True):
        assert heard.start_s == pytest.approx(known.start_s, abs=0.03)


def test_words_are_heard_without_their_times_too(spoken, sentence, monkeypatch):
    heard = " ".join(heard_words(speech_samples(spoken), "en"))
    assert [plain(word) for word in heard.split()] == [plain(t) for t in sentence.split()]
    with pytest.raises(BadTranscript, match="xx"):
        heard_words(speech_samples(spoken), "xx")
    # What is longer than Whisper's window is recognised piece by piece.
    monkeypatch.setattr(whisper_words, "LONGEST_S", 2.0)
    monkeypatch.setattr(
        whisper_words, "recognise", lambda *_: Recognised((Word("long", 0.0, 1.0),), "en")
    )
    assert heard_words(speech_samples(spoken), "en") == ["long"]


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
    from facedit.speech.recognition import whisper_words

    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    monkeypatch.setattr(whisper_words, "model", whisper_words.model.__wrapped__)
    with pytest.raises(AssetMissing, match=r"whisper-base\.bin"):
        transcribe(spoken)


def test_another_recogniser_is_a_folder(spoken, sentence, tmp_path):
    with pytest.raises(BadWeights, match=r"model\.bin is missing"):
        transcribe(spoken, recogniser=Recogniser(tmp_path))
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (tmp_path / name).symlink_to(model_folder() / name)
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(BadWeights, match="no model of faster-whisper"):
        transcribe(spoken, recogniser=Recogniser(tmp_path))
    before = Recogniser(tmp_path).identity
    (tmp_path / "model.bin").unlink()
    (tmp_path / "model.bin").symlink_to(model_folder() / "model.bin")
    found = transcribe(spoken, "en", recogniser=Recogniser(tmp_path, "weather"))
    assert [plain(word.text) for word in found.words] == [plain(t) for t in sentence.split()]
    assert found.origin.startswith(f"whisper {tmp_path.name}")
    names = {before, *(Recogniser(*a).identity for a in [(), (tmp_path,), (tmp_path, "weather")])}
    assert len(names) == 4


def test_hot_words_are_listened_for(spoken, monkeypatch):
    asked = []
    heard = model().transcribe
    monkeypatch.setattr(
        model(), "transcribe", lambda *a, **k: asked.append(k["hotwords"]) or heard(*a, **k)
    )
    transcribe(spoken, "en", recogniser=Recogniser(hotwords="Weathering"))
    assert asked == ["Weathering"]
