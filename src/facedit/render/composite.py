"""Blend a patch into a picture: soft masks from the mesh and a colour offset from the seam."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from facedit.face.distances import mouth_width
from facedit.face.regions import FACE_OVAL, MOUTH_CORNERS
from facedit.render.geometry import outer_lips
from facedit.render.warp import Rect
from facedit.types import Float32, UInt8

_BITS = 4
MAX_OFFSET = 40.0
"""Largest colour offset in grey levels; more means that the seam lies on different things."""

MOST_CONTRAST = 1.25
"""Largest factor on the contrast inside a mouth: more would show what the pictures do not."""

SOFT_EDGE_PX = 4
"""So far beyond a mouth's opening its softened edge reaches."""


def fill_polygon(points: Float32, rect: Rect) -> Float32:
    """Draw a polygon (n, 2) in ``rect``: 1 inside, 0 outside, with smooth edges, shape (h, w)."""
    canvas = np.zeros((rect.height, rect.width), np.uint8)
    local = (points - np.array([rect.x, rect.y], np.float32)) * (1 << _BITS)
    cv2.fillPoly(canvas, [np.rint(local).astype(np.int32)], 255, cv2.LINE_AA, _BITS)
    return canvas.astype(np.float32) / 255.0


def stretched(points: Float32, axis: Float32, along: float, across: float) -> Float32:
    """Enlarge a shape (n, 2) about its middle, along the direction ``axis`` (2,) and across it."""
    unit = axis / max(float(np.linalg.norm(axis)), 1e-6)
    frame = np.array([unit, [-unit[1], unit[0]]], np.float32)
    centre = (points.max(axis=0) + points.min(axis=0)) / 2
    local = (points - centre) @ frame.T * np.array([along, across], np.float32)
    return np.asarray(local @ frame + centre, np.float32)


def mouth_outline(landmarks: Float32) -> Float32:
    """Return the region in which the mouth of a target (478, 3) is replaced.

    A convex outline (n, 2) round the lips, 1.25 times as wide and 1.5 times as high; at least 0.45
    of the width high, so that a closed mouth takes its surroundings along.
    """
    lips = outer_lips(landmarks)
    left, right = landmarks[list(MOUTH_CORNERS), :2]
    unit = (right - left) / max(float(np.linalg.norm(right - left)), 1e-6)
    across = lips @ np.array([-unit[1], unit[0]], np.float32)
    height = max(float(across.max() - across.min()), 1e-3)
    factor = max(1.5, 0.45 * mouth_width(landmarks) / height)
    hull = cv2.convexHull(stretched(lips, right - left, 1.25, factor).astype(np.float32))
    return np.asarray(hull[:, 0], np.float32)


def mouth_mask(landmarks: Float32, rect: Rect) -> Float32:
    """Return how much of the replaced mouth of a target (478, 3) is seen at each pixel of ``rect``.

    Weights in [0, 1], falling off softly and never beyond the face's outline, shape (h, w).
    """
    oval = landmarks[list(FACE_OVAL), :2]
    inside = fill_polygon(stretched(oval, np.array([1, 0], np.float32), 0.97, 0.97), rect)
    mask = fill_polygon(mouth_outline(landmarks), rect) * inside
    sigma = max(0.12 * mouth_width(landmarks) / 2, 0.8)
    soft = cv2.GaussianBlur(mask, (0, 0), sigma)
    # The lips themselves are always shown whole, however soft the surroundings.
    lips = cv2.GaussianBlur(fill_polygon(outer_lips(landmarks), rect), (0, 0), 0.8)
    return np.asarray(np.clip(np.maximum(soft, lips), 0.0, 1.0) * _fade_out(rect), np.float32)


def _fade_out(rect: Rect, width: int = 3) -> Float32:
    """Weights that reach 0 at the rectangle's border."""

    def side(pixels: int) -> Float32:
        near = np.minimum(np.arange(pixels), np.arange(pixels)[::-1])
        return np.minimum(near / width, 1.0).astype(np.float32)

    return np.minimum(side(rect.height)[:, None], side(rect.width))


