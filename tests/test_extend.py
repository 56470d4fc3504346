"""The examples of docs/extend.md, installed as a distribution, on the whole road."""

from pathlib import Path

import numpy as np
import pytest

from facedit.cli.doctor import doctor
from facedit.speech.encoders import encoder_named, encoder_of
from facedit.speech.features import extract
from facedit.speech.snippet import speech_for_edit
from facedit.speech.sound_cache import cached_features
from facedit.speech.voice import synthesise
from facedit.speech.voice_choice import choose_voice
from facedit.types import Sound
from toy import install_toy


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy distribution beside facedit."""
    install_toy(tmp_path / "site", monkeypatch)


def test_its_voice_speaks_and_says_who_and_when() -> None:
    sound, transcript = synthesise("One two three.", "toy")
    assert [word.text for word in transcript.words] == ["One", "two", "three."]
    assert transcript.words[1].start_s == pytest.approx(0.33)
    assert sound.duration_s == pytest.approx(3 * 0.33, abs=0.001)
    assert str(choose_voice("toy", None)) == "toy (Humming man), as asked for"
    assert doctor().voices["toy"] == "Humming man"


def test_an_edit_speaks_with_it() -> None:
    clip = Sound(np.random.default_rng(0).normal(0, 0.05, (32_000, 2)).astype(np.float32), 16_000)
    snippet = speech_for_edit(["a"], ["new", "word"], ["here"], "toy", clip, ())
    assert snippet.voice == "toy"
    assert [word.text for word in snippet.transcript.words] == ["new", "word"]
    assert snippet.sound.duration_s == pytest.approx(2 * 0.33, abs=0.1)


def test_its_encoder_makes_the_features_that_its_name_asks_for() -> None:
    hum, _ = synthesise("One two", "toy")
    encoder = encoder_named("toy", "cpu")
    features = extract(hum, 10, encoder)
    assert features.encoder == "toy/loudness+energy+vad"
    assert features.states.shape == (10, 8)
    assert encoder_of(features.encoder).name == encoder.name
    assert cached_features(hum, 10, encoder).encoder == features.encoder
    assert np.corrcoef(features.states[:, 0], features.energy)[0, 1] > 0.5
