"""Close and open eyelids in one picture: the skin above the eye comes down, the eye stays.

An eyeball is not squeezed when its lid closes; it is covered. So the lid is moved as a real one:
along each column of the eye, the lash line is carried down as it is, the skin between brow and
lash line is stretched after it, and what lies below is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facedit.render.composite import to_picture
from facedit.render.mesh import BROWS, LOWER_LIDS, UPPER_LIDS
from facedit.render.warp import Rect, bounding_rect
from facedit.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class _Eye:
    """One eye in a frame of its own: x from outer to inner corner (0 to 1), y down, eye widths."""

    origin: Float32
    across: Float32
    down: Float32
    upper: Float32
    lower: Float32
    brow: Float32


def _measure(landmarks: Float32, side: int) -> _Eye:
    outer = landmarks[UPPER_LIDS[side][0], :2]
    inner = landmarks[UPPER_LIDS[side][-1], :2]
    across = inner - outer
    down = np.array([-across[1], across[0]], np.float32)
    middle = landmarks[list(LOWER_LIDS[side]), :2].mean(axis=0)
    top = landmarks[list(BROWS[side]), :2].mean(axis=0)
    if float(down @ (middle - top)) < 0:
        down = -down
    width2 = max(float(across @ across), 1e-6)

    def local(indices: tuple[int, ...]) -> Float32:
        points = landmarks[list(indices), :2] - outer
        return np.stack([points @ across, points @ down], axis=1) / np.float32(width2)

    return _Eye(outer, across, down, local(UPPER_LIDS[side]), local(LOWER_LIDS[side]), local(BROWS[side]))


def _curve(points: Float32, x: Float32) -> Float32:
    """Height of a lid's edge at x, by linear interpolation between its points."""
    order = np.argsort(points[:, 0])
    return np.interp(x, points[order, 0], points[order, 1]).astype(np.float32)


def close_lids(picture: UInt8, landmarks: Float32, closure: tuple[float, float]) -> tuple[UInt8, Rect]:
    """Draw the eyes with their upper lids further down.

    Args:
        picture: Picture with open eyes, shape (H, W, 3); not changed.
        landmarks: Its landmarks in pixels, shape (478, 3).
        closure: For each eye (the picture's left first) how far its lid comes down: 0 as it is,
            1 shut.

    Returns:
        The picture with moved lids and the rectangle outside which it is unchanged.
    """
    out = picture.copy()
    touched = []
    for side, amount in enumerate(closure):
        if amount <= 0.0:
            continue
        eye = _measure(landmarks, side)
        points = landmarks[[*UPPER_LIDS[side], *LOWER_LIDS[side], *BROWS[side]], :2]
        width = float(np.linalg.norm(eye.across))
        rect = bounding_rect(points, 0.3 * width, picture.shape[1], picture.shape[0])
        if rect.width and rect.height:
            out[rect.slices] = _moved_lid(out, rect, eye, min(amount, 1.0))
            touched.append(rect)
    if not touched:
        return out, Rect(0, 0, 0, 0)
    x, y = min(one.x for one in touched), min(one.y for one in touched)
    right = max(one.x + one.width for one in touched)
    bottom = max(one.y + one.height for one in touched)
    return out, Rect(x, y, right - x, bottom - y)


def _moved_lid(picture: UInt8, rect: Rect, eye: _Eye, amount: float) -> UInt8:
    """Redraw one eye's rectangle with its upper lid moved down by a share of its opening."""
    rows, columns = np.mgrid[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
    width2 = np.float32(max(float(eye.across @ eye.across), 1e-6))
    dx, dy = columns.astype(np.float32) - eye.origin[0], rows.astype(np.float32) - eye.origin[1]
    x = (dx * eye.across[0] + dy * eye.across[1]) / width2
    y = (dx * eye.down[0] + dy * eye.down[1]) / width2
    upper = _curve(eye.upper, x)
    lower = _curve(eye.lower, x)
    drop = amount * np.maximum(lower - upper, 0.0)
    # Fades out beyond the corners, where upper and lower lid meet.
    drop = drop * np.clip(np.minimum(x + 0.12, 1.12 - x) / 0.12, 0.0, 1.0)
    lash = np.float32(0.05)
    # The stretched skin begins below the brow: two fifths of the way from brow to lid.
    brow = float(eye.brow[:, 1].mean())
    start = np.minimum(brow + 0.55 * (upper - brow), upper - 0.1)
    edge = upper + drop
    source = y.copy()
    stretched = (y > start) & (y <= edge - lash)
    span = np.maximum(edge - lash - start, 1e-3)
    ratio = (upper - lash - start) / span
    source = np.where(stretched, start + (y - start) * ratio, source)
    carried = (y > edge - lash) & (y <= edge + lash)
    source = np.where(carried, y - drop, source)
    change = (source - y).astype(np.float32)
    map_x = columns.astype(np.float32) + change * eye.down[0]
    map_y = rows.astype(np.float32) + change * eye.down[1]
    moved = cv2.remap(picture, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    # Smooth the occluding edge by a pixel, where lid and eye meet.
    hidden = cv2.GaussianBlur((y <= edge + lash).astype(np.float32), (0, 0), 0.7)[..., None]
    still = picture[rect.slices].astype(np.float32)
    return to_picture(still + hidden * (moved.astype(np.float32) - still))
