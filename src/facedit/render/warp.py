"""Warp a picture by the face mesh: every pixel of the target is told where it lies in the source.

The target's triangles are drawn far to near into a map of triangle numbers (the painter's
algorithm, so that a turned nose hides the cheek); each triangle then has one affine map to the
source. Around the face, rings follow the movement of the skull and fade to rest, so that hair and
neck come along and the background stays. Where nothing moves the map is the identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from facedit.face.canonical import load_canonical_face
from facedit.face.distances import eye_distance
from facedit.face.regions import FACE_OVAL, SURFACE
from facedit.render.affine import TriangleMaps
from facedit.render.geometry import fit_similarity
from facedit.runs import blocks
from facedit.types import Float32, UInt8

RINGS = ((1.4, 1.0), (1.7, 0.84), (2.0, 0.5), (2.3, 0.16), (2.6, 0.0))
"""Rings round the face: size relative to its outline, share of the skull's movement."""

_SUBPIXEL_BITS = 4
_BAND_ROWS = 64
_OVAL = np.array(FACE_OVAL)
_SIZES = np.array([size for size, _ in RINGS])
_SHARES = np.repeat([share for _, share in RINGS], len(FACE_OVAL))[:, None]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of whole pixels: left column, top row, size."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index a picture with."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width, height."""
        return self.x, self.y, self.width, self.height


def bounding_rect(
    points: Float32, pad: float, width: int, height: int, *, even: bool = True
) -> Rect:
    """Return the rectangle of pixels round points (n, 2), ``pad`` wider, inside the picture.

    It is empty (0 by 0) outside. ``even`` gives it even coordinates and sides where the picture's
    size allows it, so that it covers whole samples of subsampled chroma.
    """
    low = np.floor(points.min(axis=0) - pad).astype(int)
    high = np.ceil(points.max(axis=0) + pad).astype(int) + 1
    x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
    x1, y1 = min(int(high[0]), width), min(int(high[1]), height)
    if even:
        x0, y0 = x0 - x0 % 2, y0 - y0 % 2
        x1, y1 = min(x1 + x1 % 2, width), min(y1 + y1 % 2, height)
    if x1 <= x0 or y1 <= y0:
        return Rect(0, 0, 0, 0)
    return Rect(x0, y0, x1 - x0, y1 - y0)


@cache
def _ring_triangles() -> NDArray[np.int32]:
    """Triangles between outline and rings, outermost first; ring points follow the surface's."""
    loops = [np.array(FACE_OVAL)]
    size = len(FACE_OVAL)
    loops += [SURFACE + size * ring + np.arange(size) for ring in range(len(RINGS))]
    strips = []
    for inner, outer in pairwise(loops):
        a, b, c, d = inner, np.roll(inner, -1), outer, np.roll(outer, -1)
        strips += [np.stack([a, b, c], axis=1), np.stack([b, d, c], axis=1)]
    return np.concatenate(strips[::-1]).astype(np.int32)


def rings_of(landmarks: Float32) -> Float32:
    """Return the points of the rings round a face (478, 3) at rest, shape (36 * rings, 2).

    The innermost ring comes first.
    """
    oval = landmarks[_OVAL, :2].astype(np.float64)
    centre = oval.mean(axis=0)
    rings = centre + _SIZES[:, None, None] * (oval - centre)
    return np.asarray(rings.reshape(-1, 2), np.float32)


def moved_rings(base: Float32, target: Float32) -> Float32:
    """Return where the rings round a base face go when its skull moves to the target's place.

    The outermost ring rests; faces have shape (478, 3).
    """
    movement = fit_similarity(base, target)
    rings = rings_of(base)
    there = rings @ movement[:, :2].T + movement[:, 2]
    return (rings + _SHARES * (there - rings)).astype(np.float32)


def mesh_step(target: Float32) -> int:
    """Choose how coarsely the mesh of a face (478, 3) is drawn.

    A large one's map is smooth at the scale of some pixels: 2 from 100 pixels between the outer eye
    corners, 4 from 200.
    """
    far = float(eye_distance(target))
    return 4 if far >= 200.0 else 2 if far >= 100.0 else 1


