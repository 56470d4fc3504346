"""Other languages' words for the voices: read by a program that may be missing or fail."""

from pathlib import Path

import numpy as np
import pytest

from facedit.errors import AssetMissing, UsageError
from facedit.speech.fit.clip_reference import Reference
from facedit.speech.fit.snippet import speech_for_edit
from facedit.speech.fit.voice_choice import VoiceChoice
from facedit.speech.recognition.transcribe import transcribe
from facedit.speech.text.read_aloud import phonemes_in
from facedit.speech.voices import kokoro_voice
from facedit.speech.voices.kokoro_voice import KokoroVoice, kokoro_files
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound
from facedit.weights.fetch import is_installed


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the search path; what stands there as espeak-ng reads."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "espeak-ng"


def write(program: Path, does: str) -> None:
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o700)


def test_sounds_become_single_letters_and_clauses_keep_their_pauses(reader: Path) -> None:
    write(reader, "[ $2 = es ] && printf 'mut^ʃo\\n  (en)be^ɪbi(es) ga^ʊto-\\n\\n'")
    assert phonemes_in("Mucho, baby gauto", "es") == "muʧo, bAbi gWto."


def test_a_reader_that_is_not_there_or_fails_is_told(reader: Path) -> None:
    with pytest.raises(AssetMissing, match="espeak-ng, which reads “fr”"):
        phonemes_in("Bonjour", "fr")
    write(reader, "exit 3")
    with pytest.raises(UsageError, match="cannot read “Bonjour”"):
        phonemes_in("Bonjour", "fr")


class Network:
    """Lays out 0.1 s a token (four lengths of 25 ms), and makes sound of frames."""

    def __init__(self, *, sounding=False):
        self.sounding = sounding

    def run(self, names, inputs):
        if self.sounding:
            return [np.full(inputs[kokoro_voice._LAID[0]].shape[-1] * 600, 0.1, np.float32)]
        lengths = np.full((1, inputs["tokens"].shape[1]), 4.0)
        count = int(lengths.sum())
        return [lengths, *(np.zeros((1, 1, n)) for n in (count, 2 * count, 2 * count))][
            : len(names)
        ]


def test_words_of_other_languages_come_with_their_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    networks = Network(), Network(sounding=True)
    monkeypatch.setattr(kokoro_voice, "_networks", lambda: networks)
    monkeypatch.setattr(kokoro_voice, "_styles", lambda _: np.zeros((9, 1, 256), np.float32))
    monkeypatch.setattr(kokoro_voice, "phonemes_in", lambda *_: "la luna, sˈi.")
    voice = KokoroVoice("ef_dora")
    assert (voice.language, str(voice.speaker)) == ("es", "Spanish woman")
    # A pause, "la" from 0.1 to 0.3 s, a pause, "luna" from 0.4 s ...; heard 0.09 s earlier.
    words = synthesise("La luna, sí", voice)[1]
    assert words.language == "es"
    spans = [(word.start_s, word.end_s) for word in words.words]
    np.testing.assert_allclose(spans, np.array([(0.1, 0.3), (0.4, 0.8), (1.0, 1.3)]) - 0.09)
    clip = Reference(Sound(np.full((48_000, 1), 0.05, np.float32), 24_000))
    choice = VoiceChoice(voice, "as asked for")
    snippet = speech_for_edit(["La"], ["luna,"], ["sí"], choice, clip, "es")
    assert snippet.transcript.language == "es"
    assert [word.text for word in snippet.transcript.words] == ["luna,"]
    assert 0.35 < snippet.sound.duration_s < 0.55


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("em_alex", "Mañana vamos a visitar el museo con nuestros amigos."),
        ("ff_siwis", "Demain matin nous allons visiter le musée avec nos amis."),
        ("if_sara", "Domani mattina andiamo a visitare il museo con i nostri amici."),
        ("pm_alex", "Amanhã vamos visitar o museu com os nossos amigos."),
    ],
)
def test_what_the_voices_say_in_their_languages_is_heard(name: str, text: str) -> None:
    if not all(map(is_installed, kokoro_files(name))):
        pytest.skip("facedit doctor --fetch languages")
    try:
        sound, words = synthesise(text, name)
    except AssetMissing as missing:
        pytest.skip(str(missing))
    heard = transcribe(sound, words.language)
    right = {word.text.lower() for word in heard.words} & set(text.lower().split())
    assert len(right) >= 0.7 * len(text.split())
