"""Draw the inside of a mouth that no picture shows: teeth, cavity, tongue.

Not meant to be shown as it is: it stands in for the missing references of the mouth network, which
decides how much of it to copy and at what tone. Being drawn at the picture's own resolution it
gives edges to copy that a network's small canvas could not hold. Sizes are those of average adult
teeth, with 89 mm between the outer eye corners.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facedit.face.distances import eye_distance
from facedit.face.regions import INNER_LIPS, OUTER_LIPS
from facedit.render.composite import SOFT_EDGE_PX, fill_polygon
from facedit.render.warp import Rect, bounding_rect
from facedit.types import Float32, UInt8

_MM_PER_EYE_DISTANCE = 89.0
_UPPER_EDGES_MM = np.array([0.0, 8.5, 15.0, 21.0, 25.5, 29.0])
_LOWER_EDGES_MM = np.array([0.0, 5.3, 11.0, 17.0, 23.0])
_UPPER_SHOWN_MM = 7.0
_LOWER_SHOWN_MM = 3.5
_SOFT_MM = 1.3
"""Over so much a tooth's edge fades: no camera gives it an outline."""
_JOINT = 0.06
"""How much darker teeth are where they meet."""
_CHEEKS = (205, 425)


def draw_interior(picture: UInt8, target: Float32, rect: Rect) -> UInt8:
    """Paint the opening of a mouth into a copy of a region (h, w, 3), warped to the target.

    The target's landmarks (478, 3) are in the coordinates of the whole picture, where ``rect`` is.
    """
    out = picture.copy()
    points = target[list(INNER_LIPS), :2] - np.array([rect.x, rect.y], np.float32)
    within = bounding_rect(points, SOFT_EDGE_PX, rect.width, rect.height, even=False)
    around = Rect(rect.x + within.x, rect.y + within.y, within.width, within.height)
    opening = fill_polygon(target[list(INNER_LIPS), :2], around)
    if not opening.size or float(opening.max()) <= 0.0:
        return out
    part = out[within.slices]
    part[...] = _drawn(part, target, around, opening, *_tones(picture, target, rect))
    return out


def _drawn(
    picture: UInt8, target: Float32, rect: Rect, opening: Float32, skin: Float32, lips: Float32
) -> UInt8:
    """Paint the opening, whose weights are given, in the light of skin and lips."""
    x, y, upper, lower = _mouth_frame(target, rect)
    gap = np.maximum(lower - upper, 1e-3)
    wide = float(gap.max())
    half = max(float(np.abs(_inner_frame(target)[:, 0]).max()), 1.0)
    bright = min(0.89 * float(skin.mean()) + 8.0, 230.0)
    # Enamel is nearly neutral, but lit by what the skin throws back.
    enamel = np.array([1.03, 0.99, 0.92], np.float32)
    tint = 0.45 * enamel + 0.55 * skin / max(float(skin.mean()), 1.0)
    tooth = bright * tint
    depth = np.clip((y - upper) / gap, 0.0, 1.0)
    tongue = np.clip((depth - 0.55) / 0.4, 0.0, 1.0) * np.clip((wide - 6.0) / 8.0, 0.0, 1.0)
    tongue = tongue * np.clip(1.0 - (x / (0.8 * half)) ** 2, 0.0, 1.0)
    inside = lips * (0.24 + 0.26 * tongue[..., None])
    # In a mouth that is hardly open teeth are in the dark: a grey bar there looks like plastic.
    opened = float(np.clip((wide - 1.0) / 5.0, 0.0, 1.0))
    lit = 0.75 + 0.25 * min(wide / 6.0, 1.0)
    light = lit * _teeth_light(x, y - upper, half, _UPPER_EDGES_MM)
    shown = opened * _upper_teeth(x, y, upper, half)
    inside = inside + shown[..., None] * (tooth * light[..., None] - inside)
    light = 0.85 * _teeth_light(x, lower - y, half, _LOWER_EDGES_MM)
    shown = 0.8 * _lower_teeth(x, y, lower, half) * np.clip((gap - 3.0) / 3.0, 0.0, 1.0)
    shown = shown * float(np.clip((wide - 4.0) / 5.0, 0.0, 1.0))
    inside = inside + shown[..., None] * (tooth * light[..., None] - inside)
    # Trackers see a gap of a millimetre or two between lips that touch.
    soft = cv2.GaussianBlur(opening, (0, 0), 0.6)[..., None]
    soft = soft * np.clip((gap[..., None] - 0.8) / 1.5, 0.0, 1.0)
    out = picture + soft * (inside - picture)
    return np.asarray(np.clip(np.rint(out), 0, 255), np.uint8)


