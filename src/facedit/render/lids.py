"""Close eyelids in one picture: skin like that above the eye comes down over it.

An eyeball is not squeezed when its lid closes; it is covered. Warping an open eye shut smears its
lashes into a black blot, so the lid is drawn: its colour flows in from the skin all round the eye
and its lashes, its grain is that of the skin below the eye, and its lower edge a lash line as dark
as the eye's own. What lies below the edge is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facedit.face.regions import LOWER_BROWS, LOWER_LIDS, UPPER_LIDS
from facedit.render.composite import to_picture
from facedit.render.warp import Rect, bounding_rect
from facedit.types import Float32, UInt8

ABOVE, BELOW = 0.16, 0.06
"""How far lashes reach above the upper and below the lower lid's edge, in widths of the eye."""


@dataclass(frozen=True, slots=True)
class _Eye:
    """One eye in a frame of its own: x from outer to inner corner (0 to 1), y down, eye widths."""

    origin: Float32
    across: Float32
    down: Float32
    upper: Float32
    lower: Float32


def _measure(landmarks: Float32, side: int) -> _Eye:
    outer = landmarks[UPPER_LIDS[side][0], :2]
    inner = landmarks[UPPER_LIDS[side][-1], :2]
    across = inner - outer
    down = np.array([-across[1], across[0]], np.float32)
    middle = landmarks[list(LOWER_LIDS[side]), :2].mean(axis=0)
    top = landmarks[list(LOWER_BROWS[side]), :2].mean(axis=0)
    if float(down @ (middle - top)) < 0:
        down = -down
    width2 = max(float(across @ across), 1e-6)

    def local(indices: tuple[int, ...]) -> Float32:
        points = landmarks[list(indices), :2] - outer
        turned = np.stack([points @ across, points @ down], axis=1) / width2
        return np.asarray(turned, np.float32)

    return _Eye(outer, across, down, local(UPPER_LIDS[side]), local(LOWER_LIDS[side]))


def _curve(points: Float32, x: Float32) -> Float32:
    """Height of a lid's edge at x, by linear interpolation between its points."""
    order = np.argsort(points[:, 0])
    return np.asarray(np.interp(x, points[order, 0], points[order, 1]), np.float32)


def close_lids(
    picture: UInt8, landmarks: Float32, closure: tuple[float, float]
) -> tuple[UInt8, Rect]:
    """Draw the eyes with their upper lids further down, and return where the picture changed.

    The picture (H, W, 3) has open eyes and is not changed itself; landmarks are in pixels (478, 3);
    ``closure`` tells for each eye (the picture's left first) how far its lid comes down: 0 as it
    is, 1 shut.
    """
    out = picture.copy()
    touched = []
    for side, amount in enumerate(closure):
        if amount <= 0.0:
            continue
        eye = _measure(landmarks, side)
        points = landmarks[[*UPPER_LIDS[side], *LOWER_LIDS[side], *LOWER_BROWS[side]], :2]
        width = float(np.linalg.norm(eye.across))
        rect = bounding_rect(points, 0.3 * width, picture.shape[1], picture.shape[0])
        if rect.width and rect.height:
            out[rect.slices] = _drawn_lid(out, rect, eye, min(amount, 1.0))
            touched.append(rect)
    if not touched:
        return out, Rect(0, 0, 0, 0)
    x, y = min(one.x for one in touched), min(one.y for one in touched)
    right = max(one.x + one.width for one in touched)
    bottom = max(one.y + one.height for one in touched)
    return out, Rect(x, y, right - x, bottom - y)


