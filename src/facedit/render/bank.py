"""The clip's own mouths and eyes, kept at their own resolution for retrieval."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facedit.face.distances import eye_distance
from facedit.face.regions import LIPS, LOWER_BROWS, LOWER_LIDS, NOSE_BASE, UPPER_LIDS
from facedit.render.geometry import CROP, crop_transform, eye_descriptor, lip_descriptor
from facedit.render.mouth_inputs import MouthSource, canonical_source
from facedit.render.warp import Rect, bounding_rect
from facedit.types import LANDMARKS, Float32, Float64, UInt8

_MOUTH_POINTS = (*LIPS, NOSE_BASE, 200, 205, 425)
EYE_POINTS = tuple(point for group in (*UPPER_LIDS, *LOWER_LIDS, *LOWER_BROWS) for point in group)
"""Points whose surroundings are kept as a frame's eyes."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """A rectangle (h, w, 3) cut from a picture, not scaled; ``origin`` is its x, y there."""

    rgb: UInt8
    origin: tuple[int, int]


@dataclass(frozen=True, slots=True)
class BankFrame:
    """One frame of the bank.

    Attributes:
        time_s: Its time.
        landmarks: Landmarks in pixels of its picture, shape (478, 3).
        mouth: Nose base to chin.
        eyes: Brows to lower lids.
        source: Canonical crop for the mouth network.
        lips: Lip descriptor, shape (85,).
        gaze: Eye descriptor, shape (8,).
        sharpness: Standard deviation of the Laplacian of the canonical crop.
        brightness: Mean of the canonical crop, 0 to 255.
    """

    time_s: float
    landmarks: Float32
    mouth: Cutout
    eyes: Cutout
    source: MouthSource
    lips: Float32
    gaze: Float32
    sharpness: float
    brightness: float

    @property
    def nbytes(self) -> int:
        """Bytes of the pictures."""
        return self.mouth.rgb.nbytes + self.eyes.rgb.nbytes + self.source.crop.nbytes


class ReferenceBank:
    """Frames of one person to copy mouths and eyes from; built frame by frame, bounded in size.

    When it is full, the frames most like another are dropped, so that rare mouths stay. ``frames``
    are ordered by time; ``max_bytes`` bounds all pictures together.
    """

    def __init__(self, max_frames: int = 600, max_bytes: int = 256 * 2**20) -> None:
        if max_frames < 1 or max_bytes < 1:
            raise ValueError(f"A bank of {max_frames} frames and {max_bytes} bytes holds nothing.")
        self.frames: list[BankFrame] = []
        self._max_frames = max_frames
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        return len(self.frames)

    def add(self, rgb: UInt8, landmarks: Float32, time_s: float) -> bool:
        """Add an upright frame (H, W, 3) with its landmarks in pixels (478, 3).

        False if it was left out: no landmarks, a mouth outside the picture, or a time that is in
        the bank already.
        """
        points = np.asarray(landmarks, np.float32)
        if points.shape != (LANDMARKS, 3) or not np.isfinite(points).all():
            return False
        height, width = rgb.shape[:2]
        lips = points[list(LIPS), :2]
        if (lips < 0).any() or (lips >= [width, height]).any():
            return False
        place = int(np.searchsorted([frame.time_s for frame in self.frames], time_s))
        if place < len(self.frames) and self.frames[place].time_s == time_s:
            return False
        self.frames.insert(place, _bank_frame(rgb, points, time_s))
        self._thin()
        return True

    def drop(self, times_s: Float64) -> None:
        """Take frames out again, by their times (n,)."""
        gone = set(times_s.tolist())
        self.frames = [frame for frame in self.frames if frame.time_s not in gone]

    def _thin(self) -> None:
        """Bring the bank back to its bounds once it is a quarter over them."""
        size = self.nbytes
        fits = min(self._max_frames, max(int(self._max_bytes / (size / len(self.frames))), 1))
        if len(self.frames) <= fits + min(fits // 4, 150):
            return
        keep = most_different(self.lips, fits)
        self.frames = [self.frames[index] for index in keep]

    @property
    def nbytes(self) -> int:
        """Bytes of the pictures."""
        return sum(frame.nbytes for frame in self.frames)

    @property
    def lips(self) -> Float32:
        """Lip descriptors, shape (n, 85)."""
        return np.stack([frame.lips for frame in self.frames])

    @property
    def gazes(self) -> Float32:
        """Eye descriptors, shape (n, 8)."""
        return np.stack([frame.gaze for frame in self.frames])

    @property
    def times_s(self) -> Float64:
        """Times in seconds, ascending, shape (n,)."""
        return np.array([frame.time_s for frame in self.frames])


def looked_at(landmarks: Float32, size: tuple[int, int], slack: float = 0.0) -> Rect:
    """Return the part of a picture of a size that a bank and the cover network take of its face.

    ``slack`` is how far the landmarks (478, 3) may still move, in eye distances.
    """
    distance = float(eye_distance(landmarks))
    corners = np.array([[-2, -2], [CROP + 1, -2], [-2, CROP + 1], [CROP + 1, CROP + 1]])
    matrix = crop_transform(landmarks)
    seen = (corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    points = landmarks[[*_MOUTH_POINTS, *EYE_POINTS], :2]
    pad = _pad(landmarks)
    every = np.concatenate([seen, points - pad, points + pad]).astype(np.float32)
    return bounding_rect(every, slack * distance + 1.0, *size, even=False)


def _pad(landmarks: Float32) -> float:
    """Return how far round mouth and eyes their surroundings are kept, in pixels."""
    return 0.12 * float(eye_distance(landmarks)) + 3.0


def _cut(rgb: UInt8, points: Float32, pad: float) -> Cutout:
    rect = bounding_rect(points, pad, rgb.shape[1], rgb.shape[0], even=False)
    return Cutout(np.ascontiguousarray(rgb[rect.slices]), (rect.x, rect.y))


def _bank_frame(rgb: UInt8, landmarks: Float32, time_s: float) -> BankFrame:
    pad = _pad(landmarks)
    source = canonical_source(rgb, landmarks)
    green = source.crop[..., 1]
    return BankFrame(
        time_s=time_s,
        landmarks=landmarks,
        mouth=_cut(rgb, landmarks[list(_MOUTH_POINTS), :2], pad),
        eyes=_cut(rgb, landmarks[list(EYE_POINTS), :2], pad),
        source=source,
        lips=lip_descriptor(landmarks),
        gaze=eye_descriptor(landmarks),
        sharpness=float(cv2.Laplacian(green, cv2.CV_32F).std()),
        brightness=float(green.mean()),
    )


def most_different(descriptors: Float32, count: int) -> list[int]:
    """Choose rows (n, C) so that those dropped have a close neighbour among the ``count`` kept.

    Their indices ascend.
    """
    squares = (descriptors**2).sum(axis=1)
    distance = squares[:, None] + squares - 2.0 * descriptors @ descriptors.T
    np.fill_diagonal(distance, np.inf)
    alive = np.ones(len(descriptors), bool)
    for _ in range(len(descriptors) - count):
        nearest = distance.min(axis=1)
        drop = int(np.argmin(np.where(alive, nearest, np.inf)))
        alive[drop] = False
        distance[drop] = np.inf
        distance[:, drop] = np.inf
    return [int(index) for index in np.flatnonzero(alive)]
