"""The face mesh: named groups of its points, its triangles and its canonical shape.

Triangles and canonical shape are those of Google's canonical face model (Apache-2.0, inside
``face_landmarker.task``). Its surface has no holes: mouth and eyes are closed by triangles of their
own, so that an opening mouth has something to be drawn on.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from facedit.types import Float32

SURFACE = 468
"""Landmarks that belong to the surface; the rest are the irises."""

OUTER_LIPS = (
    61,
    146,
    91,
    181,
    84,
    17,
    314,
    405,
    321,
    375,
    291,
    409,
    270,
    269,
    267,
    0,
    37,
    39,
    40,
    185,
)
"""Outline of the lips, closed, from the corner at the picture's left along the lower lip."""

INNER_LIPS = (
    78,
    95,
    88,
    178,
    87,
    14,
    317,
    402,
    318,
    324,
    308,
    415,
    310,
    311,
    312,
    13,
    82,
    81,
    80,
    191,
)
"""Outline of the mouth's opening, closed, in the same order."""

LIPS = OUTER_LIPS + INNER_LIPS
"""All lip points."""

LIP_GAPS = ((82, 87), (13, 14), (312, 317))
"""Pairs (upper, lower) of inner-lip points whose distance is the opening."""

MOUTH_CORNERS = (61, 291)
"""Outer corners of the mouth, the picture's left first."""

FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""Outline of the face, closed, clockwise from the middle of the forehead."""

OUTER_EYES = (33, 263)
"""Outer eye corners, the picture's left first."""

NOSE_BASE = 2
"""Point below the nose, above the upper lip."""

UPPER_LIDS = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
)
"""Edge of the upper lid of each eye, outer to inner corner."""

LOWER_LIDS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
)
"""Edge of the lower lid of each eye, outer to inner corner."""

IRISES = (468, 473)
"""Middle of the iris of each eye."""

BROWS = ((46, 53, 52, 65, 55), (276, 283, 282, 295, 285))
"""Lower edge of each eyebrow, outer to inner."""

STABLE = (
    10, 338, 297, 332, 109, 67, 103, 168, 6, 197, 195, 8, 9, 151, 127, 356, 162, 389, 33, 263,
    133, 362, 21, 251,
)  # fmt: skip
"""Points that move with the skull: forehead, temples, bridge of the nose, eye corners."""


@cache
def _tensors() -> dict[str, NDArray[np.generic]]:
    """Read the mesh from the package."""
    from safetensors.numpy import load

    return dict(load(files("facedit").joinpath("weights/face_mesh.safetensors").read_bytes()))


def triangles() -> NDArray[np.int32]:
    """Return the triangles of the surface.

    Returns:
        Indices of landmarks, shape (898, 3).
    """
    return _tensors()["triangles"].astype(np.int32)


def canonical_landmarks() -> Float32:
    """Return the canonical face as landmarks, frontal, mouth closed.

    The irises, which the canonical model lacks, are put in the middle of the eyes.

    Returns:
        x right, y down, z away from the camera, in centimetres, shape (478, 3).
    """
    surface = _tensors()["vertices"].astype(np.float32)
    irises = []
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        centre = surface[[*upper, *lower]].mean(axis=0)
        half = 0.25 * np.linalg.norm(surface[upper[0]] - surface[upper[-1]])
        offsets = np.array(
            [[0, 0, 0], [half, 0, 0], [0, -half, 0], [-half, 0, 0], [0, half, 0]], np.float32
        )
        irises.append(centre + offsets)
    return np.concatenate([surface, *irises]).astype(np.float32)
