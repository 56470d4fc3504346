"""The small voice that ships inside its package."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.speech.sound_ops import from_mono
from facedit.speech.text.pronounce import hibari, phonemes
from facedit.speech.voices.voice_interface import Speaker
from facedit.types import Sound

RATE = 24_000

_SEED = 0


@dataclass(frozen=True, slots=True)
class HibariVoice:
    """An American woman, 7.9 MB (implements ``Voice``)."""

    name: str = "hibari"

    @property
    def speaker(self) -> Speaker:
        """An American woman."""
        return Speaker("woman", "American")

    def speak(self, text: str, speed: float) -> Sound:
        """Speak an English text at 24 kHz; the same text always sounds the same."""
        voice, random = hibari(), np.random.default_rng(_SEED)
        parts = [voice.from_ids(voice.ids(piece), speed, random) for piece in phonemes(text)]
        return from_mono(np.concatenate(parts or [np.zeros(0, np.float32)]), RATE)
