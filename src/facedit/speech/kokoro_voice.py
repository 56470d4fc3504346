"""Kokoro-82M's 28 English voices: optional assets."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from facedit.errors import BadWeights
from facedit.speech.pronounce import hibari, phonemes
from facedit.speech.sound_ops import from_mono
from facedit.speech.voice_interface import Speaker
from facedit.types import Float32, Sound
from facedit.weights.fetch import ASSETS, asset_path

RATE = 24_000

_PREFIX, _SUFFIX = "kokoro/", ".bin"
_MODEL = "kokoro.onnx"
_STYLE_SHAPE = (510, 1, 256)
_PAUSE_S = 0.15
_LENGTHS, _LENGTH_S = "/encoder/Clip_output_0", 0.025
_PAUSES = frozenset(' ,.;:!?—…"()“”')


@dataclass(frozen=True, slots=True)
class KokoroVoice:
    """One of Kokoro-82M's voices (implements ``Voice``).

    Its name is such as ``am_michael``: American or British, female or male, and a name.
    """

    name: str

    @property
    def speaker(self) -> Speaker:
        """Who its name says it is."""
        british, man = self.name.startswith("b"), self.name[1:3] == "m_"
        return Speaker("man" if man else "woman", "British" if british else "American")

    def speak(self, text: str, speed: float) -> Sound:
        """Speak an English text at 24 kHz."""
        pause = np.zeros(round(_PAUSE_S * RATE), dtype=np.float32)
        parts: list[Float32] = []
        for _, inputs in self._sentences(text, speed):
            (audio,) = _kokoro().run(["audio"], inputs)
            parts += [pause, np.asarray(audio, dtype=np.float32).reshape(-1)]
        return from_mono(np.concatenate(parts[1:] or [pause[:0]]), RATE)

    def sounding_s(self, text: str, speed: float) -> float:
        """Tell how long the phones of a text will take, without its pauses (implements ``Paced``).

        The part of the network that lays out the phones runs alone, in a tenth of the time.
        """
        from onnxruntime import RunOptions

        lengths_alone = RunOptions()
        lengths_alone.only_execute_path_to_fetches = True
        frames = 0.0
        for sentence, inputs in self._sentences(text, speed):
            (found,) = _kokoro().run([_LENGTHS], inputs, lengths_alone)
            known = [letter for letter in sentence if letter in hibari().vocab]
            sounds = np.array([letter not in _PAUSES for letter in known])
            frames += float(np.asarray(found).reshape(-1)[1:-1][sounds].sum())
        return frames * _LENGTH_S

    def _sentences(self, text: str, speed: float) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the phonemes of each sentence, and what the network is told of it."""
        styles = _styles(self.name)
        for sentence in phonemes(text, british=self.name.startswith("b")):
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


def kokoro_voices() -> list[str]:
    """List Kokoro's voices, installed or not."""
    return sorted(name[len(_PREFIX) : -len(_SUFFIX)] for name in ASSETS if name.startswith(_PREFIX))


def kokoro_files(name: str) -> tuple[str, str]:
    """Return the assets that a voice needs."""
    return _MODEL, f"{_PREFIX}{name}{_SUFFIX}"


@functools.cache
def _kokoro() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(4, os.cpu_count() or 1)
    options.log_severity_level = 3
    model = asset_path(_MODEL).read_bytes() + _also_given(_LENGTHS)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _also_given(name: str) -> bytes:
    """Return what makes a model give an inner value as well, appended to its file.

    What follows a whole protobuf message is merged into it: here one more output of the graph (tags
    7, 12), which has a name (1) and floats (2, 1, 1) for a type.
    """
    value = b"\x0a" + bytes([len(name)]) + name.encode() + b"\x12\x04\x0a\x02\x08\x01"
    output = b"\x62" + bytes([len(value)]) + value
    return b"\x3a" + bytes([len(output)]) + output


def _styles(name: str) -> Float32:
    """Read a voice's style vectors, one per length of the sentence in tokens."""
    data = np.fromfile(asset_path(f"{_PREFIX}{name}{_SUFFIX}"), dtype="<f4")
    if data.size != np.prod(_STYLE_SHAPE) or not np.isfinite(data).all():
        raise BadWeights(f"The file of the voice {name} is damaged ({data.size} values).")
    return np.asarray(data.reshape(_STYLE_SHAPE), dtype=np.float32)
