"""Put eyes that are open as far as the target's into a warped face."""

from __future__ import annotations

import cv2
import numpy as np

from facedit.render import composite
from facedit.render.bank import BankFrame
from facedit.render.geometry import lid_openings
from facedit.render.mesh import LOWER_LIDS, UPPER_LIDS
from facedit.render.warp import Rect, TargetMesh, bounding_rect, sample
from facedit.types import Float32

SAME_OPENING = 0.03
"""Difference of lid opening (shares of the eye's width) below which the warped base serves."""


def eye_mask(landmarks: Float32, side: int, rect: Rect) -> Float32:
    """Return the region in which an eye is replaced.

    Args:
        landmarks: Landmarks of the target, shape (478, 3).
        side: 0 for the eye at the picture's left, 1 for the other.
        rect: Region of the picture.

    Returns:
        Weights in [0, 1] over lids and a rim of skin, shape (h, w).
    """
    upper, lower = landmarks[list(UPPER_LIDS[side]), :2], landmarks[list(LOWER_LIDS[side]), :2]
    axis = upper[-1] - upper[0]
    width = float(np.linalg.norm(axis))
    points = np.concatenate([upper, lower])
    unit = axis / max(width, 1e-6)
    high = points @ np.array([-unit[1], unit[0]], np.float32)
    height = max(float(high.max() - high.min()), 1e-3)
    shape = composite.stretched(points, axis, 1.25, max(1.7, 0.55 * width / height))
    hull = cv2.convexHull(shape.astype(np.float32))[:, 0]
    mask = composite.fill_polygon(np.asarray(hull, np.float32), rect)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.08 * width, 0.8)), np.float32)


def render_eyes(
    canvas: Float32, rect: Rect, frame: BankFrame | None, base: Float32, target: Float32
) -> None:
    """Replace eyes whose opening differs from the base's by real ones, in place.

    The weight grows with the difference of opening, so that eyes that stay as they are stay the
    base's own pixels.

    Args:
        canvas: The warped base, shape (h, w, 3), changed in place.
        rect: Where the canvas lies in the picture.
        frame: Bank frame whose eyes are shown; None leaves the warped eyes.
        base: Landmarks of the base, shape (478, 3).
        target: Landmarks of the target, shape (478, 3).
    """
    if frame is None:
        return
    for side in (0, 1):
        before, after = lid_openings(base)[side], lid_openings(target)[side]
        amount = min(max(abs(after - before) / SAME_OPENING - 1.0, 0.0), 1.0)
        if amount == 0.0:
            continue
        points = target[[*UPPER_LIDS[side], *LOWER_LIDS[side]], :2]
        width = float(np.linalg.norm(points[0] - points[8]))
        # Relative to the canvas, so that the mask ends inside what is drawn.
        local = bounding_rect(
            points - np.array([rect.x, rect.y], np.float32),
            0.6 * width,
            rect.width,
            rect.height,
            even=False,
        )
        if local.width == 0:
            continue
        region = Rect(local.x + rect.x, local.y + rect.y, local.width, local.height)
        mesh = TargetMesh(target, region)
        eye = sample(frame.eyes.rgb, mesh.source_map(frame.landmarks), frame.eyes.origin)
        mask = eye_mask(target, side, region)
        under = canvas[local.slices]
        patch = eye.astype(np.float32)
        patch = patch + composite.seam_offset(under, patch, mask, 0.5 * width)
        canvas[local.slices] = composite.blend(under, patch, amount * mask)
