"""Where the points of a face are whose lids come down."""

from __future__ import annotations

import numpy as np

from facedit.face.regions import LOWER_LIDS, UPPER_LIDS
from facedit.types import Float32


def closed_landmarks(landmarks: Float32, closure: tuple[float, float]) -> Float32:
    """Return landmarks, (478, 3) or those of the surface alone, with upper lids further down.

    ``closure`` tells for each eye (the picture's left first) how far: 0 as it is, 1 shut.
    """
    moved = landmarks.copy()
    for side, amount in enumerate(closure):
        upper, lower = list(UPPER_LIDS[side]), list(LOWER_LIDS[side])
        share = np.float32(np.clip(amount, 0.0, 1.0))
        moved[upper] += share * (landmarks[lower] - landmarks[upper])
    return moved
