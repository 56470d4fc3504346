"""Which of the 478 landmarks belong to what (Google's face mesh topology)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# fmt: off
LIPS_OUTER: tuple[int, ...] = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)
"""The outer lip line, from the picture's left corner along the lower lip and back."""

LIPS_INNER: tuple[int, ...] = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)
"""The inner lip line, in the same order."""

LIPS: tuple[int, ...] = LIPS_OUTER + LIPS_INNER
"""Both lip lines."""

UPPER_INNER_LIP: tuple[int, ...] = (82, 13, 312)
LOWER_INNER_LIP: tuple[int, ...] = (87, 14, 317)
"""Facing points in the middle of the inner lip line."""

MOUTH_CORNERS: tuple[int, int] = (61, 291)

OUTER_EYE_CORNERS: tuple[int, int] = (33, 263)
"""Their distance in space is the unit of canonical coordinates and of the lip measures."""

RIGHT_EYE: tuple[int, ...] = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
)
LEFT_EYE: tuple[int, ...] = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466,
)
"""Lid lines; right and left are the subject's own."""

BROWS: tuple[int, ...] = (
    70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276,
)

RIGHT_IRIS: tuple[int, ...] = (468, 469, 470, 471, 472)
LEFT_IRIS: tuple[int, ...] = (473, 474, 475, 476, 477)
IRISES: tuple[int, ...] = RIGHT_IRIS + LEFT_IRIS
"""Centre first, then four points of the rim."""

FACE_OVAL: tuple[int, ...] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
"""The outline of the face, clockwise on the screen from the top."""

JAW: tuple[int, ...] = (
    361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132,
)
"""The lower part of the outline."""

STABLE: tuple[int, ...] = (
    168, 6, 197, 195,
    10, 151, 9, 8, 67, 297, 109, 338, 103, 332, 54, 284,
    21, 251, 162, 389, 127, 356, 234, 454,
    33, 133, 362, 263,
    1, 4, 5, 45, 220, 275, 440,
)
"""35 points that hardly move with expression: nose, forehead, temples, eye corners."""
# fmt: on


def lower_face(vertices: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the points that speech moves: lips, chin, jaw, cheeks, wings of the nose.

    Args:
        vertices: A frontal face with y downwards, shape (478, 3) or (468, 3).

    Returns:
        Ascending indices of the surface's points below the middle between the eyes' lower lids
        and the nose tip.
    """
    lids = vertices[[145, 374], 1].mean()
    border = 0.5 * (lids + vertices[4, 1])
    return np.flatnonzero(vertices[:468, 1] > border).astype(np.int64)


def upper_face(vertices: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the points that are not of the lower face: eyes, irises, brows, forehead.

    Args:
        vertices: A frontal face with y downwards, shape (478, 3) or (468, 3).

    Returns:
        Ascending indices.
    """
    return np.setdiff1d(np.arange(478, dtype=np.int64), lower_face(vertices))
