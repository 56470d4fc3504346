"""InsightFace's detector and its 106 points of a face, from files that a user brings.

The official tool begins with them (SCRFD ``det_10g``, ``2d106det``): Guo et al., "Sample and
Computation Redistribution for Efficient Face Detection", 2021; deepinsight/insightface.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from facedit.errors import BadWeights
from facedit.motion.liveportrait.crop import CropRule, FaceBox, cut_out, face_box
from facedit.motion.liveportrait.official_files import DETECTOR_FILE, POINTS_FILE
from facedit.tensors import open_onnx
from facedit.types import Float32, Float64, UInt8
from facedit.weights.user_files import find_in, models_dir

POINTS = 106
"""Landmarks of a face."""

_EYES, _LIPS = ((33, 35, 40, 39), (87, 89, 94, 93)), (52, 61)
"""Corners and lids of both eyes, and both corners of the lips, among them."""

_SIDE, _STRIDES, _ANCHORS = 512, (8, 16, 32), 2
"""The detector's picture in pixels, the distances of its places, and boxes at each."""

_LEAST_SCORE, _MOST_COMMON, _LEAST_COMMON = 0.15, 0.4, 0.1
"""Of a face; of two boxes of one face, shares of their union; of our mesh and its face."""

_POINTS_SIDE, _MARGIN = 192, 1.5
"""The picture of the points in pixels, over the larger side of the face's box."""

Network = Callable[[Float32], list[Float32]]


class InsightFace:
    """Finds 106 points of the face that our mesh lies on.

    Args:
        detector: Takes RGB from -1 to 1, shape (1, 3, 512, 512); scores, distances of a box's
            sides in strides, and points, a row each, for three strides each.
        points: Takes RGB from 0 to 255, shape (1, 3, 192, 192); points from -1 to 1.
    """

    def __init__(self, detector: Network, points: Network) -> None:
        self._detector, self._points = detector, points

    @classmethod
    def found(cls) -> InsightFace | None:
        """Look for the user's files (``BadWeights`` if one is damaged); None unless both are there.

        Returns:
            The networks.
        """
        paths = [find_in(models_dir(), (name,)) for name in (DETECTOR_FILE, POINTS_FILE)]
        networks = [open_onnx(path) for path in paths if path is not None]
        return cls(*networks) if len(networks) == len(paths) else None

    def points(self, rgb: UInt8, landmarks: Float32) -> Float64 | None:
        """Find the points in a picture, of the face on which our mesh lies.

        Args:
            rgb: The picture, shape (H, W, 3).
            landmarks: Our mesh in pixels, shape (478, 3).

        Returns:
            Shape (106, 2), in pixels; None if the detector sees no face there.

        Raises:
            BadWeights: If a network is another than it is called.
        """
        boxes = self.boxes(rgb)
        mesh = np.concatenate([landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)])
        common = [_common(box, mesh) for box in boxes]
        if not common or max(common) < _LEAST_COMMON:
            return None
        low, high = boxes[int(np.argmax(common))].reshape(2, 2)
        crop = FaceBox((low + high) / 2, float((high - low).max() * _MARGIN), 0.0)
        matrix = crop.matrix(_POINTS_SIDE)
        seen = cut_out(rgb, matrix, _POINTS_SIDE).transpose(2, 0, 1)[None]
        (said, *_) = self._points(np.asarray(seen, np.float32))
        if said.size != 2 * POINTS:
            raise BadWeights(f"{POINTS_FILE} does not give {POINTS} points: another network.")
        at = (said.reshape(POINTS, 2).astype(np.float64) + 1) * (_POINTS_SIDE // 2)
        return np.asarray((at - matrix[:2, 2]) / matrix[0, 0], np.float64)

    def boxes(self, rgb: UInt8) -> Float64:
        """Find faces.

        Args:
            rgb: The picture, shape (H, W, 3).

        Returns:
            Left, top, right, bottom in pixels, the surest first, shape (n, 4).

        Raises:
            BadWeights: If the detector is another network.
        """
        height, width = rgb.shape[:2]
        size = [int(_SIDE * side / max(height, width)) for side in (width, height)]
        picture = np.zeros((_SIDE, _SIDE, 3), np.float32)
        picture[: size[1], : size[0]] = cv2.resize(rgb, size)
        # Beyond the picture there is black, as there.
        values = ((picture - 127.5) / 128).transpose(2, 0, 1)[None]
        outputs = self._detector(np.asarray(values, np.float32))
        counts = [_ANCHORS * (_SIDE // stride) ** 2 for stride in _STRIDES]
        if [one.size for one in outputs] != [k * n for k in (1, 4, 10) for n in counts]:
            raise BadWeights(f"{DETECTOR_FILE} gives no boxes of three strides: another network.")
        scores = np.concatenate([one.ravel() for one in outputs[:3]])
        sides = [
            _sides(one.reshape(-1, 4), stride)
            for one, stride in zip(outputs[3:6], _STRIDES, strict=True)
        ]
        boxes = np.concatenate(sides) * (height / size[1])
        drawn = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        sound = np.isfinite(drawn).all(axis=1) & (drawn[:, 2:] > 0).all(axis=1)
        scores = np.where(sound, scores, 0)
        kept = cv2.dnn.NMSBoxes(drawn.tolist(), scores.tolist(), _LEAST_SCORE, _MOST_COMMON)
        return np.asarray(boxes[np.asarray(kept, int)], np.float64)


def box_of_106(points: Float64, rule: CropRule) -> FaceBox:
    """Find a crop from the points, shape (106, 2)."""
    eyes = np.stack([points[list(eye)].mean(axis=0) for eye in _EYES])
    return face_box(points, eyes, points[list(_LIPS)], rule)


def _sides(distances: Float32, stride: int) -> Float64:
    """Turn distances from each place, shape (n, 4), into boxes in the detector's pixels."""
    at = np.arange(_SIDE // stride) * stride
    places = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2).repeat(_ANCHORS, axis=0)
    moved = distances.astype(np.float64) * stride
    return np.concatenate([places - moved[:, :2], places + moved[:, 2:]], axis=1)


def _common(one: Float64, other: Float64) -> float:
    """Return the common share of the union of two boxes."""
    within = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    common = float(np.prod(np.maximum(within, 0)))
    areas = (float(np.prod(box[2:] - box[:2])) for box in (one, other))
    return common / (sum(areas) - common)