def _axes(target: Float32) -> tuple[Float32, Float32, float]:
    """Middle of the mouth, direction from corner to corner, millimetres per pixel."""
    left, right = target[INNER_LIPS[0], :2], target[INNER_LIPS[10], :2]
    axis = (right - left) / max(float(np.linalg.norm(right - left)), 1e-3)
    scale = _MM_PER_EYE_DISTANCE / max(float(eye_distance(target)), 1e-3)
    return np.asarray((left + right) / 2, np.float32), np.asarray(axis, np.float32), scale


def _inner_frame(target: Float32) -> Float32:
    """Inner lips in millimetres from the middle of the mouth: along and down, shape (20, 2)."""
    middle, axis, scale = _axes(target)
    local = (target[list(INNER_LIPS), :2] - middle) * scale
    down = np.array([-axis[1], axis[0]], np.float32)
    return np.stack([local @ axis, local @ down], axis=1).astype(np.float32)


def _mouth_frame(target: Float32, rect: Rect) -> tuple[Float32, Float32, Float32, Float32]:
    """Pixels in millimetres from the middle of the mouth, and the lips' edges above and below."""
    middle, axis, scale = _axes(target)
    columns = (np.arange(rect.x, rect.x + rect.width, dtype=np.float32) - middle[0])[None, :]
    rows = (np.arange(rect.y, rect.y + rect.height, dtype=np.float32) - middle[1])[:, None]
    x = scale * (columns * axis[0] + rows * axis[1])
    y = scale * (rows * axis[0] - columns * axis[1])
    lips = _inner_frame(target)
    below, above = lips[:11], lips[[0, *range(19, 9, -1)]]
    upper = np.interp(x, above[:, 0], above[:, 1])
    lower = np.interp(x, below[:, 0], below[:, 1])
    return x, y, upper.astype(np.float32), lower.astype(np.float32)


def _upper_teeth(x: Float32, y: Float32, upper: Float32, half: float) -> Float32:
    """Where upper teeth are, soft at their lower edge."""
    away = np.abs(x)
    nearest = np.abs(away[..., None] - _UPPER_EDGES_MM).min(axis=-1)
    notch = 0.7 * np.exp(-((nearest / 0.8) ** 2))
    edge = _gum(x, upper) + _UPPER_SHOWN_MM - notch - 3.0 * (away / 25.0) ** 2
    ends = np.clip((min(0.85 * half, 27.0) - away) / 4.0, 0.0, 1.0)
    return np.asarray(np.clip((edge - y) / _SOFT_MM + 0.5, 0.0, 1.0) * ends, np.float32)


def _lower_teeth(x: Float32, y: Float32, lower: Float32, half: float) -> Float32:
    """Where lower teeth are, soft at their upper edge."""
    away = np.abs(x)
    edge = _gum(x, lower) - _LOWER_SHOWN_MM + 2.0 * (away / 25.0) ** 2
    ends = np.clip((min(0.7 * half, 21.0) - away) / 4.0, 0.0, 1.0)
    return np.asarray(np.clip((y - edge) / _SOFT_MM + 0.5, 0.0, 1.0) * ends, np.float32)


def _gum(x: Float32, lip: Float32) -> Float32:
    """A line from which teeth show, half as curved as the lip."""
    middle = np.abs(x) < 2.0
    return np.asarray(0.5 * lip + 0.5 * float(lip[middle].mean() if middle.any() else 0.0))


def _teeth_light(
    x: Float32, depth: Float32, half: float, edges_mm: NDArray[np.floating]
) -> Float32:
    """How light teeth are: darker near the lip, towards the corners and a little between them."""
    away = np.abs(x)
    between = np.abs(away[..., None] - edges_mm).min(axis=-1)
    light = 1.0 - _JOINT * np.exp(-((between / 0.7) ** 2))
    light = light * (0.75 + 0.25 * np.clip(depth / 2.5, 0.0, 1.0))
    return np.asarray(
        light * (1.0 - 0.75 * np.clip(away / max(half, 12.0), 0.0, 1.0) ** 2), np.float32
    )


def _tones(picture: UInt8, target: Float32, rect: Rect) -> tuple[Float32, Float32]:
    """Mean colours of cheeks and lips."""
    height, width = picture.shape[:2]
    points = np.rint(target[:, :2] - np.array([rect.x, rect.y], np.float32)).astype(int)
    points = np.clip(points, 0, [width - 1, height - 1])

    def mean(indices: tuple[int, ...]) -> Float32:
        colours = picture[points[list(indices), 1], points[list(indices), 0]]
        return np.asarray(colours.astype(np.float32).mean(axis=0), np.float32)

    # Between the lips' outer and inner edge, where the red is.
    pairs = [(points[a] + points[b]) // 2 for a, b in zip(OUTER_LIPS, INNER_LIPS, strict=True)]
    red = np.array([picture[row, column] for column, row in pairs], np.float32)
    return mean(_CHEEKS), np.asarray(np.median(red, axis=0), np.float32)
