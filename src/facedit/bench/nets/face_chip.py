"""The aligned picture of a face that dlib's embedding network was trained on.

dlib fits a similarity from five landmarks (outer and inner eye corners, base of the nose) to fixed
places, ``(padding + place) / (2 padding + 1)`` of a square of 150 pixels (King, dlib,
``get_face_chip_details``; places and padding 0.25 are facts of that network's training). The 478
landmarks hold the same five points.
"""

from __future__ import annotations

import cv2
import numpy as np

from facedit.render.geometry import fit_similarity
from facedit.types import Float32, Float64, UInt8

CHIP = 150
"""Side of the chip in pixels."""

_PADDING = 0.25
_PLACES = (
    (0.8595674595992, 0.2134981538014),
    (0.6460604764104, 0.2289674387677),
    (0.1205750620789, 0.2137274526848),
    (0.3340850613712, 0.2290642403242),
    (0.4901123135679, 0.6277975316475),
)
_POINTS = (263, 362, 33, 133, 2)
"""The landmarks at those places: eye corners (outer, inner; subject's left eye first), nose."""


def chip_transform(landmarks: Float32) -> Float64:
    """Return the similarity (2, 3) from the picture to the chip, by least squares."""
    places = (np.array(_PLACES) + _PADDING) / (2 * _PADDING + 1) * CHIP
    every = tuple(range(len(_POINTS)))
    return fit_similarity(landmarks[list(_POINTS)], places.astype(np.float32), every)


def face_chip(picture: UInt8, landmarks: Float32) -> UInt8:
    """Cut the chip, (150, 150, 3), out of a picture; places outside the picture are black."""
    matrix = chip_transform(landmarks)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    shrink = int(1.0 / scale) if scale > 0 else 1
    if shrink > 1:  # sampling a large face at few places would alias
        height, width = picture.shape[0] // shrink, picture.shape[1] // shrink
        cut = np.ascontiguousarray(picture[: height * shrink, : width * shrink])
        picture = np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA))
        enlarge = np.array([[shrink, 0, (shrink - 1) / 2], [0, shrink, (shrink - 1) / 2]])
        linear = matrix[:, :2] @ enlarge
        matrix = np.concatenate([linear[:, :2], (linear[:, 2] + matrix[:, 2])[:, None]], axis=1)
    chip = cv2.warpAffine(np.ascontiguousarray(picture), matrix, (CHIP, CHIP))
    return np.asarray(chip, np.uint8)
