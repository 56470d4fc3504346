"""Turn the eyes in one picture: the iris slides within the opening between the lids.

What is shown is the eye's own: the white is stretched on one side of the iris and squeezed on the
other, from none at the eye's corners to the whole way at the iris; up and down the iris itself is,
for the lids that cover a part of it stay as they are.
"""

from __future__ import annotations

import cv2
import numpy as np

from facedit.face.closed_lids import eye_axes
from facedit.face.regions import LEFT_IRIS, LOWER_LIDS, RIGHT_IRIS, UPPER_LIDS
from facedit.render.composite import blend, fill_polygon, to_picture
from facedit.render.warp import Rect, bounding_rect, sample
from facedit.types import Float32, UInt8

MOST_TURN = np.array([0.16, 0.07], np.float32)
"""Largest way of an iris across and down, in widths of the eye: further, it would smear."""

_RIM = 1.1
"""Share of the iris's radius up to which all moves the whole way."""


def turn_eyes(picture: UInt8, landmarks: Float32, eyes: Float32) -> UInt8:
    """Draw the eyes turned; ``eyes`` as for ``turned_landmarks``, whose lids are left alone here.

    The picture (H, W, 3) is not changed itself; landmarks are in pixels (478, 3).
    """
    out = picture
    for side, iris in enumerate((RIGHT_IRIS, LEFT_IRIS)):
        lids = landmarks[[*UPPER_LIDS[side], *LOWER_LIDS[side][-2:0:-1]], :2]
        rect = bounding_rect(lids, 4.0, picture.shape[1], picture.shape[0], even=False)
        if not eyes[side, 1:].any() or not rect.width:
            continue
        out = out.copy() if out is picture else out
        places = _places(rect, landmarks, side, landmarks[list(iris), :2], eyes[side, 1:])
        width = float(np.linalg.norm(eye_axes(landmarks, side)[0]))
        opening = fill_polygon(lids, rect)
        soft = cv2.GaussianBlur(opening, (0, 0), max(0.02 * width, 0.6)) * opening
        under = picture[rect.slices].astype(np.float32)
        turned = sample(picture, places).astype(np.float32)
        out[rect.slices] = to_picture(blend(under, turned, np.asarray(soft, np.float32)))
    return out


def _places(rect: Rect, landmarks: Float32, side: int, iris: Float32, way: Float32) -> Float32:
    """Say for every pixel of an eye where in the picture it comes from, shape (h, w, 2)."""
    axes = eye_axes(landmarks, side)
    origin = landmarks[UPPER_LIDS[side][0 if side == 0 else -1], :2]
    into = axes.T / max(float(axes[0] @ axes[0]), 1e-6)
    rows, columns = np.mgrid[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
    local = (np.stack([columns, rows], axis=-1).astype(np.float32) - origin) @ into
    points = (iris - origin) @ into
    centre, rim = points[0] + way, np.linalg.norm(points[1:] - points[0], axis=1).mean() * _RIM
    x, y = local[..., 0], local[..., 1]
    before = np.clip(x / max(centre[0] - rim, 1e-3), 0.0, 1.0)
    behind = np.clip((1.0 - x) / max(1.0 - centre[0] - rim, 1e-3), 0.0, 1.0)
    share = np.minimum(before, behind)
    there_x = x - way[0] * share
    top, bottom = (
        _edge(landmarks[list(lid), :2], origin, into, there_x)
        for lid in (UPPER_LIDS[side], LOWER_LIDS[side])
    )
    height = np.maximum(bottom - top, 1e-3)
    high, middle = (y - top) / height, np.clip((centre[1] - top) / height, 0.3, 0.7)
    hat = np.clip(np.minimum(high / middle, (1.0 - high) / (1.0 - middle)), 0.0, 1.0)
    there_y = y - np.clip(way[1], -0.25 * height, 0.25 * height) * share * hat
    # Beyond the lids' edges there is skin, not eye: the last of the eye goes on instead.
    inset = np.minimum(0.04, 0.3 * height)
    there_y = np.clip(there_y, np.minimum(y, top + inset), np.maximum(y, bottom - inset))
    places = np.stack([there_x, there_y], axis=-1) @ axes + origin
    return np.asarray(places, np.float32)


def _edge(lid: Float32, origin: Float32, into: Float32, x: Float32) -> Float32:
    """Return the height of a lid's edge at places across the eye."""
    points = (lid - origin) @ into
    order = np.argsort(points[:, 0])
    return np.asarray(np.interp(x, points[order, 0], points[order, 1]), np.float32)
