"""The two lip measures that speech shows in most, used as metrics everywhere, and their unit."""

from __future__ import annotations

import numpy as np

from facedit.face.regions import (
    LOWER_INNER_LIP,
    MOUTH_CORNERS,
    OUTER_EYE_CORNERS,
    UPPER_INNER_LIP,
)
from facedit.types import Float32


def lip_opening(landmarks: Float32) -> Float32:
    """Measure how far the lips are open.

    Args:
        landmarks: Landmarks in pixels or canonical units, shape (..., 478, 3).

    Returns:
        Distance in space between the middles of the inner lip lines (means of three facing
        points) over the outer-eye distance, shape (...).
    """
    upper = landmarks[..., UPPER_INNER_LIP, :].mean(axis=-2)
    lower = landmarks[..., LOWER_INNER_LIP, :].mean(axis=-2)
    return _over_eyes(upper - lower, landmarks)


def lip_width(landmarks: Float32) -> Float32:
    """Measure how wide the mouth is.

    Args:
        landmarks: Landmarks in pixels or canonical units, shape (..., 478, 3).

    Returns:
        Distance in space between the mouth corners over the outer-eye distance, shape (...).
    """
    first, second = MOUTH_CORNERS
    return _over_eyes(landmarks[..., first, :] - landmarks[..., second, :], landmarks)


def eye_distance(landmarks: Float32) -> Float32:
    """Measure the unit of all distances in a face.

    Args:
        landmarks: Landmarks in any unit, shape (..., 478, 3).

    Returns:
        Distance in space between the outer eye corners, shape (...).
    """
    right, left = OUTER_EYE_CORNERS
    across = landmarks[..., left, :] - landmarks[..., right, :]
    return np.asarray(np.linalg.norm(across, axis=-1), dtype=np.float32)


def _over_eyes(vector: Float32, landmarks: Float32) -> Float32:
    """Return a length in units of the outer-eye distance."""
    ratio: Float32 = np.linalg.norm(vector, axis=-1) / eye_distance(landmarks)
    return ratio
