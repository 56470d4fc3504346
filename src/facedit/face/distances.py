"""Distances in a face: between the eyes, the lips and the corners of the mouth."""

from __future__ import annotations

import numpy as np

from facedit.face.regions import (
    LOWER_INNER_LIP,
    MOUTH_CORNERS,
    OUTER_EYE_CORNERS,
    UPPER_INNER_LIP,
)
from facedit.types import Float32, Float64


def eye_distance(landmarks: Float32 | Float64) -> Float64:
    """Measure the unit of all distances in a face.

    Args:
        landmarks: Landmarks in any unit, shape (..., 478, 3).

    Returns:
        Distance in space between the outer eye corners, shape (...).
    """
    return _length(_between(landmarks, OUTER_EYE_CORNERS))


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
    return np.asarray(_length(lower - upper) / eye_distance(landmarks), np.float32)


def lip_gap(landmarks: Float32) -> Float64:
    """Measure how much of the mouth's inside a picture shows.

    Unlike ``lip_opening`` it is smaller when the head nods: the mouth network draws, and real
    mouths are chosen by, what the picture shows.

    Args:
        landmarks: Landmarks in pixels, shape (..., 478, 3).

    Returns:
        Mean distance in the picture of three facing points of the inner lips over the outer-eye
        distance, shape (...).
    """
    upper, lower = landmarks[..., UPPER_INNER_LIP, :2], landmarks[..., LOWER_INNER_LIP, :2]
    gap: Float64 = _length(lower - upper).mean(axis=-1)
    return gap / np.maximum(eye_distance(landmarks), 1e-3)


def lip_width(landmarks: Float32) -> Float32:
    """Measure how wide the mouth is.

    Args:
        landmarks: Landmarks in pixels or canonical units, shape (..., 478, 3).

    Returns:
        Distance in space between the mouth corners over the outer-eye distance, shape (...).
    """
    across = _length(_between(landmarks, MOUTH_CORNERS))
    return np.asarray(across / eye_distance(landmarks), np.float32)


def mouth_width(landmarks: Float32) -> float:
    """Measure the distance of the mouth's corners in the picture.

    Args:
        landmarks: One face in pixels, shape (478, 3).

    Returns:
        Width in pixels.
    """
    return float(_length(_between(landmarks, MOUTH_CORNERS)[:2]))


def _between(landmarks: Float32 | Float64, points: tuple[int, int]) -> Float32 | Float64:
    first, second = points
    return landmarks[..., second, :] - landmarks[..., first, :]


def _length(vectors: Float32 | Float64) -> Float64:
    lengths: Float64 = np.linalg.norm(vectors.astype(np.float64), axis=-1)
    return lengths
