"""What the space ``liveportrait`` sees of a frame, as the row of numbers that the road hands on.

The networks' picture is cut out around each frame's own face and not turned, so that the axes of
the motion are the picture's, in reading, infilling and drawing. Where the head is, is kept in
pixels: that of all frames of a clip can be said in one box, as the official tool does by cutting
all frames out of one place.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch

from facedit.face.regions import BROWS, FACE_OVAL, MOUTH_CORNERS
from facedit.motion.liveportrait.crop import SOURCE, CropRule, FaceBox, face_box
from facedit.motion.liveportrait.keypoints import KEYPOINTS, FaceMotion
from facedit.types import Float32, Float64

TERMS = "LivePortrait keypoints"
"""What the space's arrays are called where a renderer says what it draws."""

_EYES = np.array([(33, 159, 133, 145), (263, 386, 362, 374)])
"""Corners and middles of the lids of both eyes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the motion extractor reads of F frames, in the axes of the picture.

    Attributes:
        expression: Offsets of the keypoints, shape (F, 21, 3).
        rotation: Of the head, shape (F, 3, 3).
        place: Where the head is, in pixels; its depth is 0; shape (F, 3).
        keypoints: Canonical keypoints, shape (F, 21, 3).
        scale: Shape (F, 1).
        centre: Of the crop, in pixels, shape (F, 2).
        side: Of the crop, in pixels, shape (F, 1).
    """

    expression: Float32
    rotation: Float32
    place: Float32
    keypoints: Float32
    scale: Float32
    centre: Float32
    side: Float32

    @classmethod
    def of(cls, rows: Float32) -> Reading:
        """Take apart rows, shape (F, ``READING`` or more)."""
        ends = np.cumsum([int(np.prod(shape)) for shape in _SHAPES.values()])
        parts = np.split(rows[:, :READING], ends[:-1], axis=1)
        return cls(*(p.reshape(-1, *s) for p, s in zip(parts, _SHAPES.values(), strict=True)))

    @classmethod
    def read(cls, motion: FaceMotion, boxes: list[FaceBox]) -> Reading:
        """Put what was read of crops into the axes of their pictures."""
        centre = np.array([box.centre for box in boxes], np.float32)
        side = np.array([[box.side] for box in boxes], np.float32)
        expression, rotation, translation, keypoints, scale = (
            part.cpu().numpy()
            for part in (
                motion.expression, motion.rotation, motion.translation, motion.keypoints,
                motion.scale,
            )
        )  # fmt: skip
        place = np.asarray(translation * side / 2, np.float32)
        place[:, :2] += centre
        return cls(expression, rotation, place, keypoints, scale, centre, side)

    @property
    def rows(self) -> Float32:
        """All of it, shape (F, ``READING``)."""
        parts = [getattr(self, name).reshape(len(self.side), -1) for name in _SHAPES]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def translation(self, box: Reading) -> Float32:
        """Say where the head is in the crop of a reading, shape (F, 3)."""
        moved = self.place.copy()
        moved[:, :2] -= box.centre
        return moved * 2 / box.side

    def motion_in(self, box: Reading) -> FaceMotion:
        """Return the motion in the crop of a reading."""
        parts = (self.keypoints, self.expression, self.rotation, self.translation(box), self.scale)
        return FaceMotion(*(torch.from_numpy(np.ascontiguousarray(part)) for part in parts))


_SHAPES: dict[str, tuple[int, ...]] = dict(
    zip(
        (field.name for field in fields(Reading)),
        ((KEYPOINTS, 3), (3, 3), (3,), (KEYPOINTS, 3), (1,), (2,), (1,)),
        strict=True,
    )
)

READING = sum(int(np.prod(shape)) for shape in _SHAPES.values())
"""Numbers of a reading; a row holds that of the frame, that of the mirrored frame, the outline."""

ROW = 2 * READING + 2 * len(FACE_OVAL)
"""Numbers of a row."""


def row_of(own: Reading, mirrored: Reading, landmarks: list[Float32]) -> Float32:
    """Put together the rows of frames whose landmarks are in pixels, shape (F, ``ROW``)."""
    outlines = np.array([points[list(FACE_OVAL), :2].ravel() for points in landmarks])
    return np.concatenate([own.rows, mirrored.rows, outlines], axis=1).astype(np.float32)


def outline_of(row: Float32) -> Float32:
    """Return the face's outline in a row, in pixels, shape (36, 2)."""
    return row[2 * READING :].reshape(-1, 2)


def box_of(landmarks: Float32, rule: CropRule = SOURCE) -> FaceBox:
    """Find a crop of a face from our mesh.

    The official crop holds points of a set that has no forehead; which of the mesh's come nearest
    to them nobody has measured yet: those below the brows' upper edge are taken.

    Args:
        landmarks: Landmarks in pixels, shape (478, 3).
        rule: Which crop; the source's.

    Returns:
        The box.
    """
    points: Float64 = landmarks[:, :2].astype(np.float64)
    eyes, lips = points[_EYES].mean(1), points[list(MOUTH_CORNERS)]
    down = lips.mean(0) - eyes.mean(0)
    height = points @ down
    return face_box(points[height >= height[list(BROWS)].min()], eyes, lips, rule)
