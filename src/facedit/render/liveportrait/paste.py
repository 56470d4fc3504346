"""Put a drawn crop back into its frame: the face alone, or the whole crop as the official tool."""

from __future__ import annotations

import cv2
import numpy as np

from facedit.motion.liveportrait.crop import paste_mask
from facedit.render import composite
from facedit.render.renderer_interface import Patch
from facedit.render.warp import Rect, bounding_rect
from facedit.types import Float32, Float64, UInt8

CHIN = 0.2
"""How much longer than the face's lower half what is pasted is: a falling jaw goes below it."""

_SOFT = 0.02
"""Width of the mask's edge, all of it inside the outline, over the crop's side."""

_MOST_DETAIL = 2.0


def pasted_face(
    base_rgb: UInt8, crop: UInt8, matrix: Float64, outline: Float32 | None, weight: float = 1.0
) -> Patch:
    """Paste a drawn crop, its colour and sharpness as the frame's at the seam.

    Args:
        base_rgb: The frame, shape (H, W, 3); not changed.
        crop: What was drawn, shape (size, size, 3).
        matrix: What moves the frame into the crop, shape (3, 3).
        outline: The face's outline in the frame, from the top, clockwise, shape (36, 2): hair,
            shoulders and what is behind them stay as they were shot; None to paste all of the crop.
        weight: 0 gives the frame's pixels, 1 the drawn ones.

    Returns:
        The patch; empty where nothing of the crop is in the frame.
    """
    height, width = base_rgb.shape[:2]
    size = len(crop)
    back = np.linalg.inv(matrix).astype(np.float64)
    side = size * float(back[0, 0])
    shape = _corners(back, size) if outline is None else with_chin(outline)
    rect = bounding_rect(shape, 1.0, width, height)
    if rect.width == 0:
        return Patch(np.zeros((0, 0, 3), np.uint8), 0, 0)
    back[:2, 2] -= (rect.x, rect.y)
    mask = _moved(paste_mask(size).astype(np.float32), back, rect)
    if outline is not None:
        inside = composite.fill_polygon(shape, rect)
        soft = cv2.GaussianBlur(inside, (0, 0), max(_SOFT * side, 0.8))
        mask = mask * np.clip(2 * soft - 1, 0, 1)
    base = base_rgb[rect.slices].astype(np.float32)
    drawn = _moved(crop.astype(np.float32), back, rect)
    reach = 0.3 if outline is None else 0.1  # from the seam to the middle
    drawn += composite.seam_offset(base, drawn, mask, reach * side)
    drawn = np.clip(as_sharp(base, drawn, mask), 0, 255)
    patch = composite.to_picture(composite.blend(base, drawn, weight * mask))
    return Patch(composite.seal_border(patch, base_rgb, rect), rect.x, rect.y)


def with_chin(outline: Float32) -> Float32:
    """Return an outline (36, 2), its lower half longer by ``CHIN``."""
    middle = (outline[0] + outline[18]) / 2
    down = (outline[18] - outline[0]) / max(float(np.linalg.norm(outline[18] - outline[0])), 1e-6)
    below = np.maximum((outline - middle) @ down, 0)
    return np.asarray(outline + CHIN * below[:, None] * down, np.float32)


def as_sharp(base: Float32, drawn: Float32, mask: Float32) -> Float32:
    """Sharpen what was drawn to the frame's own detail at the seam, at most twofold.

    Args:
        base: The frame, shape (h, w, 3).
        drawn: What was drawn, shape (h, w, 3).
        mask: How much of it is to be seen, shape (h, w): the seam is where both are.

    Returns:
        The sharper picture; as it is where the frame is no sharper.
    """
    seam = composite.in_colour(mask * (1 - mask))
    detail = drawn - cv2.GaussianBlur(drawn, (0, 0), 1.0)
    own = base - cv2.GaussianBlur(base, (0, 0), 1.0)
    there, here = float((seam * own**2).sum()), float((seam * detail**2).sum())
    gain = min(float(np.sqrt(there / max(here, 1e-6))), _MOST_DETAIL)
    return np.asarray(drawn + max(gain - 1, 0) * detail, np.float32)


def _moved(picture: Float32, back: Float64, rect: Rect) -> Float32:
    return np.asarray(cv2.warpAffine(picture, back[:2], (rect.width, rect.height)), np.float32)


def _corners(back: Float64, size: int) -> Float32:
    corners = np.array([[0, 0], [size - 1, 0], [size - 1, size - 1], [0, size - 1]])
    return np.asarray(corners @ back[:2, :2].T + back[:2, 2], np.float32)
