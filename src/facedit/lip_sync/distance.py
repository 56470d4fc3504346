"""From embeddings to offset, distance and confidence: arithmetic only.

With unit embeddings m of motion and a of speech, the distance at shift s is the mean of
``|m_t - a_(t+s)|`` over the frames t that count and for which both exist. As in SyncNet (Chung &
Zisserman 2016), the offset is the shift of the smallest distance, the distance is that minimum,
and the confidence is the median over the shifts minus it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.types import Bool, Float32, Float64

REACH = 15
"""Largest shift looked at, in motion frames to each side (0.6 s)."""

LEAST_SHARE = 0.5
"""Share of the frames that count which must have a partner, or the shift is left out."""


@dataclass(frozen=True, slots=True)
class SyncScore:
    """What the distances of one stretch say.

    Attributes:
        distance: Smallest mean distance over the shifts, in [0, 2]; lower is more in sync.
        confidence: Median over the shifts minus ``distance``, from 0; higher is surer.
        offset: Shift of the smallest distance in motion frames: the sound is late by so much
            (negative: early).
        frames: Motion frames that counted.
    """

    distance: float
    confidence: float
    offset: int
    frames: int


def mean_distances(motion: Float32, speech: Float32, counts: Bool, reach: int = REACH) -> Float64:
    """Measure how far motion is from speech at each shift of the sound, shape (2 reach + 1,).

    ``motion`` and ``speech`` are unit embeddings of motion frames and of the speech under them,
    shape (T, E); ``counts`` (T,) marks the frames that count. Shifts go from -reach to reach; NaN
    where fewer than half the frames that count have speech at that shift.
    """
    frames = np.flatnonzero(counts)
    found = np.full(2 * reach + 1, np.nan)
    for place, shift in enumerate(range(-reach, reach + 1)):
        paired = frames[(frames + shift >= 0) & (frames + shift < len(speech))]
        if len(paired) and len(paired) >= LEAST_SHARE * len(frames):
            apart = motion[paired].astype(np.float64) - speech[paired + shift]
            found[place] = np.linalg.norm(apart, axis=1).mean()
    return found


def score(distances: Float64, frames: int) -> SyncScore | None:
    """Read offset, distance and confidence off ``mean_distances``; None where no shift has one.

    ``frames`` is the number of motion frames that counted.
    """
    known = np.isfinite(distances)
    if not known.any():
        return None
    best = int(np.nanargmin(distances))
    least = float(distances[best])
    confidence = float(np.median(distances[known])) - least
    return SyncScore(least, confidence, best - len(distances) // 2, frames)
