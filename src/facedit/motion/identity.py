"""What is constant in a clip: the person's neutral shape and where the head usually is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from facedit.errors import NoFace
from facedit.face.pose import HeadPose, fit_pose
from facedit.runs import spread
from facedit.types import Float32, Float64

MOST_FRAMES = 3000
"""Frames of a clip that are looked at; of a longer one they are spread over it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The constants of a clip that are taken out of its motion.

    Attributes:
        neutral: The clip's mean shape in canonical units (outer-eye distance), shape (478, 3); of
            a space that does not go by landmarks, what it takes for neutral in its own terms.
        scale_px: Pixels per canonical unit, the clip's (geometric) mean.
        centre_px: Mean place of the canonical origin in pixels (x, y, z), shape (3,).
        rotation: Mean rotation vector in radians, shape (3,).
    """

    neutral: Float32
    scale_px: float = 1.0
    centre_px: Float64 = field(default_factory=lambda: np.zeros(3))
    rotation: Float64 = field(default_factory=lambda: np.zeros(3))


def estimate_identity(
    landmarks: Float32, confidence: Float32, canonical: Float32, *, passes: int = 2
) -> Identity:
    """Estimate a clip's constants: means over its frames, weighted by confidence (F,).

    Poses are fitted to the canonical face (478, 3) first, then to the clip's own mean shape, whose
    orientation stays that of the canonical one; ``passes`` times. A single frame is its own
    neutral. Landmarks are in pixels, shape (F, 478, 3), NaN frames are skipped; NoFace if no frame
    has a face.
    """
    seen = (confidence > 0) & np.isfinite(landmarks).all(axis=(1, 2))
    if not seen.any():
        raise NoFace(f"none of {len(landmarks)} frames shows the face: no identity to take out.")
    rows = np.flatnonzero(seen)
    rows = rows[spread(len(rows), MOST_FRAMES)]
    points = landmarks[rows].astype(np.float64)
    weights = confidence[rows].astype(np.float64)
    weights /= weights.sum()
    neutral = canonical.astype(np.float64)
    for _ in range(passes):
        neutral = np.tensordot(weights, fit_pose(points, neutral).remove(points), 1)
        # Bring the mean back to the canonical place, size and direction, so nothing drifts.
        neutral = fit_pose(neutral[None], canonical).remove(neutral[None])[0]
    pose = fit_pose(points, neutral)
    return Identity(
        neutral.astype(np.float32),
        float(np.exp(weights @ np.log(pose.scale))),
        weights @ pose.translation,
        weights @ pose.rotation_vectors,
    )


def relative_head(pose: HeadPose, identity: Identity) -> Float64:
    """Describe head poses against a clip's neutral shape relative to its usual one, shape (F, 6).

    Rotation vector less the mean (radians), x and y of the translation less the mean over the
    scale, and the logarithm of the scale over the mean.
    """
    turn = pose.rotation_vectors - identity.rotation
    move = (pose.translation - identity.centre_px)[:, :2] / identity.scale_px
    size = np.log(pose.scale / identity.scale_px)
    return np.concatenate([turn, move, size[:, None]], axis=1)
