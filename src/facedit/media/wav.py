"""Writes 16-bit wav files."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from facedit.media.output import whole_or_nothing
from facedit.types import Sound

_FULL_SCALE = 32767.0


def write_wav(path: Path | str, sound: Sound, *, force: bool = False) -> None:
    """Write a sound as 16-bit PCM, whole or not at all.

    Args:
        path: The output.
        sound: The sound; what is beyond [-1, 1] is clipped.
        force: Whether it may replace a file that is there.
    """
    scaled = np.clip(np.rint(sound.samples * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE)
    with whole_or_nothing(path, force) as temporary, wave.open(str(temporary), "wb") as file:
        file.setnchannels(sound.samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(scaled.astype("<i2").tobytes())
