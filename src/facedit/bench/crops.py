"""Which part of a picture is the mouth, which the face, and the pictures cut out of it.

Boxes are in whole pixels inside the picture. Crops that are compared are cut out of both pictures
by the same box, that of the picture whose landmarks are right.
"""

from __future__ import annotations

import cv2
import numpy as np

from facedit.face.regions import FACE_OVAL, LIPS
from facedit.render.warp import Rect, bounding_rect
from facedit.types import Bool, Float32, UInt8

MOUTH_SIZE = (128, 96)
"""Width and height that mouth crops are brought to."""

FACE_SIZE = (160, 160)
"""Width and height that face crops are brought to."""

FRAME_SIDE = 192
"""Longer side that whole pictures are brought to for the networks."""

_MOUTH_MARGIN = 0.4
"""Margin round the lips, in widths of the mouth."""

_SMALLEST = 8
"""Sides below this hold nothing to measure, in pixels."""


def mouth_box(landmarks: Float32, picture: UInt8) -> Rect | None:
    """Return the box of the lips and 0.4 of their width on every side.

    None without a face, or where less than 8 pixels a side are in the picture.
    """
    lips = landmarks[list(LIPS), :2]
    return _box(lips, _MOUTH_MARGIN * float(np.ptp(lips[:, 0])), picture)


def face_box(landmarks: Float32, picture: UInt8) -> Rect | None:
    """Return the box of the face's outline; None as for ``mouth_box``."""
    return _box(landmarks[list(FACE_OVAL), :2], 0.0, picture)


def face_mask(landmarks: Float32, picture: UInt8) -> Bool:
    """Return which pixels lie inside the outline of a face, finite, shape (478, 3)."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    outline = np.rint(landmarks[list(FACE_OVAL), :2]).astype(np.int32)
    cv2.fillPoly(mask, [outline], (1,))
    return np.asarray(mask, np.bool_)


def resized(picture: UInt8, size: tuple[int, int]) -> UInt8:
    """Bring a picture to a size (width, height) without aliasing."""
    shrinks = picture.shape[1] > size[0] or picture.shape[0] > size[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=how), np.uint8)


def small_frame(picture: UInt8) -> UInt8:
    """Bring a whole picture to ``FRAME_SIDE`` on its longer side."""
    height, width = picture.shape[:2]
    scale = FRAME_SIDE / max(height, width)
    return resized(picture, (max(round(width * scale), 1), max(round(height * scale), 1)))


def grey(picture: UInt8) -> Float32:
    """Return the luma of a picture (ITU-R BT.601), 0 to 255, shape (H, W)."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    luma: Float32 = picture.astype(np.float32) @ weights
    return luma


def spread(count: int, most: int) -> list[int]:
    """Choose evenly among things in a row: ascending places, all if there are few enough."""
    if count <= most:
        return list(range(count))
    return [int((2 * k + 1) * count / (2 * most)) for k in range(most)]


def _box(points: Float32, pad: float, picture: UInt8) -> Rect | None:
    if not np.isfinite(points).all():
        return None
    height, width = picture.shape[:2]
    box = bounding_rect(points, pad, width, height, even=False)
    return box if min(box.width, box.height) >= _SMALLEST else None