def _drawn_lid(picture: UInt8, rect: Rect, eye: _Eye, amount: float) -> UInt8:
    """Redraw one eye's rectangle with its upper lid lowered by a share of its opening."""
    still = picture[rect.slices].astype(np.float32)
    x, y = _local_grid(rect, eye)
    width = float(np.linalg.norm(eye.across))
    upper, lower = _curve(eye.upper, x), _curve(eye.lower, x)
    # Narrows beyond the corners, where upper and lower lid meet.
    within = np.clip(np.minimum(x + 0.04, 1.04 - x) / 0.12, 0.0, 1.0)
    edge = upper + amount * within * (np.maximum(lower - upper, 0.0) + 0.02)
    skin, dark = _lid_colours(picture, rect, x, y, upper, lower, width)
    lid = skin + _grain(picture, rect, 0.5 * eye.down, width)
    # A lid is round: a little darker towards its edge, and a faint crease stays where it was.
    depth = np.clip((y - upper) / np.maximum(edge - upper, 1e-3), 0.0, 1.0)
    crease = 0.06 * np.exp(-(((y - upper + 0.05) / 0.04) ** 2))
    lid = lid * (1.0 - 0.08 * depth - crease)[..., None]
    ends = np.clip(np.minimum(x, 1.0 - x) / 0.2, 0.0, 1.0)
    line = 0.65 * np.exp(-(((y - edge) / 0.03) ** 2)) * ends * min(amount / 0.2, 1.0)
    covered = np.clip((edge - y) * width / 1.4 + 0.5, 0.0, 1.0)
    covered = covered * np.clip((y - (upper - ABOVE)) / 0.05, 0.0, 1.0)
    covered = covered * np.clip(np.minimum(x + 0.12, 1.12 - x) / 0.1, 0.0, 1.0)
    # Above the old lash line the lid comes in with the movement, not at once.
    covered = np.where(y < upper, covered * min(amount / 0.5, 1.0), covered)
    out = still + covered[..., None] * (lid - still)
    out = out + line[..., None] * (dark - out)
    return to_picture(np.asarray(out, np.float32))


def _local_grid(rect: Rect, eye: _Eye) -> tuple[Float32, Float32]:
    """Coordinates of a rectangle's pixels in the eye's own frame."""
    rows, columns = np.mgrid[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
    width2 = np.float32(max(float(eye.across @ eye.across), 1e-6))
    dx, dy = columns.astype(np.float32) - eye.origin[0], rows.astype(np.float32) - eye.origin[1]
    x = (dx * eye.across[0] + dy * eye.across[1]) / width2
    y = (dx * eye.down[0] + dy * eye.down[1]) / width2
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _lid_colours(
    picture: UInt8, rect: Rect, x: Float32, y: Float32, upper: Float32, lower: Float32, width: float
) -> tuple[Float32, Float32]:
    """Colour of the lid at each pixel, flowing in from around the eye, and of the lashes."""
    still = picture[rect.slices]
    eye = (y > upper - ABOVE) & (y < lower + BELOW) & (x > -0.1) & (x < 1.1)
    hole = eye.astype(np.uint8)
    filled = cv2.inpaint(np.ascontiguousarray(still), hole, 0.06 * width + 1.0, cv2.INPAINT_TELEA)
    # Flow only: the streaks that inpainting draws are smoothed, the rim is kept.
    smooth = cv2.GaussianBlur(filled, (0, 0), max(0.07 * width, 0.8)).astype(np.float32)
    light = still.mean(axis=-1)
    near = (np.abs(y - upper) < 0.05) & (x > 0) & (x < 1)
    near = near if near.any() else np.ones_like(near)
    dark = still[near & (light <= np.percentile(light[near], 20))].mean(axis=0)
    return smooth, dark.astype(np.float32)


def _grain(picture: UInt8, rect: Rect, down: Float32, width: float) -> Float32:
    """Fine detail of the skin below the eye, moved up over it."""
    height, wide = picture.shape[:2]
    rows = np.clip(np.arange(rect.y, rect.y + rect.height) + round(float(down[1])), 0, height - 1)
    columns = np.clip(np.arange(rect.x, rect.x + rect.width) + round(float(down[0])), 0, wide - 1)
    below = picture[np.ix_(rows, columns)].astype(np.float32)
    detail = below - cv2.GaussianBlur(below, (0, 0), max(0.05 * width, 0.8))
    return np.asarray(np.clip(detail, -8.0, 8.0), np.float32)