def seam_offset(base: Float32, patch: Float32, mask: Float32, sigma: float) -> Float32:
    """Measure on the seam only how the patch's colour must change to fit the base: (h, w, 3).

    The difference is weighted by how much the seam mixes both pictures and spread smoothly over the
    patch (normalised blur of ``sigma`` pixels, at quarter size), so that a difference of light goes
    and the mouth's own colours stay. Base and patch have shape (h, w, 3), the patch's weight
    ``mask`` (h, w); the offset is to be added to the patch and clipped to +-40.
    """
    height, width = mask.shape
    seam = 4.0 * mask * (1.0 - mask)
    size = (max(width // 4, 1), max(height // 4, 1))
    difference = (base - patch) * in_colour(seam)
    weighted = cv2.resize(difference, size, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(seam, size, interpolation=cv2.INTER_AREA)
    blur = max(sigma / 4.0, 0.5)
    total = cv2.GaussianBlur(weighted, (0, 0), blur, borderType=cv2.BORDER_CONSTANT)
    amount = cv2.GaussianBlur(weight, (0, 0), blur, borderType=cv2.BORDER_CONSTANT)
    offset = total / np.maximum(amount, 1e-4)[..., None]
    offset = np.where(amount[..., None] > 1e-4, offset, 0.0).astype(np.float32)
    large = cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(large, -MAX_OFFSET, MAX_OFFSET), np.float32)


def with_contrast(patch: Float32, real: Sequence[UInt8], opening: Float32) -> Float32:
    """Give the inside of a mouth the contrast that it has in real pictures of it.

    What is mixed of several mouths is flatter than each of them, teeth greyer and gaps lighter. The
    differences from the mean colour of the opening are enlarged to the pictures' mean contrast, by
    ``MOST_CONTRAST`` at most and never made less. All pictures have shape (h, w, 3), the opening
    (h, w) is 1 between the lips and 0 elsewhere, where nothing changes.
    """
    x, y, width, height = cv2.boundingRect((opening > 0).astype(np.uint8))
    around = (
        slice(max(y - SOFT_EDGE_PX, 0), y + height + SOFT_EDGE_PX),
        slice(max(x - SOFT_EDGE_PX, 0), x + width + SOFT_EDGE_PX),
    )
    opening, part = opening[around], patch[around]
    inside = opening > 0.9
    if int(inside.sum()) < 12:
        return patch
    wanted = float(np.mean([_contrast(one[around][inside]) for one in real]))
    gain = (wanted + 0.5) / (_contrast(part[inside]) + 0.5)
    more = np.float32(np.clip(gain, 1.0, MOST_CONTRAST) - 1.0)
    share = in_colour(np.asarray(cv2.GaussianBlur(opening, (0, 0), 0.8), np.float32))
    out = patch.copy()
    out[around] += more * share * (part - part[inside].mean(axis=0))
    return out


def _contrast(colours: Float32 | UInt8) -> float:
    """Standard deviation of the luma of colours (n, 3)."""
    return float((colours @ np.array([0.299, 0.587, 0.114], np.float32)).std())


def blend(base: Float32, patch: Float32, mask: Float32) -> Float32:
    """Mix two pictures of shape (h, w, 3) by a mask of shape (h, w)."""
    return np.asarray(base + in_colour(mask) * (patch - base), np.float32)


def in_colour(mask: Float32) -> Float32:
    """Repeat a mask of shape (h, w) for three channels: faster than letting numpy broadcast it."""
    return np.asarray(cv2.merge([mask, mask, mask]), np.float32)


def to_picture(values: Float32) -> UInt8:
    """Round to 8 bits."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def cross_fade(first: UInt8, second: UInt8, weight: float, out: UInt8 | None = None) -> UInt8:
    """Mix two pictures of one shape, ``out`` if given; weight 0 gives the first, 1 the second."""
    mixed = cv2.addWeighted(second, weight, first, 1.0 - weight, 0.0, dst=out)
    return np.asarray(mixed, np.uint8)


def seal_border(rendered: UInt8, base: UInt8, rect: Rect) -> UInt8:
    """Make a patch's border pixels those of the base picture, except on the picture's own edges.

    The patch (h, w, 3), which lies at ``rect`` of the base (H, W, 3), is changed in place.
    """
    height, width = base.shape[:2]
    under = base[rect.slices]
    if rect.y > 0:
        rendered[0] = under[0]
    if rect.y + rect.height < height:
        rendered[-1] = under[-1]
    if rect.x > 0:
        rendered[:, 0] = under[:, 0]
    if rect.x + rect.width < width:
        rendered[:, -1] = under[:, -1]
    return rendered
