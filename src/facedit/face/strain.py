"""How far a mesh's movement stretches and squeezes the skin in a picture."""

from __future__ import annotations

import numpy as np

from facedit.face.canonical import load_canonical_face
from facedit.face.regions import LOWER_BROWS
from facedit.types import Float32

_FEW = 10.0


def brow_strain(before: Float32, after: Float32) -> tuple[float, float]:
    """Return the largest stretch and the least squeeze of the skin about the brows, 1 for none.

    Both faces are (478, 3); of the triangles that touch the brows' lower edge a tenth may be
    stretched further, and a tenth squeezed.
    """
    triangles = load_canonical_face().triangles
    triangles = triangles[np.isin(triangles, LOWER_BROWS).any(axis=1)]
    sides = [
        (one[triangles[:, 1:], :2] - one[triangles[:, :1], :2]).transpose(0, 2, 1).astype(float)
        for one in (before, after)
    ]
    values = np.linalg.svd(sides[1] @ np.linalg.pinv(sides[0]), compute_uv=False)
    widest = float(np.percentile(values[:, 0], 100.0 - _FEW))
    return widest, float(np.percentile(values[:, 1], _FEW))
