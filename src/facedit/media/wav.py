"""Writes wav files of 16 and 24 bits."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np

from facedit.media.output import Seal, whole_or_nothing
from facedit.types import Sound


def write_wav(
    path: Path | str,
    sound: Sound,
    *,
    force: bool = False,
    bits: int = 16,
    comment: str = "",
    seal: Seal | None = None,
) -> None:
    """Write a sound as PCM, whole or not at all.

    ``sound``: what is beyond [-1, 1] is clipped; ``force``: whether it may replace a file that is
    there; ``bits``: 16 or 24; ``comment``: what its ``ICMT`` says, if anything; ``seal``: what is
    done to the finished file before it gets its name.
    """
    full_scale = float((1 << (bits - 1)) - 1)
    samples = sound.samples if bits == 16 else sound.samples.astype(np.float64)
    scaled = np.clip(np.rint(samples * full_scale), -full_scale - 1, full_scale)
    # The upper bytes of 32 bits, lowest first.
    whole = np.ascontiguousarray(scaled.astype("<i4") << (32 - bits)).view(np.uint8).reshape(-1, 4)
    with whole_or_nothing(path, force, seal) as temporary:
        with wave.open(str(temporary), "wb") as file:
            file.setnchannels(sound.samples.shape[1])
            file.setsampwidth(bits // 8)
            file.setframerate(sound.rate)
            file.writeframes(whole[:, 4 - bits // 8 :].tobytes())
        if comment:
            _add_comment(temporary, comment)


def _add_comment(path: Path, comment: str) -> None:
    """Add a chunk of notes behind the samples."""
    text = comment.encode() + b"\0"
    text += b"\0" * (len(text) % 2)
    chunk = b"INFOICMT" + struct.pack("<I", len(text)) + text
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write(b"\0" * (file.tell() % 2) + b"LIST" + struct.pack("<I", len(chunk)) + chunk)
        size = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", size))
