"""The shape of a clip's sound, a minute at a time: no more of the file is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.studio.refused import Refused
from facedit.types import Sound

RATE_HZ = 50
"""Pairs of lowest and highest a second."""

BLOCK_S = 60
"""Seconds that are read at once."""


def peaks(path: Path, block: int) -> dict[str, Any]:
    """Find the lowest and the highest of every fiftieth of a second.

    Args:
        path: The clip.
        block: Which minute, from 0.

    Returns:
        ``rate_hz``, ``start_s``, and ``min`` and ``max`` from -127 to 127.

    Raises:
        Refused: If the clip has no sound there.
    """
    info = probe(path)
    start_s = float(block * BLOCK_S)
    if not info.has_sound or not 0 <= start_s < info.duration_s:
        raise Refused(404, "no sound there.")
    sound = read_sound(path, start_s, min(start_s + BLOCK_S, info.duration_s), info=info, mono=True)
    return {"rate_hz": RATE_HZ, "start_s": start_s, **shape(sound)}


def shape(sound: Sound) -> dict[str, list[int]]:
    """Return ``min`` and ``max`` of every fiftieth of a second of a sound, from -127 to 127."""
    samples = sound.samples.mean(axis=1)
    edges = np.arange(0, len(samples), sound.rate / RATE_HZ).astype(int)
    low = np.minimum.reduceat(samples, edges) if len(edges) else samples
    high = np.maximum.reduceat(samples, edges) if len(edges) else samples
    return {"min": _levels(low), "max": _levels(high)}


def _levels(values: np.ndarray[Any, Any]) -> list[int]:
    found: list[int] = np.clip(np.round(values * 127), -127, 127).astype(int).tolist()
    return found
