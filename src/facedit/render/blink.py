"""When the eyes of a still picture blink, and how far the lids are down at each moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from facedit.types import Float64

OPEN_S = 0.3
"""Shortest time that the eyes stay open between two blinks."""

MEAN_OPEN_S = 2.2
"""Mean time that they stay open: 25 blinks in a minute. In 12 minutes of footage people who speak
made 24 (median of 19; from 11 to 41), as often amid speech as in its pauses."""

LENGTH_S = (0.15, 0.35)
"""Shortest and longest blink."""


@dataclass(frozen=True, slots=True)
class Blink:
    """One blink: when the lids begin to move, and how long until they are open again."""

    start_s: float
    length_s: float

    @property
    def end_s(self) -> float:
        """When the eyes are open again."""
        return self.start_s + self.length_s


def blink_schedule(duration_s: float, rng: np.random.Generator) -> tuple[Blink, ...]:
    """Draw the blinks of a clip, inside it and in order, at moments that nothing foretells."""
    return tuple(takewhile(lambda blink: blink.end_s <= duration_s, endless_blinks(rng)))


def endless_blinks(rng: np.random.Generator) -> Iterator[Blink]:
    """Draw blinks in order, without an end."""
    end_s = 0.0
    while True:
        start_s = end_s + OPEN_S + float(rng.exponential(MEAN_OPEN_S - OPEN_S))
        blink = Blink(start_s, float(rng.uniform(*LENGTH_S)))
        yield blink
        end_s = blink.end_s


def closure_at(times_s: Sequence[float] | Float64, blinks: Sequence[Blink]) -> Float64:
    """Return how far the lids are down, 0 open to 1 shut, at times in seconds, shape (F,).

    Lids fall in a third of a blink, rest shut for a tenth and rise in the remainder.
    """
    times = np.asarray(times_s, np.float64)
    closure = np.zeros(len(times))
    for blink in blinks:
        u = (times - blink.start_s) / blink.length_s
        falling = 0.5 - 0.5 * np.cos(np.pi * np.clip(u / 0.33, 0.0, 1.0))
        rising = 0.5 + 0.5 * np.cos(np.pi * np.clip((u - 0.43) / 0.57, 0.0, 1.0))
        closure = np.maximum(closure, np.where((u > 0) & (u < 1), np.minimum(falling, rising), 0.0))
    return closure
