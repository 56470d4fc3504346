"""A face in the picture: canonical crop, lip shape, eye opening, head angles.

The canonical crop is the frame in which faces of different size and roll look alike: the eye line
is level, the outer eye corners are 96 px apart (measured in three dimensions, so that turning the
head does not change the scale), and the middle lies between nose and chin.
"""

from __future__ import annotations

import numpy as np

from facedit.face.regions import (
    ALIGNMENT_POINTS,
    IRIS_CENTRES,
    LIPS,
    LOWER_INNER_LIP,
    LOWER_LIDS,
    NOSE_BASE,
    OUTER_EYE_CORNERS,
    OUTER_LIPS,
    UPPER_INNER_LIP,
    UPPER_LIDS,
)
from facedit.types import Float32, Float64

CROP = 128
"""Side of the canonical crop in pixels."""

EYE_DISTANCE = 96.0
"""Distance of the outer eye corners in the canonical crop, in pixels."""

_EYE_LINE_TO_CENTRE = 75.0
"""Canonical pixels from the eye line down to the middle of the crop: the closed mouth."""


def crop_transform(landmarks: Float32, size: int = CROP) -> Float64:
    """Return the similarity (2, 3) that brings a picture into the canonical crop of its face.

    The face has shape (478, 3); ``size`` is the crop's side; the scale stays 96 px between the
    eyes.
    """
    points = landmarks.astype(np.float64)
    left, right = points[OUTER_EYE_CORNERS[0]], points[OUTER_EYE_CORNERS[1]]
    scale = EYE_DISTANCE / max(float(np.linalg.norm(right - left)), 1e-3)
    angle = np.arctan2(right[1] - left[1], right[0] - left[0])
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos, sin], [-sin, cos]])
    x = (linear @ points[NOSE_BASE, :2])[0]
    y = (linear @ ((left + right)[:2] / 2))[1] + _EYE_LINE_TO_CENTRE
    offset = np.array([(size - 1) / 2 - x, (size - 1) / 2 - y])
    return np.concatenate([linear, offset[:, None]], axis=1)


def transform_landmarks(landmarks: Float32, matrix: Float64) -> Float32:
    """Apply a similarity (2, 3) of the picture plane to (..., 3); depth is scaled like width."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    moved = np.empty(landmarks.shape, np.float32)
    moved[..., :2] = landmarks[..., :2] @ matrix[:, :2].T + matrix[:, 2]
    moved[..., 2] = landmarks[..., 2] * scale
    return moved


def fit_similarity(
    source: Float32, target: Float32, points: tuple[int, ...] = ALIGNMENT_POINTS
) -> Float64:
    """Fit the similarity (2, 3) of the picture plane that best moves a face (478, 3) onto another.

    Least squares in closed form over complex numbers (Umeyama 1991 for two dimensions); by default
    of the points that move with the skull.
    """
    index = list(points)
    a = source[index, 0].astype(np.float64) + 1j * source[index, 1]
    b = target[index, 0].astype(np.float64) + 1j * target[index, 1]
    centred = a - a.mean()
    power = float(np.sum(np.abs(centred) ** 2))
    turn = np.sum(np.conj(centred) * (b - b.mean())) / power if power > 0 else 1.0 + 0j
    shift = b.mean() - turn * a.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def head_angles(landmarks: Float32) -> tuple[float, float]:
    """Estimate yaw and pitch in radians from the depth of a mesh (478, 3).

    A measure for comparing frames of one person, not a calibrated pose.
    """
    across = landmarks[OUTER_EYE_CORNERS[1]] - landmarks[OUTER_EYE_CORNERS[0]]
    yaw = np.arctan2(across[2], np.hypot(across[0], across[1]))
    down = landmarks[NOSE_BASE] - landmarks[10]
    pitch = np.arctan2(down[2], np.hypot(down[0], down[1]))
    return float(yaw), float(pitch)


def lid_openings(landmarks: Float32) -> tuple[float, float]:
    """Return the lids' mean distance over the eye's width, the picture's left eye first."""
    openings = []
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        top, bottom = landmarks[list(upper[1:-1]), :2], landmarks[list(lower[1:-1]), :2]
        width = np.linalg.norm(landmarks[upper[0], :2] - landmarks[upper[-1], :2])
        gap = np.linalg.norm(bottom - top, axis=-1).mean()
        openings.append(float(gap / max(float(width), 1e-3)))
    return openings[0], openings[1]


INNER_PART = slice(2 * len(OUTER_LIPS), 2 * len(LIPS))
"""Where a lip descriptor holds the inner outline."""


def lip_descriptor(landmarks: Float32) -> Float32:
    """Describe a mouth so that Euclidean distance says how different two mouths look, shape (85,).

    Lip points in the canonical crop, in its pixels, relative to the base of the nose, with most of
    their common offset taken out (a jaw that hangs 1 px lower is no other mouth), the opening at
    three places, and the head's angles (6 degrees count as much as 1 px root mean square).
    """
    points = transform_landmarks(landmarks, crop_transform(landmarks))
    lips = points[list(LIPS), :2] - points[NOSE_BASE, :2]
    lips = lips - 0.7 * lips.mean(axis=0)
    upper, lower = points[list(UPPER_INNER_LIP), :2], points[list(LOWER_INNER_LIP), :2]
    gaps = np.linalg.norm(lower - upper, axis=-1)
    angles = np.array(head_angles(landmarks)) / np.deg2rad(6.0)
    parts = (lips.ravel() / np.sqrt(lips.size), 0.5 * gaps / np.sqrt(gaps.size), angles)
    return np.concatenate(parts).astype(np.float32)


def eye_descriptor(landmarks: Float32) -> Float32:
    """Describe the eyes: opening, where they look, the head's angles; in % of their width, (8,)."""
    looks = []
    for upper, iris in zip(UPPER_LIDS, IRIS_CENTRES, strict=True):
        outer, inner = landmarks[upper[0], :2], landmarks[upper[-1], :2]
        width = max(float(np.linalg.norm(outer - inner)), 1e-3)
        looks.append((landmarks[iris, :2] - (outer + inner) / 2) / width)
    openings = 100.0 * np.array(lid_openings(landmarks))
    angles = 3.0 * np.array(head_angles(landmarks)) / np.deg2rad(6.0)
    return np.concatenate([openings, 30.0 * np.ravel(looks), angles]).astype(np.float32)


def outer_lips(landmarks: Float32) -> Float32:
    """Return the outline of the lips in the picture, shape (20, 2)."""
    return np.ascontiguousarray(landmarks[list(OUTER_LIPS), :2])
