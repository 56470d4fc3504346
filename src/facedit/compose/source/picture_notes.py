"""What a user should know of the picture that is to speak, before they look at the video."""

from __future__ import annotations

import numpy as np

from facedit.errors import NoFace
from facedit.face.distances import lip_opening
from facedit.face.pose import fit_pose
from facedit.face.regions import FACE_OVAL, LIPS
from facedit.motion.mesh_space import MeshSpace
from facedit.render.geometry import lid_openings
from facedit.render.still_renderer import Still
from facedit.types import Float32

LOW_LIDS = 0.12
"""Opening of the wider eye, in its own widths, below which eyes look shut or down in real clips."""

WIDE_MOUTH = 0.2
"""Lip opening, in outer-eye distances, beyond 95 % of frames of people who speak."""

TURNED_DEG = 35.0
"""Yaw from which the far half of the mouth is guessed."""

ON_ITS_SIDE_DEG = 60.0
"""Roll from which a picture was rather not turned than a head tilted."""

SMALL_PX = 80
"""Width of a face below which its new mouth is a blur."""

CUT = 0.03
"""Part of the face's size that may lie outside the picture unnoticed."""


def lid_opening(landmarks: Float32) -> float:
    """Measure the wider eye: the other may wink, or be hidden by the nose.

    Args:
        landmarks: One face, shape (478, 3).

    Returns:
        Mean distance of the lids over the eye's width.
    """
    return max(lid_openings(landmarks))


def picture_notes(space: MeshSpace, still: Still) -> tuple[str, ...]:
    """Judge a picture.

    Args:
        space: The motion space, whose canonical face is compared with.
        still: The picture.

    Returns:
        One line for each thing that the user will see.

    Raises:
        NoFace: If the mouth is not in the picture.
    """
    notes, points = [], still.landmarks
    if lid_opening(points) < LOW_LIDS:
        notes.append(
            "the eyes are shut or lowered in the picture and stay so; choose a picture in which "
            "they are open."
        )
    if lip_opening(points) > WIDE_MOUTH:
        notes.append(
            "the mouth is wide open in the picture; one that is shut or nearly so looks better."
        )
    yaw, _, roll = fit_pose(points[None], space.canonical).degrees()[0].tolist()
    if abs(yaw) > TURNED_DEG:
        notes.append(
            f"the face is turned {abs(yaw):.0f} degrees to the side: half of the mouth is guessed; "
            "choose a picture from the front."
        )
    if abs(roll) > ON_ITS_SIDE_DEG:
        notes.append("the face lies on its side or its head: turn the picture first.")
    width = float(np.ptp(points[:, 0]))
    if width < SMALL_PX:
        notes.append(
            f"the face is only {width:.0f} pixels wide, its new mouth will be a blur; choose a "
            "larger picture."
        )
    if _outside(still, LIPS) > CUT:
        raise NoFace("the mouth is cut off by the edge of the picture; choose another picture.")
    if _outside(still, FACE_OVAL) > CUT:
        notes.append("the face is cut off by the edge of the picture, and so is what moves there.")
    return tuple(notes)


def _outside(still: Still, indices: tuple[int, ...]) -> float:
    """Return how far points lie beyond the picture's edge, in widths of the face."""
    points, size = still.landmarks[list(indices), :2], np.array(still.rgb.shape[1::-1])
    beyond = np.maximum(-points, points - size).max()
    return float(beyond / max(np.ptp(still.landmarks[:, 0]), 1e-6))