class TargetMesh:
    """The mesh of a target face, drawn once, asked for the maps to any number of sources.

    Args:
        target: Landmarks of the target, shape (478, 3), in pixels of the target picture.
        rect: Region of the target picture to cover.
        rings: Points of the rings in the target picture; None to cover the face only.
        step: 1 draws every pixel; 2 or 4 one in so many each way and interpolates between, which is
            4 or 16 times as fast and differs only where one part of the face hides another.

    Attributes:
        rect: Region of the target picture that the maps cover.
        inside: Triangle number per drawn pixel, -1 outside the mesh.

    Raises:
        ValueError: If the step is none of these.
    """

    def __init__(
        self, target: Float32, rect: Rect, rings: Float32 | None = None, step: int = 1
    ) -> None:
        if step not in (1, 2, 4):
            raise ValueError(f"A mesh is drawn with step 1, 2 or 4, not {step}.")
        self.rect = rect
        self._step = step
        # Where pixels are skipped, one is drawn in the middle of each block, and a block more on
        # each side, so that there is something to interpolate with.
        border = int(step > 1)
        self._first = step * (0.5 - border) - 0.5
        self._shape = tuple(-(-side // step) + 2 * border for side in (rect.height, rect.width))
        points = target[:SURFACE].astype(np.float32)
        corners = load_canonical_face().triangles
        order = np.argsort(-points[corners, 2].mean(axis=1), kind="stable")
        self._triangles = corners[order]
        flat: Float32 = np.ascontiguousarray(points[:, :2])
        self._ringed = rings is not None
        if rings is not None:
            flat = np.concatenate([flat, rings])
            self._triangles = np.concatenate([_ring_triangles(), self._triangles])
        places = flat[self._triangles]
        self.inside: NDArray[np.int32]
        self.inside, drawn = self._draw(places)
        self._maps = TriangleMaps(places, drawn)
        # -1 is the last map, the identity; the wide type is the one that numpy gathers by.
        self._numbers = self.inside.astype(np.intp)

    def _draw(self, places: Float32) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Draw the triangles far to near; also say which were drawn."""
        rows, columns = self._shape
        canvas = np.full((rows, columns), -1, np.int32)
        local = places - np.array([self.rect.x, self.rect.y], np.float32)
        local = (local - np.float32(self._first)) / np.float32(self._step)
        low, high = local.min(axis=1), local.max(axis=1)
        limit = np.array([columns, rows], np.float32)
        seen = np.flatnonzero(((high >= -1) & (low <= limit)).all(axis=1))
        fixed = np.rint(local[seen] * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        for number, corners in zip(seen.tolist(), fixed, strict=True):
            cv2.fillConvexPoly(canvas, corners, number, cv2.LINE_8, _SUBPIXEL_BITS)
        return canvas, seen

    def source_map(self, source: Float32, rings: Float32 | None = None) -> Float32:
        """Say for every target pixel its x, y in a source picture, shape (h, w, 2).

        The source's landmarks (478, 3) and rings (if the target was drawn with rings: else
        ValueError) are in its pixels. Pixels outside the mesh are where they are.
        """
        return self._fine_map(self._coarse_map(source, rings), range(self.rect.height))

    def warped(self, picture: UInt8, source: Float32, rings: Float32) -> UInt8:
        """Draw a source picture (H, W, 3) as its smoothed map says, shape (h, w, 3).

        A small median and blur of the displacement take out what thin triangles do at the far side
        of a turned face (a ragged outline); they also round off the lips' edges, where another
        picture is to be blended in anyway. It goes by bands of rows: a map of all is five times as
        large as what is drawn.
        """
        coarse = self._coarse_map(source, rings, smooth=True)
        out = np.empty((self.rect.height, self.rect.width, 3), np.uint8)
        for band in blocks(self.rect.height, _BAND_ROWS):
            out[band] = sample(picture, self._fine_map(coarse, range(band.start, band.stop)))
        return out

    def _coarse_map(self, source: Float32, rings: Float32 | None, smooth: bool = False) -> Float32:
        """Say for every drawn pixel its x, y in a source picture, (rows, columns, 2)."""
        if self._ringed != (rings is not None):
            raise ValueError("Rings belong to both target and source, or to neither.")
        points: Float32 = np.ascontiguousarray(source[:SURFACE, :2], np.float32)
        if rings is not None:
            points = np.concatenate([points, rings])
        step, (height, width) = self._step, self.inside.shape
        columns = self.rect.x + self._first + step * np.arange(width, dtype=np.float32)
        rows = self.rect.y + self._first + step * np.arange(height, dtype=np.float32)
        coarse = self._maps.places(points[self._triangles], self._numbers, columns, rows)
        if smooth:
            grid = np.stack(np.broadcast_arrays(columns, rows[:, None]), axis=-1)
            calm = [cv2.medianBlur(plane, 5) for plane in cv2.split(coarse - grid)]
            coarse = np.asarray(grid + cv2.GaussianBlur(cv2.merge(calm), (0, 0), 1.0), np.float32)
        return coarse

    def _fine_map(self, coarse: Float32, rows: range) -> Float32:
        """Interpolate some rows of a map between the pixels that were drawn."""
        step = self._step
        if step == 1:
            return coarse[rows.start : rows.stop]
        # The blocks that hold them, and one more on each side for what lies between two.
        first, last = rows.start // step, -(-rows.stop // step) + 2
        part = coarse[first:last]
        size = step * part.shape[1], step * part.shape[0]
        fine = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
        top = step + rows.start - step * first
        inside = slice(top, top + len(rows)), slice(step, step + self.rect.width)
        return np.asarray(fine[inside], np.float32)


def sample(picture: UInt8, source_map: Float32, origin: tuple[int, int] = (0, 0)) -> UInt8:
    """Read a picture (H, W, 3) at the places (h, w, 2) of a map, by bicubic interpolation.

    The map is of the whole source picture, where a crop of it begins at ``origin`` (x, y); beyond
    the border the border's pixels go on.
    """
    if origin != (0, 0):
        source_map = source_map - np.array(origin, np.float32)
    nothing: Float32 = np.empty(0, np.float32)  # x and y are in one array
    out = cv2.remap(picture, source_map, nothing, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def moved_region(base: Float32, target: Float32, width: int, height: int) -> Rect:
    """Return the rectangle in which a warp of the base (478, 3) to the target changes anything.

    It is empty if nothing moves by a hundredth of a pixel.
    """
    there = np.concatenate([target[:SURFACE, :2], moved_rings(base, target)])
    here = np.concatenate([base[:SURFACE, :2], rings_of(base)])
    moved = np.abs(there - here).max(axis=1) > 0.01
    every = np.concatenate([_ring_triangles(), load_canonical_face().triangles])
    touched = np.unique(every[moved[every].any(axis=1)])
    if touched.size == 0:
        return Rect(0, 0, 0, 0)
    return bounding_rect(np.concatenate([there[touched], here[touched]]), 2.0, width, height)
