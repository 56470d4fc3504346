"""A picture that smiles shows its own teeth: keep them, fixed to the skull, behind the new lips.

Upper teeth do not move with the lips. Warping them with the lips squeezes them to a white line when
the mouth closes and stretches them to grey bars when it opens. So they are cut out of the picture,
moved only with the head, and shown as far as the new lips open; what lies below them is dark.
"""

from __future__ import annotations

import cv2
import numpy as np

from facedit.face.distances import lip_gap
from facedit.face.regions import INNER_LIPS, OUTER_LIPS
from facedit.render.composite import fill_polygon
from facedit.render.geometry import fit_similarity
from facedit.render.warp import Rect, bounding_rect
from facedit.types import Float32, UInt8

VISIBLE_GAP = 0.03
"""Lip gap, in outer-eye distances, from which a picture shows teeth worth keeping."""

_CAVITY = 0.45  # of the lips' colour: what is behind lips that are hardly apart


class OwnTeeth:
    """The inside of the mouth of an upright picture (H, W, 3), landmarks in its pixels (478, 3)."""

    def __init__(self, rgb: UInt8, landmarks: Float32) -> None:
        self._rgb, self._landmarks = rgb, landmarks
        height, width = rgb.shape[:2]
        lips = landmarks[list(OUTER_LIPS), :2]
        rect = bounding_rect(lips, 0.3 * float(np.ptp(lips[:, 0])), width, height)
        inside = fill_polygon(landmarks[list(INNER_LIPS), :2], rect)
        soft = cv2.GaussianBlur(inside, (0, 0), 0.5)[..., None]
        region = rgb[rect.slices].astype(np.float32)
        red = np.median(region[self._ring(landmarks, rect)], axis=0)
        self._rect = rect
        self._dark = np.rint(region + soft * (_CAVITY * red - region)).astype(np.uint8)
        self._inside = np.zeros((height, width), np.float32)
        self._inside[rect.slices] = inside

    def cleaned(self, rgb: UInt8) -> UInt8:
        """Return a picture, perhaps changed elsewhere, with a dark mouth, to be warped."""
        out = rgb.copy()
        out[self._rect.slices] = self._dark
        return out

    @staticmethod
    def visible_in(landmarks: Float32) -> bool:
        """Tell whether a picture's lips (478, 3) are far enough apart for teeth to be seen."""
        return bool(lip_gap(landmarks) > VISIBLE_GAP)

    def show(self, rgb: UInt8, target: Float32) -> UInt8:
        """Put the teeth behind the lips of a copy of a rendered frame with landmarks ``target``."""
        height, width = rgb.shape[:2]
        lips = target[list(OUTER_LIPS), :2]
        rect = bounding_rect(lips, 0.1 * float(np.ptp(lips[:, 0])), width, height)
        if not rect.width or not rect.height:
            return rgb
        to_frame = fit_similarity(self._landmarks, target)
        to_frame[:, 2] -= (rect.x, rect.y)
        size = (rect.width, rect.height)
        teeth = cv2.warpAffine(self._rgb, to_frame, size, flags=cv2.INTER_CUBIC)
        known = cv2.warpAffine(self._inside, to_frame, size)
        opening = cv2.GaussianBlur(fill_polygon(target[list(INNER_LIPS), :2], rect), (0, 0), 0.6)
        share = (known * opening)[..., None]
        region = rgb[rect.slices].astype(np.float32)
        # Lips that come down over the teeth throw a shadow on them.
        shade = np.clip(cv2.GaussianBlur(opening, (0, 0), 1.0) * 1.3, 0.5, 1.0)[..., None]
        mixed = region + share * (teeth.astype(np.float32) * shade - region)
        out = rgb.copy()
        out[rect.slices] = np.clip(np.rint(mixed), 0, 255)
        return out

    @staticmethod
    def _ring(landmarks: Float32, rect: Rect) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Return where the red of the lips is."""
        outer = fill_polygon(landmarks[list(OUTER_LIPS), :2], rect)
        inner = fill_polygon(landmarks[list(INNER_LIPS), :2], rect)
        ring: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = (outer > 0.9) & (inner < 0.1)
        return ring if ring.any() else outer > 0.5
