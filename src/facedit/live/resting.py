"""When the lips of a live face rest (pure arithmetic)."""

from __future__ import annotations

import numpy as np

from facedit.types import Bool, Float32, SpeechFeatures

MOST_VOICE, MOST_ENERGY = 0.1, -2.0
"""Voice activity and log10 RMS below both of which a frame counts as silent."""

CLOSING, OPENING = 6, 2
"""Frames in which lips come to rest, and leave it; speech is looked for so far ahead."""


def silent_frames(heard: SpeechFeatures) -> Bool:
    """Tell in which frames nobody speaks, shape (T,)."""
    return np.asarray((heard.voice_activity < MOST_VOICE) & (heard.energy < MOST_ENERGY))


def rest_shares(silent: Bool, frames: int, before: float) -> Float32:
    """Return how far the lips are at rest in each frame, from 0 to 1, without a jump.

    Args:
        silent: In which frames nobody speaks, those heard beyond the wanted ones too.
        frames: How many are wanted.
        before: Share of the frame before the first.

    Returns:
        Shape (frames,).
    """
    shares = np.empty(frames, np.float32)
    for frame in range(frames):
        quiet = silent[frame : frame + OPENING + 1].all()
        before = min(before + 1 / CLOSING, 1.0) if quiet else max(before - 1 / OPENING, 0.0)
        shares[frame] = before
    return shares
