"""Kokoro-82M's 28 English voices: optional assets."""

from __future__ import annotations

import functools
import os
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
        session = _kokoro()
        styles = _styles(self.name)
        pause = np.zeros(round(_PAUSE_S * RATE), dtype=np.float32)
        parts: list[Float32] = []
        for sentence in phonemes(text, british=self.name.startswith("b")):
            tokens = hibari().ids(sentence)[1:-1]
            if not tokens:
                continue
            (audio,) = session.run(
                ["audio"],
                {
                    "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                    "style": styles[min(len(tokens), len(styles)) - 1],
                    "speed": np.array([speed], dtype=np.float32),
                },
            )
            parts += [pause, np.asarray(audio, dtype=np.float32).reshape(-1)]
        return from_mono(np.concatenate(parts[1:] or [pause[:0]]), RATE)


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
    return onnxruntime.InferenceSession(
        str(asset_path(_MODEL)), options, providers=["CPUExecutionProvider"]
    )


def _styles(name: str) -> Float32:
    """Read a voice's style vectors, one per length of the sentence in tokens."""
    data = np.fromfile(asset_path(f"{_PREFIX}{name}{_SUFFIX}"), dtype="<f4")
    if data.size != np.prod(_STYLE_SHAPE) or not np.isfinite(data).all():
        raise BadWeights(f"The file of the voice {name} is damaged ({data.size} values).")
    return np.asarray(data.reshape(_STYLE_SHAPE), dtype=np.float32)
