"""Tracks that cannot be a talking head: the rules by which clips are dropped.

The bounds were set on the 2926 real clips of ``shared/data`` (GRID, LRW-AR, LRS3, VoxCeleb2, HDTF,
CelebV-Dub), whose tracks were looked at where they are most extreme: those are heads that turn fast
to the side (LRS3) and mouths wide open, followed well. The bounds lie 1.3 to 2 times above the
largest value of a good track, so that only failures fall: another face taken up, a hand or pattern
taken for a face, a frozen picture. Of the 2926 clips they drop one, whose mouth stays closed while
somebody else is heard. They are no detector of missed cuts: between random frames of two clips of
one corpus, all framed alike, they see 41 % of the jumps in LRS3, 3 % in LRW-AR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.face.distances import eye_distance, lip_opening
from facedit.types import Float32, Float64
from facedit.units import MOTION_FPS

MOST_MOVED = 0.4
"""Outer-eye distances that a head moves in 1/25 s (largest good: 0.215)."""

MOST_SCALED = 0.2
"""Natural logarithm by which its size changes in 1/25 s (largest good: 0.100)."""

MOST_SHAPED = 0.4
"""Share of its size (root mean square) by which its shape changes in 1/25 s, turning included
(largest good: 0.273)."""

MOST_OPEN = 0.6
"""Lip opening in outer-eye distances (largest good: 0.471)."""

MOST_OPENED = 0.4
"""Change of the lip opening in 1/25 s (largest good: 0.243)."""

LEAST_SPOKEN = 0.012
"""Range of the lip opening over a clip: less is a closed or frozen mouth (0.0085 in the one such
clip; 0.0152 in the stillest whose lips seem to speak)."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """Why a track is no talking head: the rule's name; what was measured, where, and the bound."""

    kind: str
    detail: str

    def __str__(self) -> str:
        """Return the reason of the table."""
        return f"{self.kind}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Steps:
    """What changes from each frame to the next, per 1/25 s of time.

    Attributes:
        moved: Way of the head's centre in the picture over the outer-eye distance, shape (F - 1,).
        scaled: Size, as the absolute change of its logarithm, shape (F - 1,).
        shaped: Root mean square way of the landmarks once centre and size are taken out, in sizes
            (root mean square distance of the landmarks from their centre), shape (F - 1,).
        opened: Lip opening over the outer-eye distance, shape (F - 1,).
    """

    moved: Float64
    scaled: Float64
    shaped: Float64
    opened: Float64


def measure_steps(landmarks: Float32, times_s: Float64) -> Steps:
    """Measure how far a track goes from frame to frame.

    Landmarks are raw, in pixels, finite, shape (F, 478, 3); times ascend, in seconds, shape (F,).
    """
    points = landmarks.astype(np.float64)
    eyes = eye_distance(points)
    centre = points.mean(axis=1, keepdims=True)
    size = np.sqrt(((points - centre) ** 2).sum(axis=2).mean(axis=1))
    shape = (points - centre) / size[:, None, None]
    way = np.linalg.norm(np.diff(centre[:, 0, :2], axis=0), axis=1)
    # Frames closer than 1/25 s are held to the bound of 1/25 s: noise does not shrink with time.
    spans = np.maximum(np.diff(times_s) * MOTION_FPS, 1.0)
    return Steps(
        moved=way / np.minimum(eyes[1:], eyes[:-1]) / spans,
        scaled=np.abs(np.diff(np.log(size))) / spans,
        shaped=np.sqrt((np.diff(shape, axis=0) ** 2).sum(axis=2).mean(axis=1)) / spans,
        opened=np.abs(np.diff(lip_opening(landmarks).astype(np.float64))) / spans,
    )


def find_outlier(landmarks: Float32, times_s: Float64) -> Outlier | None:
    """Return the first rule that a stretch of one shot breaks; None if it may be a talking head.

    The arguments are those of ``measure_steps``.
    """
    steps = measure_steps(landmarks, times_s)
    for kind, values, bound in (
        ("head jumps", steps.moved, MOST_MOVED),
        ("head changes size", steps.scaled, MOST_SCALED),
        ("face changes shape", steps.shaped, MOST_SHAPED),
        ("mouth jumps", steps.opened, MOST_OPENED),
    ):
        if len(values) and values.max() > bound:
            worst = int(values.argmax())
            at_s = times_s[worst + 1]
            return Outlier(kind, f"{values[worst]:.2f} in 1/25 s at {at_s:.2f} s, over {bound}")
    opening = lip_opening(landmarks)
    if opening.max() > MOST_OPEN:
        at_s = times_s[int(opening.argmax())]
        detail = f"{opening.max():.2f} eye distances at {at_s:.2f} s, over {MOST_OPEN}"
        return Outlier("mouth too open", detail)
    if (spoken := float(np.ptp(opening))) < LEAST_SPOKEN:
        return Outlier("mouth still", f"opens by {spoken:.3f} eye distances, under {LEAST_SPOKEN}")
    return None
