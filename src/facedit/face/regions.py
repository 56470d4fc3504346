"""Which of the 478 landmarks belong to what (Google's face mesh topology): the only table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facedit.types import LANDMARKS

# fmt: off
SURFACE = 468
"""Landmarks that belong to the surface; the rest are the irises."""

OUTER_LIPS: tuple[int, ...] = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)
"""Outline of the lips, closed, from the corner at the picture's left along the lower lip."""

INNER_LIPS: tuple[int, ...] = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)
"""Outline of the mouth's opening, closed, in the same order."""

LIPS: tuple[int, ...] = OUTER_LIPS + INNER_LIPS
"""Both outlines."""

UPPER_INNER_LIP: tuple[int, ...] = (82, 13, 312)
LOWER_INNER_LIP: tuple[int, ...] = (87, 14, 317)
"""Facing points in the middle of the mouth's opening."""

MOUTH_CORNERS: tuple[int, int] = (61, 291)
"""Outer corners of the mouth, the picture's left first."""

OUTER_EYE_CORNERS: tuple[int, int] = (33, 263)
"""The picture's left first. Their distance is the unit of canonical coordinates."""

UPPER_LIDS: tuple[tuple[int, ...], tuple[int, ...]] = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
)
"""Edge of the upper lid of each eye, outer to inner corner, the picture's left eye first."""

LOWER_LIDS: tuple[tuple[int, ...], tuple[int, ...]] = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
)
"""Edge of the lower lid of each eye, in the same order."""

RIGHT_EYE, LEFT_EYE = (
    lower + upper[-2:0:-1] for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True)
)
"""Outline of each eye; right and left are the subject's own."""

LOWER_BROWS: tuple[tuple[int, ...], tuple[int, ...]] = (
    (46, 53, 52, 65, 55), (276, 283, 282, 295, 285),
)
"""Lower edge of each eyebrow, outer to inner: what lies above the lid."""

BROWS: tuple[int, ...] = (
    *LOWER_BROWS[0], *LOWER_BROWS[1], 70, 63, 105, 66, 107, 300, 293, 334, 296, 336,
)
"""Both edges of both eyebrows."""

RIGHT_IRIS: tuple[int, ...] = (468, 469, 470, 471, 472)
LEFT_IRIS: tuple[int, ...] = (473, 474, 475, 476, 477)
IRISES: tuple[int, ...] = RIGHT_IRIS + LEFT_IRIS
"""Centre first, then four points of the rim."""

IRIS_CENTRES: tuple[int, int] = (RIGHT_IRIS[0], LEFT_IRIS[0])

NOSE_TIP = 1

NOSE_BASE = 2
"""Point below the nose, above the upper lip."""

FACE_OVAL: tuple[int, ...] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
"""Outline of the face, closed, clockwise on the screen from the top."""

JAW: tuple[int, ...] = FACE_OVAL[10:27]
"""The lower part of the outline."""

POSE_POINTS: tuple[int, ...] = (
    168, 6, 197, 195,
    10, 151, 9, 8, 67, 297, 109, 338, 103, 332, 54, 284,
    21, 251, 162, 389, 127, 356, 234, 454,
    33, 133, 362, 263,
    1, 4, 5, 45, 220, 275, 440,
)
"""Points that hardly move with expression, to fit a head's pose in space: nose, whose depth tells
the direction, forehead, temples, eye corners."""

ALIGNMENT_POINTS: tuple[int, ...] = (
    10, 338, 297, 332, 109, 67, 103, 168, 6, 197, 195, 8, 9, 151, 127, 356, 162, 389, 33, 263,
    133, 362, 21, 251,
)
"""Points that move with the skull, to lay one picture of a face over another: those of a pose
without the nose's tip, which a turning head carries past the rest."""
# fmt: on


def lower_face(vertices: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the points that speech moves: lips, chin, jaw, cheeks, wings of the nose.

    They are the ascending indices of the surface's points below the middle between the eyes' lower
    lids and the nose tip, in a frontal face with y downwards, shape (478, 3) or (468, 3).
    """
    lids = vertices[[145, 374], 1].mean()
    border = 0.5 * (lids + vertices[4, 1])
    return np.flatnonzero(vertices[:SURFACE, 1] > border).astype(np.int64)


def upper_face(vertices: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the other points, ascending: eyes, irises, brows, forehead; see ``lower_face``."""
    return np.setdiff1d(np.arange(LANDMARKS, dtype=np.int64), lower_face(vertices))
