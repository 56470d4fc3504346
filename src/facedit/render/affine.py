"""The arithmetic of the mesh warp: one affine map per triangle, gathered for every pixel.

Points of the plane are complex numbers here (x + iy): a map is then three numbers, two
coordinates are read at once, and the result lies in memory as OpenCV wants it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facedit.types import Float32, Float64

_Complex = NDArray[np.complex128]


class TriangleMaps:
    """Affine maps from the triangles of one target to those of any number of sources.

    ``target`` holds the corners of all triangles, shape (n, 3, 2); ``used`` (m,) numbers those
    whose maps are wanted.
    """

    def __init__(self, target: Float32, used: NDArray[np.intp]) -> None:
        self._count = len(target)
        self._used = used
        corners = target[used].astype(np.float64)
        self._origin: Float64 = corners[:, 0]
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        det = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
        flat = np.abs(det) < 1e-6
        scale = np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, det))
        # How much of the first and the second edge a step along x and along y is.
        self._along_x = scale * second[:, 1], -scale * first[:, 1]
        self._along_y = -scale * second[:, 0], scale * first[:, 0]

    def places(
        self, source: Float32, numbers: NDArray[np.intp], columns: Float32, rows: Float32
    ) -> Float32:
        """Map pixels to x, y in the source, shape (h, w, 2); one without a triangle to itself.

        ``source`` holds the corners of all triangles there, shape (n, 3, 2), ``numbers`` (h, w) the
        triangle of each pixel, -1 for none; ``columns`` (w,) and ``rows`` (h,) are the pixels' x
        and y.
        """
        corners = _as_complex(source[self._used].astype(np.float64))
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        per_x = self._along_x[0] * first + self._along_x[1] * second
        per_y = self._along_y[0] * first + self._along_y[1] * second
        shift = corners[:, 0] - self._origin[:, 0] * per_x - self._origin[:, 1] * per_y
        terms = []
        for values, identity in ((per_x, 1.0), (per_y, 1.0j), (shift, 0.0)):
            table = np.zeros(self._count + 1, np.complex64)
            table[self._used] = values
            table[-1] = identity
            terms.append(np.take(table, numbers, mode="wrap").view(np.float32))
        out = terms[0]
        out *= np.repeat(columns, 2)
        terms[1] *= rows[:, None]
        out += terms[1]
        out += terms[2]
        return np.asarray(out.reshape(*numbers.shape, 2), np.float32)


def _as_complex(points: Float64) -> _Complex:
    return np.ascontiguousarray(points).view(np.complex128)[..., 0]
