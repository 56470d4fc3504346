"""Put eyes that are open as far as the target's into a warped face.

A real eye of the clip is taken where one is open as far as the target's; where none is and the lids
are to come down, they are drawn on the base before it is warped.
"""

from __future__ import annotations

import cv2
import numpy as np

from facedit.face.closed_lids import closed_landmarks
from facedit.face.regions import LOWER_LIDS, UPPER_LIDS
from facedit.render import composite
from facedit.render.bank import BankFrame
from facedit.render.geometry import lid_openings
from facedit.render.lids import close_lids
from facedit.render.warp import Rect, TargetMesh, bounding_rect, sample
from facedit.types import Float32, UInt8

SAME_OPENING = 0.03
"""Difference of lid opening (shares of the eye's width) below which the warped base serves."""

NEAR_OPENING = 0.05
"""Difference of lid opening up to which a real eye of the clip is shown."""


def draw_lids(
    rgb: UInt8, base: Float32, target: Float32, frame: BankFrame | None
) -> tuple[UInt8, Float32]:
    """Draw lids further down on the base where the bank has no eye that is shut as far.

    Landmarks have shape (478, 3), the base picture (H, W, 3); ``frame`` is the one chosen for the
    eyes. Picture and landmarks are returned, as they were if nothing is to be drawn.
    """
    closures = []
    real = lid_openings(frame.landmarks) if frame is not None else (np.inf, np.inf)
    for before, after, opening in zip(lid_openings(base), lid_openings(target), real, strict=True):
        drawn = before - after > SAME_OPENING and abs(opening - after) > NEAR_OPENING
        closures.append(1.0 - after / max(before, 1e-3) if drawn else 0.0)
    closure = (closures[0], closures[1])
    if max(closure) <= 0.0:
        return rgb, base
    return close_lids(rgb, base, closure)[0], closed_landmarks(base, closure)


def eye_mask(landmarks: Float32, side: int, rect: Rect) -> Float32:
    """Return the region of a target (478, 3) in which an eye is replaced, shape (h, w).

    Weights in [0, 1] over lids and a rim of skin. ``side`` is 0 for the eye at the picture's left.
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
    canvas: UInt8, rect: Rect, frame: BankFrame | None, base: Float32, target: Float32
) -> None:
    """Replace eyes whose opening differs from the base's by real ones, in place.

    The weight grows with the difference of opening, so that eyes that stay as they are stay the
    base's own pixels. The canvas (h, w, 3) is the warped base at ``rect`` of the picture; landmarks
    have shape (478, 3); without a bank frame the warped eyes stay.
    """
    if frame is None:
        return
    for side in (0, 1):
        before, after = lid_openings(base)[side], lid_openings(target)[side]
        amount = min(max(abs(after - before) / SAME_OPENING - 1.0, 0.0), 1.0)
        opening = lid_openings(frame.landmarks)[side]
        amount *= min(max(2.0 - abs(opening - after) / NEAR_OPENING, 0.0), 1.0)
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
        under = canvas[local.slices].astype(np.float32)
        patch = eye.astype(np.float32)
        patch = patch + composite.seam_offset(under, patch, mask, 0.5 * width)
        mixed = composite.blend(under, patch, np.float32(amount) * mask)
        canvas[local.slices] = composite.to_picture(mixed)
