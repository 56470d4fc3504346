"""Kokoro-82M's voices: 28 of English, 9 of other languages; optional assets."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from facedit.device import cores
from facedit.editing.words import tokenise
from facedit.errors import BadWeights
from facedit.speech.sound_ops import from_mono
from facedit.speech.text.pronounce import hibari, phonemes, wrapped
from facedit.speech.text.read_aloud import phonemes_in
from facedit.speech.voices.onnx_part import part_of
from facedit.speech.voices.voice_interface import Speaker, Spoken
from facedit.types import Float32, Float64, Sound, Word
from facedit.weights.fetch import ASSETS, asset_path

RATE = 24_000

_PREFIX, _SUFFIX = "kokoro/", ".bin"
_MODEL = "kokoro.onnx"
_STYLE_SHAPE = (510, 1, 256)
_PAUSE_S = 0.15
_LENGTHS, _LENGTH_S = "/encoder/Clip_output_0", 0.025
_MELODY = ("/encoder/Reshape_output_0", "/encoder/Reshape_1_output_0")
"""Pitch and loudness, two values a frame."""
_LAID = ("/encoder/MatMul_1_output_0", *_MELODY)
"""What is laid out of a sentence, frame by frame of 25 ms, and then turned into sound."""
_BESIDE_FRAMES, _QUIET_FRAMES = 2, 6
"""Frames of a part that are made beside its words, and of the silence at the sentence's ends."""
_LATE_S = 0.09
"""How much later than the sound the lengths of its phones have it, in the mean."""
_OF = {
    "a": ("en", "American"), "b": ("en", "British"), "e": ("es", "Spanish"), "f": ("fr", "French"),
    "i": ("it", "Italian"), "p": ("pt", "Brazilian"),
}  # fmt: skip
"""Language and accent of a voice by the first letter of its name."""
_LAID_OUT = 0.92
"""How long the phones are laid out, of how long they last."""
_PAUSES = frozenset(' ,.;:!?—…"()“”')


