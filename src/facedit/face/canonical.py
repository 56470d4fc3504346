"""The canonical face: Google's metric 3-D mesh of the surface (Apache-2.0).

It comes with the package and is the one inside ``face_landmarker.task``. The surface has no holes:
mouth and eyes are closed by triangles of their own, so that an opening mouth has something to be
drawn on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from facedit.face.regions import OUTER_EYE_CORNERS
from facedit.types import Float64


@dataclass(frozen=True, slots=True)
class CanonicalFace:
    """A neutral frontal face in units of the outer-eye distance.

    The vertices, shape (468, 3), have their origin between the outer eye corners, x to the
    picture's right, y down, z away from the camera (as landmarks); the triangles are indices, shape
    (898, 3).
    """

    vertices: Float64
    triangles: NDArray[np.int32]


@cache
def load_canonical_face() -> CanonicalFace:
    """Read the canonical face, once: its arrays cannot be written to."""
    from safetensors.numpy import load

    mesh = load(files("facedit").joinpath("weights/face_mesh.safetensors").read_bytes())
    vertices = mesh["vertices"].astype(np.float64)
    right, left = vertices[list(OUTER_EYE_CORNERS)]
    vertices = (vertices - (right + left) / 2) / np.linalg.norm(left - right)
    triangles = mesh["triangles"].astype(np.int32)
    vertices.setflags(write=False)
    triangles.setflags(write=False)
    return CanonicalFace(vertices, triangles)


@cache
def mirror_points() -> NDArray[np.int64]:
    """Return each landmark's partner on the other side of the face, shape (478,)."""
    vertices = load_canonical_face().vertices
    mirrored = vertices * np.array([-1.0, 1.0, 1.0])
    distance = np.linalg.norm(vertices[:, None] - mirrored[None], axis=2)
    # Iris rims start at the side that points to the picture's right, then go round.
    irises = [473, 476, 475, 474, 477, 468, 471, 470, 469, 472]
    partners = np.concatenate([distance.argmin(axis=1), np.array(irises)])
    partners.setflags(write=False)
    return partners
