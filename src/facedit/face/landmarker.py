"""Google's face landmarker run by LiteRT: detector, 478 landmarks, 52 blendshape weights."""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facedit.errors import BadWeights
from facedit.face.blendshapes import BLENDSHAPE_POINTS
from facedit.face.detection import (
    DETECTOR_SIDE,
    LEFT_EYE,
    RIGHT_EYE,
    Detection,
    anchor_centres,
    decode_detections,
    suppress,
)
from facedit.face.quiet import quiet_stderr
from facedit.face.regions import OUTER_EYE_CORNERS, SURFACE
from facedit.face.searched_picture import Picture
from facedit.types import LANDMARKS, Float32, UInt8
from facedit.weights.fetch import asset_path

LANDMARK_SIDE = 256
"""Side of the landmark network's input in pixels."""

ROI_MARGIN = 1.5
"""Side of the landmark crop over the larger side of the face's box."""


@dataclass(frozen=True, slots=True)
class Roi:
    """A rotated square of a picture that the landmark network looks at.

    Centre and side are in pixels; the angle is the roll of the face in radians, clockwise on the
    screen.
    """

    x: float
    y: float
    side: float
    angle: float


def roi_from_detection(face: Detection) -> Roi:
    """Return the crop for a detected face: 1.5 times its box, levelled by the eyes."""
    dx, dy = face.keypoints[LEFT_EYE] - face.keypoints[RIGHT_EYE]
    x, y = face.centre
    side = ROI_MARGIN * max(face.x1 - face.x0, face.y1 - face.y0)
    return Roi(x, y, side, math.atan2(float(dy), float(dx)))


def roi_from_landmarks(landmarks: Float32) -> Roi:
    """Return the crop for the next frame from this frame's landmarks in pixels, shape (478, 3).

    The box is measured in the levelled frame, so that its size does not change with roll.
    """
    right, left = landmarks[OUTER_EYE_CORNERS[0], :2], landmarks[OUTER_EYE_CORNERS[1], :2]
    angle = math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    cos, sin = math.cos(angle), math.sin(angle)
    points = landmarks[:SURFACE, :2].astype(np.float64)
    across = points @ np.array([cos, sin])
    down = points @ np.array([-sin, cos])
    u, v = (across.min() + across.max()) / 2, (down.min() + down.max()) / 2
    side = ROI_MARGIN * max(np.ptp(across), np.ptp(down))
    return Roi(float(cos * u - sin * v), float(sin * u + cos * v), float(side), angle)