@dataclass(frozen=True, slots=True)
class KokoroVoice:
    """One of Kokoro-82M's voices (``Voice``, ``Paced``, ``InPart`` and ``Foreign``).

    Its name is such as ``am_michael``: the accent's letter, female or male, and a name.
    """

    name: str

    @property
    def speaker(self) -> Speaker:
        """Who its name says it is."""
        return Speaker("man" if self.name[1:3] == "m_" else "woman", _OF[self.name[0]][1])

    @property
    def language(self) -> str:
        """What it speaks, an ISO 639-1 code."""
        return _OF[self.name[0]][0]

    def speak(self, text: str, speed: float) -> Sound:
        """Speak a text at 24 kHz; words of other languages than English come with their times."""
        pause = np.zeros(round(_PAUSE_S * RATE), dtype=np.float32)
        parts: list[Float32] = []
        spans: list[tuple[float, float]] = []
        for sentence, inputs in self._sentences(text, speed):
            lengths, *laid = _networks()[0].run([_LENGTHS, *_LAID], inputs)
            if self.language != "en":
                late_s = sum(map(len, parts)) / RATE + (_PAUSE_S if parts else 0.0) - _LATE_S
                spans += _word_spans(sentence, np.asarray(lengths).reshape(-1) * _LENGTH_S, late_s)
            parts += [pause, _sound_of(laid, inputs)]
        sound = from_mono(np.concatenate(parts[1:] or [pause[:0]]), RATE)
        tokens = tokenise(text)
        if self.language == "en" or len(tokens) != len(spans):
            return sound
        words = tuple(Word(token, *span) for token, span in zip(tokens, spans, strict=True))
        return Spoken(sound.samples, sound.rate, words)

    def speak_part(self, text: str, speed: float, part: range) -> Sound:
        """Speak some words of an English text as in the whole (implements ``InPart``).

        The whole is laid out, which takes little, and turned into sound about these words alone.
        """
        tokens, sentences = tokenise(text), list(self._sentences(text, speed))
        for sentence, inputs in sentences if len(sentences) == 1 else ():
            lengths, *laid = _networks()[0].run([_LENGTHS, *_LAID], inputs)
            spans = _word_spans(sentence, np.asarray(lengths).reshape(-1), 0.0)
            if len(spans) != len(tokens):
                break
            count = laid[0].shape[-1]
            first = round(spans[part.start][0] - _LATE_S / _LENGTH_S) - _BESIDE_FRAMES
            last = round(spans[part.stop - 1][1]) + _BESIDE_FRAMES
            frames = np.arange(count)
            made = (frames >= first) & (frames < last)
            # Without the silence all would be softer: the network evens out what it is shown.
            shown = made | (frames < _QUIET_FRAMES) | (frames >= count - _QUIET_FRAMES)
            twice = np.repeat(shown, 2)
            cut = [laid[0][..., shown], *(melody[..., twice] for melody in laid[1:])]
            sound = _sound_of(cut, inputs)
            return from_mono(sound[np.repeat(made[shown], len(sound) // int(shown.sum()))], RATE)
        return self.speak(" ".join(tokens[part.start : part.stop]), speed)

    def sounding_s(self, text: str, speed: float) -> float:
        """Tell how long the phones of a text will take, without its pauses (implements ``Paced``).

        The part of the network that lays out the phones runs alone, in a fraction of the time.
        """
        frames = 0.0
        for sentence, inputs in self._sentences(text, speed):
            (found,) = _networks()[0].run([_LENGTHS], inputs)
            known = [letter for letter in sentence if letter in hibari().vocab]
            sounds = np.array([letter not in _PAUSES for letter in known])
            frames += float(np.asarray(found).reshape(-1)[1:-1][sounds].sum())
        return frames * _LENGTH_S / _LAID_OUT

    def _sentences(self, text: str, speed: float) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the phonemes of each sentence, and what the network is told of it."""
        styles = _styles(self.name)
        if self.language == "en":
            sentences = phonemes(text, british=self.name.startswith("b"))
        else:
            sentences = wrapped(phonemes_in(text, self.language))
        for sentence in sentences:
            tokens = hibari().ids(sentence)
            if len(tokens) > 2:
                yield (
                    sentence,
                    {
                        "tokens": np.array([tokens], dtype=np.int64),
                        "style": styles[min(len(tokens) - 2, len(styles)) - 1],
                        "speed": np.array([speed], dtype=np.float32),
                    },
                )


def _word_spans(sentence: str, lengths_s: Float64, late_s: float) -> list[tuple[float, float]]:
    """Find begin and end of each word of phonemes in seconds, by the lengths of all tokens."""
    ends_s = np.cumsum(lengths_s) + late_s
    spans, at = [], 0  # token 0 is a pause
    for word in sentence.split(" "):
        known = [letter for letter in word if letter in hibari().vocab]
        sounds = sum(letter not in _PAUSES for letter in known)
        if sounds:
            spans.append((max(float(ends_s[at]), 0.0), max(float(ends_s[at + sounds]), 0.0)))
        at += len(known) + 1
    return spans


def kokoro_voices() -> list[str]:
    """List Kokoro's voices, installed or not, those of English first."""
    names = (name[len(_PREFIX) : -len(_SUFFIX)] for name in ASSETS if name.startswith(_PREFIX))
    return sorted(names, key=lambda name: (_OF[name[0]][0] != "en", name))


def kokoro_files(name: str) -> tuple[str, str]:
    """Return the assets that a voice needs."""
    return _MODEL, f"{_PREFIX}{name}{_SUFFIX}"


def _sound_of(laid: list[Any], inputs: dict[str, Any]) -> Float32:
    """Turn what is laid out of a sentence, or of a part of it, into amplitudes (N,)."""
    given = dict(zip(_LAID, laid, strict=True)) | {"style": inputs["style"]}
    (audio,) = _networks()[1].run(["audio"], given)
    return np.asarray(audio, dtype=np.float32).reshape(-1)


@functools.cache
def _networks() -> tuple[Any, Any]:
    """Load once what lays out a sentence, and what makes sound of that: parts of one network."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(4, cores())
    options.log_severity_level = 3
    model = asset_path(_MODEL).read_bytes()
    laying, sounding = (
        onnxruntime.InferenceSession(part, options, providers=["CPUExecutionProvider"])
        for part in (part_of(model, [_LENGTHS, *_LAID]), part_of(model, ["audio"], _LAID))
    )
    return laying, sounding


def _styles(name: str) -> Float32:
    """Read a voice's style vectors, one per length of the sentence in tokens."""
    data = np.fromfile(asset_path(f"{_PREFIX}{name}{_SUFFIX}"), dtype="<f4")
    if data.size != np.prod(_STYLE_SHAPE) or not np.isfinite(data).all():
        raise BadWeights(f"The file of the voice {name} is damaged ({data.size} values).")
    return np.asarray(data.reshape(_STYLE_SHAPE), dtype=np.float32)
