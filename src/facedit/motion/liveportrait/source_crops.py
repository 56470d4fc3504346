"""Where a face is cut out: by the official networks of points, or by our mesh without them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facedit.errors import BadWeights
from facedit.motion.liveportrait.crop import LANDMARKS, SOURCE, CropRule, FaceBox, cut_out, face_box
from facedit.motion.liveportrait.insightface import InsightFace, box_of_106
from facedit.motion.liveportrait.official_files import LANDMARK_FILE
from facedit.motion.liveportrait.seen import box_of
from facedit.tensors import open_onnx
from facedit.types import Float32, Float64, UInt8
from facedit.weights.user_files import find_in, models_dir

POINTS = 203
"""Landmarks of the official network."""

EYES, LIPS = ((0, 6, 12, 18), (24, 30, 36, 42)), (48, 66)
"""Corners and lids of both eyes, and both corners of the lips, among them."""

_SIDE, _OUTPUT = 224, 2


class SourceCrops:
    """Finds the crop of a face.

    Args:
        network: Takes a crop, RGB from 0 to 1, shape (1, 3, 224, 224); its third output are the
            points over the crop's side. None: it is not there.
        faces: InsightFace's networks; None: our mesh stands in, an approximation.
    """

    def __init__(
        self,
        network: Callable[[Float32], list[Float32]] | None = None,
        faces: InsightFace | None = None,
    ) -> None:
        self._network, self._faces = network, faces

    @classmethod
    def found(cls) -> SourceCrops:
        """Look for the networks among the user's files (``BadWeights`` if one is damaged)."""
        path = find_in(models_dir(), (LANDMARK_FILE,))
        return cls(None if path is None else open_onnx(path), InsightFace.found())

    def box(self, rgb: UInt8, landmarks: Float32, *, still: bool = False) -> FaceBox:
        """Find a crop.

        A picture is cut out by InsightFace's points; a frame of a clip by the 203, looked at once
        around those, as the official tool does with a clip's first, or twice around our mesh.

        Args:
            rgb: The picture, shape (H, W, 3).
            landmarks: Our mesh in pixels, shape (478, 3).
            still: Whether it is a picture and no frame of a clip.

        Returns:
            The source crop. (``BadWeights`` if a network is another.)
        """
        first = None if self._faces is None else self._faces.points(rgb, landmarks)
        if first is not None and (still or self._network is None):
            return box_of_106(first, SOURCE)
        if self._network is None:
            return box_of(landmarks)
        if first is not None:
            return box_of_203(self._points(rgb, box_of_106(first, LANDMARKS)))
        points = self._points(rgb, box_of(landmarks, LANDMARKS))
        return box_of_203(self._points(rgb, box_of_203(points, LANDMARKS)))

    def _points(self, rgb: UInt8, box: FaceBox) -> Float64:
        """Find the points in a picture, shape (203, 2), looking at an upright crop."""
        assert self._network is not None
        matrix = box.matrix(_SIDE)
        crop = cut_out(rgb, matrix, _SIDE).transpose(2, 0, 1)[None] / 255
        outputs = self._network(np.asarray(crop, np.float32))
        if len(outputs) <= _OUTPUT or outputs[_OUTPUT].size != 2 * POINTS:
            raise BadWeights(f"{LANDMARK_FILE} does not give {POINTS} points: another network.")
        found = outputs[_OUTPUT].reshape(POINTS, 2).astype(np.float64) * _SIDE
        back = np.linalg.inv(matrix)
        return np.asarray(found @ back[:2, :2].T + back[:2, 2], np.float64)


def box_of_203(points: Float64, rule: CropRule = SOURCE) -> FaceBox:
    """Find a crop from the official points, shape (203, 2)."""
    eyes = np.stack([points[list(eye)].mean(axis=0) for eye in EYES])
    return face_box(points, eyes, points[list(LIPS)], rule)
