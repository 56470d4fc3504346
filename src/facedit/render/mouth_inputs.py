"""What the mouth network sees: sources in the canonical crop, warped to the target, and a raster.

Training and rendering build their inputs here, so that the two can't drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facedit.face.distances import lip_gap
from facedit.face.regions import FACE_OVAL, INNER_LIPS, OUTER_LIPS
from facedit.render.geometry import CROP, crop_transform, transform_landmarks
from facedit.render.interior import draw_interior
from facedit.render.warp import Rect, TargetMesh, rings_of, sample
from facedit.types import Float32, Float64, UInt8

PICTURES = 4
"""Pictures that the network copies from: the base and three references."""

_BITS = 4
_LOWER_OVAL = FACE_OVAL[7:30]


@dataclass(frozen=True, slots=True)
class MouthSource:
    """A face in the canonical crop (128, 128, 3), its landmarks in pixels of it (478, 3)."""

    crop: UInt8
    landmarks: Float32


@dataclass(frozen=True, slots=True)
class MouthInputs:
    """One input of the mouth network.

    Attributes:
        pictures: Sources warped to the target, shape (4, S, S, 3).
        raster: Lips, opening and outlines of the target, shape (S, S, 3).
        gaps: Lip opening of each source over its eye distance, shape (4,).
    """

    pictures: UInt8
    raster: UInt8
    gaps: Float32


def crop_picture(picture: UInt8, matrix: Float64, size: int = CROP) -> UInt8:
    """Cut a canonical crop (size, size, 3) out of a picture, without aliasing where that is larger.

    ``matrix`` (2, 3) leads from picture to crop coordinates.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    finer = int(np.clip(np.ceil(0.75 / max(scale, 1e-3)), 1, 8))
    enlarged = matrix * finer
    enlarged[:, 2] += (finer - 1) / 2  # pixel centres, not corners, keep their place
    big = cv2.warpAffine(
        picture,
        enlarged,
        (size * finer, size * finer),
        flags=cv2.INTER_CUBIC if finer == 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if finer > 1:
        big = cv2.resize(big, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(big, np.uint8)


def canonical_source(picture: UInt8, landmarks: Float32) -> MouthSource:
    """Bring a picture's face, landmarks in pixels (478, 3), into the canonical crop."""
    matrix = crop_transform(landmarks)
    return MouthSource(crop_picture(picture, matrix), transform_landmarks(landmarks, matrix))


def canvas_rect(size: int) -> Rect:
    """Return the network's canvas in crop coordinates: the middle of the canonical crop."""
    margin = (CROP - size) // 2
    return Rect(margin, margin, size, size)


def draw_raster(target: Float32, size: int) -> UInt8:
    """Draw a target (478, 3) in pixels of the canonical crop, shape (size, size, 3).

    Channels are lips, opening of the mouth, outlines; 0 or 255 but for smooth edges.
    """
    rect = canvas_rect(size)

    def fixed(indices: Sequence[int]) -> np.ndarray:
        points = target[list(indices), :2] - np.array([rect.x, rect.y], np.float32)
        return np.rint(points * (1 << _BITS)).astype(np.int32)

    outer, inner, jaw = fixed(OUTER_LIPS), fixed(INNER_LIPS), fixed(_LOWER_OVAL)
    lips, opening, lines = (np.zeros((size, size), np.uint8) for _ in range(3))
    cv2.fillPoly(lips, [outer], 255, cv2.LINE_AA, _BITS)
    cv2.fillPoly(opening, [inner], 255, cv2.LINE_AA, _BITS)
    lips = np.where(lips > opening, lips - opening, 0).astype(np.uint8)
    cv2.polylines(lines, [outer, inner], True, 255, 1, cv2.LINE_AA, _BITS)
    cv2.polylines(lines, [jaw], False, 255, 1, cv2.LINE_AA, _BITS)
    return np.stack([lips, opening, lines], axis=-1)


def network_inputs(target: Float32, sources: Sequence[MouthSource], size: int) -> MouthInputs:
    """Warp sources to a target (478, 3) in pixels of the canonical crop and draw its lips.

    Sources are the base, then the references; missing ones are replaced by the base. A base without
    references gets a drawn mouth in its own opening and in their place: its lips, stretched over
    the opening, are nothing to copy.
    """
    mesh = TargetMesh(target, canvas_rect(size), rings_of(target))
    pictures = [
        sample(source.crop, mesh.source_map(source.landmarks, rings_of(source.landmarks)))
        for source in sources
    ]
    gaps = [lip_gap(source.landmarks) for source in sources]
    if len(sources) == 1:
        pictures = [draw_interior(pictures[0], target, canvas_rect(size))] * PICTURES
        gaps += [lip_gap(target)] * (PICTURES - 1)
    missing = PICTURES - len(pictures)
    pictures += [pictures[0]] * missing
    gaps += [gaps[0]] * missing
    return MouthInputs(np.stack(pictures), draw_raster(target, size), np.array(gaps, np.float32))


_CHEEKS = (205, 425, 50, 280)


def skin_gain(source: MouthSource, base: MouthSource) -> Float32:
    """Measure on the cheeks how the source's tone becomes the base's: a gain per channel, (3,)."""

    def skin(one: MouthSource) -> Float32:
        values = []
        middles = np.rint(one.landmarks[list(_CHEEKS), :2]).astype(int)
        for x, y in np.clip(middles, 3, one.crop.shape[0] - 4):
            values.append(one.crop[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).mean(axis=0))
        return np.asarray(np.mean(values, axis=0), np.float32)

    gain = (skin(base) + 4.0) / (skin(source) + 4.0)
    return np.asarray(np.clip(gain, 0.3, 3.0), np.float32)


def apply_gain(picture: UInt8, gain: Float32) -> UInt8:
    """Multiply a picture's channels (H, W, 3) by a gain (3,), clipped to 0 to 255."""
    if (gain == 1.0).all():
        return picture
    return np.asarray(np.clip(np.rint(picture * gain), 0, 255), np.uint8)
