"""LivePortrait's crops of a face, and how much of a drawn one shows.

Matrices move pixel coordinates (x, y, 1). Angles are taken by ``atan2``: the official code takes
the arc cosine of a float32 near 1, which differs by up to 1e-4 rad.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facedit.types import Float64, UInt8

SOURCE_SIZE, NETWORK_SIZE = 512, 256
"""Sides in pixels of the crop that is pasted back, and of the networks' input."""

_FADE = 16
"""Pixels from the crop's edge over which the pasted picture fades in."""


@dataclass(frozen=True, slots=True)
class CropRule:
    """Which part of the picture is cut out around a face.

    Attributes:
        scale: The crop's side over the larger extent of the face's points.
        up: How far the crop is moved up, in sides.
    """

    scale: float
    up: float


SOURCE, LANDMARKS = CropRule(2.3, 0.125), CropRule(1.5, 0.1)
"""Of the picture that is animated, and of the landmark network."""


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A square around a face, upright in the face's own axes.

    Attributes:
        centre: In pixels, shape (2,).
        side: In pixels.
        angle: Of the face's right in the picture, radians.
    """

    centre: Float64
    side: float
    angle: float

    def matrix(self, size: int, *, upright: bool = True) -> Float64:
        """Return what moves the picture into a crop of ``size`` pixels, shape (3, 3).

        Unless ``upright``, the crop is not turned with the face.
        """
        angle = self.angle if upright else 0.0
        axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        matrix = np.eye(3)
        matrix[:2, :2] = size / self.side * axes
        matrix[:2, 2] = size / 2 - matrix[:2, :2] @ self.centre
        return matrix


def face_box(points: Float64, eyes: Float64, lips: Float64, rule: CropRule) -> FaceBox:
    """Find the box of a face.

    Args:
        points: All points that the crop must hold, shape (N, 2).
        eyes: Centres of both eyes, shape (2, 2).
        lips: Both corners of the lips, shape (2, 2).
        rule: Which part is wanted.

    Returns:
        The box; its axes follow the line from eyes to lips.
    """
    down = lips.mean(0) - eyes.mean(0)
    down = down / np.linalg.norm(down)
    right = np.array([down[1], -down[0]])
    axes = np.stack([right, down])
    along = points @ axes.T
    low, high = along.min(0), along.max(0)
    side = float((high - low).max() * rule.scale)
    centre = (low + high) / 2 @ axes - rule.up * side * down
    return FaceBox(centre, side, float(np.arctan2(right[1], right[0])))


def cut_out(picture: UInt8, matrix: Float64, size: int) -> UInt8:
    """Cut a crop out of a picture, bilinearly, black outside of it, shape (size, size, 3)."""
    return np.asarray(cv2.warpAffine(picture, matrix[:2], (size, size)), dtype=np.uint8)


def network_picture(picture: UInt8, box: FaceBox) -> UInt8:
    """Cut out the networks' input, not turned, shape (``NETWORK_SIZE``, ``NETWORK_SIZE``, 3)."""
    crop = cut_out(picture, box.matrix(SOURCE_SIZE, upright=False), SOURCE_SIZE)
    small = cv2.resize(crop, (NETWORK_SIZE, NETWORK_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def paste_mask(size: int = SOURCE_SIZE) -> Float64:
    """Return how much of a pasted crop shows, 0 to 1: a square with round, soft corners."""
    at = np.arange(size)
    beyond = np.maximum(np.maximum(_FADE - at, at - (size - _FADE)), 0)
    distance = np.hypot(beyond[:, None], beyond[None, :])
    mask: Float64 = np.floor(255 * np.clip(1 - distance / _FADE, 0, 1)) / 255
    return mask