class Landmarker:
    """The three networks of ``face_landmarker.task``; one instance serves one thread.

    The ``.task`` file is the installed asset by default (AssetMissing if it is not installed);
    BadWeights is raised if it does not hold the three networks. ``num_threads`` is LiteRT's per
    network, ``min_score`` the weakest detector score that counts as a face.
    """

    def __init__(
        self, num_threads: int = 1, *, task: Path | None = None, min_score: float = 0.5
    ) -> None:
        path = task or asset_path("face_landmarker.task")
        try:
            with zipfile.ZipFile(path) as bundle:
                self._detector = _Network(bundle.read("face_detector.tflite"), num_threads)
                self._mesh = _Network(bundle.read("face_landmarks_detector.tflite"), num_threads)
                self._shapes = _Network(bundle.read("face_blendshapes.tflite"), num_threads)
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise BadWeights(f"{path.name} does not hold the face networks: {error}") from error
        self.min_score = min_score
        self._anchors = anchor_centres()

    def detect(self, rgb: UInt8) -> list[Detection]:
        """Find faces in a whole upright picture (H, W, 3), by falling score, in its pixels.

        Faces narrower than about a tenth of the longer side are missed: see ``detect_small``.
        """
        height, width = rgb.shape[:2]
        scale = max(height, width) / DETECTOR_SIDE
        size = (max(round(width / scale), 1), max(round(height / scale), 1))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        left, top = (DETECTOR_SIDE - size[0]) // 2, (DETECTOR_SIDE - size[1]) // 2
        picture = np.zeros((1, DETECTOR_SIDE, DETECTOR_SIDE, 3), np.float32)
        inside = picture[0, top : top + size[1], left : left + size[0]]
        inside[:] = small
        inside /= 127.5
        inside -= 1.0
        outputs = self._detector(picture)
        found = decode_detections(
            outputs["regressors"][0],
            outputs["classificators"][0, :, 0],
            self._anchors,
            scale,
            self.min_score,
        )
        return [face.moved(-left * scale, -top * scale) for face in found]

    def detect_small(self, rgb: UInt8) -> list[Detection]:
        """Find faces in overlapping tiles too, for faces small in the picture; as ``detect`` does.

        Tiles are squares with a stride of half their side: half of the picture's longer side, then,
        as long as no face is found, a quarter of it.
        """
        height, width = rgb.shape[:2]
        found = self.detect(rgb)
        for part in (2, 4):
            side = min(max(height, width) // part, height, width)
            if side < DETECTOR_SIDE // 2:
                break
            for top in _tile_starts(height, side):
                for left in _tile_starts(width, side):
                    tile = np.ascontiguousarray(rgb[top : top + side, left : left + side])
                    found += [face.moved(left, top) for face in self.detect(tile)]
            if found:
                break
        return suppress(found)

    def landmarks(self, picture: Picture, roi: Roi) -> tuple[Float32, float]:
        """Find the landmarks of the face in a crop of an upright picture.

        They are in the picture's pixels, shape (478, 3), z in the same unit with smaller nearer the
        camera; with them comes the probability that the crop shows a face.
        """
        crop, matrix = _crop(picture, roi)
        values = crop[None].astype(np.float32)
        values *= 1.0 / 255.0
        outputs = self._mesh(values)
        points = outputs["Identity"].reshape(LANDMARKS, 3)
        scale = roi.side / LANDMARK_SIDE
        result = np.empty((LANDMARKS, 3), np.float32)
        result[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        result[:, 2] = points[:, 2] * scale
        logit = float(outputs["Identity_1"].reshape(-1)[0])
        return result, 1.0 / (1.0 + math.exp(-max(min(logit, 80.0), -80.0)))

    def blendshapes(self, landmarks: Float32) -> Float32:
        """Estimate the ARKit blendshape weights of a face in [0, 1], shape (52,).

        The landmarks are in pixels, shape (478, 3); the order is that of ``BLENDSHAPE_NAMES``.
        """
        points = np.ascontiguousarray(landmarks[BLENDSHAPE_POINTS, :2], np.float32)
        (weights,) = self._shapes(points[None]).values()
        return weights.reshape(-1).astype(np.float32)


class _Network:
    """A LiteRT network with one input, outputs by name."""

    def __init__(self, model: bytes, num_threads: int) -> None:
        # Imported here since it costs more than the rest of this module together.
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter: Any = Interpreter(model_content=model, num_threads=num_threads)
        with quiet_stderr():
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {
            detail["name"]: detail["index"] for detail in self._interpreter.get_output_details()
        }

    def __call__(self, value: Float32) -> dict[str, Float32]:
        """Run the network on one input."""
        self._interpreter.set_tensor(self._input, value)
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(index) for name, index in self._outputs.items()}


def _tile_starts(length: int, side: int) -> list[int]:
    """Return where tiles of a side begin so that they cover a length, half overlapping."""
    count = max(math.ceil((length - side) / (side / 2)), 0) + 1
    return [round(i * (length - side) / max(count - 1, 1)) for i in range(count)]


def _crop(picture: Picture, roi: Roi) -> tuple[UInt8, NDArray[np.float32]]:
    """Cut a rotated square out of a picture, (256, 256, 3); with it comes the map back, (2, 3)."""
    scale = roi.side / LANDMARK_SIDE
    cos, sin = math.cos(roi.angle) * scale, math.sin(roi.angle) * scale
    half = LANDMARK_SIDE / 2
    matrix = np.array(
        [
            [cos, -sin, roi.x - half * cos + half * sin],
            [sin, cos, roi.y - half * sin - half * cos],
        ]
    )
    return picture.sampled(matrix, LANDMARK_SIDE), matrix.astype(np.float32)
