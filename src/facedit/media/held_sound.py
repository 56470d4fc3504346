"""The sound of a video that is asked for again and again: its beginning is decoded once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np

from facedit.errors import BadMedia
from facedit.media.info import VideoInfo
from facedit.media.pcm import remix
from facedit.media.sound import BLOCK_SAMPLES, FROM_START_S, iter_sound, read_sound
from facedit.types import Float32, Sound
from facedit.units import sample_at

HELD_S = FROM_START_S + 15.0
"""Seconds that are held: windows that begin in the first minute are decoded from the start."""

MOST_BYTES = 32_000_000
"""Bytes of the longest beginning that is held: of more channels it would be more."""


class HeldSound:
    """Reads windows of a video's sound, those near its beginning from memory.

    They hold the very samples that ``read_sound`` and ``iter_sound`` give.

    Args:
        path: The video; it must not change meanwhile.
        info: What ``probe`` said of it.
    """

    def __init__(self, path: Path, info: VideoInfo) -> None:
        self.path, self.info = path, info
        self._lock = Lock()

    @property
    def nbytes(self) -> int:
        """Bytes that are held once the beginning was asked for; 0 if it is not held."""
        if (sound := self.info.sound) is None:
            return 0
        each = 4 * sound.rate * sound.channels
        return int(min(HELD_S, sound.end_s) * each) if HELD_S * each <= MOST_BYTES else 0

    def read(self, start_s: float, end_s: float, *, mono: bool = False) -> Sound:
        """Read a window, as ``read_sound`` does (whose errors pass through)."""
        held = self._held(start_s, end_s)
        if held is None:
            return read_sound(self.path, start_s, end_s, info=self.info, mono=mono)
        return Sound(remix(held.samples, 1), held.rate) if mono else held

    def blocks(self, start_s: float, end_s: float) -> Iterator[Sound]:
        """Stream a window, as ``iter_sound`` does (whose errors pass through)."""
        held = self._held(start_s, end_s)
        if held is None:
            yield from iter_sound(self.path, start_s=start_s, end_s=end_s, info=self.info)
            return
        for start in range(0, len(held.samples), BLOCK_SAMPLES):
            yield Sound(held.samples[start : start + BLOCK_SAMPLES], held.rate)

    def _held(self, start_s: float, end_s: float) -> Sound | None:
        """Return a window of what is held, silence beyond it; None if not all of it is held."""
        sound = self.info.sound
        if sound is None or start_s > FROM_START_S or end_s > HELD_S or self.nbytes <= 0:
            return None
        with self._lock:
            beginning = self._beginning
        first, stop = sample_at(start_s, sound.rate), sample_at(end_s, sound.rate)
        if beginning is None or first < beginning[0]:
            return None
        low, samples = beginning
        window = np.zeros((max(stop - first, 0), sound.channels), np.float32)
        inside = samples[first - low : max(stop - low, 0)]
        window[: len(inside)] = inside
        return Sound(window, sound.rate)

    @cached_property
    def _beginning(self) -> tuple[int, Float32] | None:
        """The beginning, and the number of its first sample; None if it is damaged."""
        sound = self.info.sound
        assert sound is not None
        low = min(sample_at(sound.start_s, sound.rate), 0)
        most, count, blocks = sample_at(HELD_S, sound.rate) - low, 0, []
        try:
            for block in iter_sound(self.path, start_s=low / sound.rate, info=self.info):
                blocks.append(block.samples)
                count += len(block.samples)
                if count >= most:
                    break
        except BadMedia:  # behind what is asked for, perhaps
            return None
        return low, np.concatenate(blocks or [np.zeros((0, sound.channels), np.float32)])
