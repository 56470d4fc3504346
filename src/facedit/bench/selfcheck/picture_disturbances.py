"""Known disturbances of an item's pictures, frame by frame; who applies them tracks anew.

Each takes the pictures of a scene and gives new ones; frames without a face stay as they are. Sizes
are in units of the distance of the outer eye corners, so that faces of every size are disturbed
alike.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from facedit.bench.scene import Scene
from facedit.face.distances import eye_distance
from facedit.face.regions import FACE_OVAL
from facedit.render.composite import (
    blend,
    fill_polygon,
    mouth_mask,
    mouth_outline,
    stretched,
    to_picture,
)
from facedit.render.geometry import fit_similarity
from facedit.render.warp import Rect, bounding_rect
from facedit.runs import runs
from facedit.types import Float32, Float64, UInt8

Pictures = tuple[UInt8, ...]

LIGHTER = 4
"""Grey levels by which kept frames are made lighter."""

_UPRIGHT = np.array([1, 0], np.float32)


def blur_mouth(scene: Scene, sigma: float = 0.013) -> Pictures:
    """Blur the mouth in the filled frames."""

    def change(patch: Float32, eyes: float) -> Float32:
        return np.asarray(cv2.GaussianBlur(patch, (0, 0), max(sigma * eyes, 0.8)), np.float32)

    return _change_mouths(scene, change)


def noise_mouth(scene: Scene, rng: np.random.Generator, level: float = 10.0) -> Pictures:
    """Add grain to the mouth in the filled frames."""

    def change(patch: Float32, eyes: float) -> Float32:
        grain = rng.normal(0.0, level, (*patch.shape[:2], 1)).astype(np.float32)
        return patch + grain

    return _change_mouths(scene, change)


def freeze_mouth(scene: Scene) -> Pictures:
    """Show the mouth of the last kept frame through the whole span, moved along with the head."""
    frames, points = list(scene.output.frames), scene.output.landmarks
    held = None
    for index, filled in enumerate(scene.filled):
        if not np.isfinite(points[index]).all():
            continue
        if held is None or not filled:
            held = index
        else:
            # The chin must not move either: the lower part of the face is held, not the lips only.
            outline = stretched(mouth_outline(points[index]), _UPRIGHT, 1.25, 2.0)
            source = scene.output.frames[held], points[held]
            frames[index] = _pasted(frames[index], points[index], *source, outline)
    return tuple(frames)


def swap_face(scene: Scene, other: Scene) -> Pictures:
    """Put another person's face, its frames to and fro, over the face in the filled frames."""
    frames, points = list(scene.output.frames), scene.output.landmarks
    seen = np.flatnonzero(np.isfinite(other.output.landmarks).all(axis=(1, 2)))
    order = [*seen, *seen[-2:0:-1]]
    for turn, index in enumerate(np.flatnonzero(scene.filled)):
        if order and np.isfinite(points[index]).all():
            theirs = order[turn % len(order)]
            oval = stretched(points[index][list(FACE_OVAL), :2], _UPRIGHT, 0.97, 0.97)
            source = other.output.frames[theirs], other.output.landmarks[theirs]
            frames[index] = _pasted(frames[index], points[index], *source, oval)
    return tuple(frames)


def jump_picture(scene: Scene, size: float = 0.12) -> Pictures:
    """Move the picture aside for one frame at each seam."""
    frames = list(scene.output.frames)
    for index in {edge for start, stop in runs(scene.filled) for edge in (start, stop - 1)}:
        points = scene.output.landmarks[index]
        if np.isfinite(points).all():
            matrix = np.array([[1, 0, size * eye_distance(points)], [0, 1, 0]], np.float64)
            frames[index] = _warped(frames[index], matrix, frames[index].shape)
    return tuple(frames)


def touch_kept(scene: Scene, level: int = LIGHTER) -> Pictures:
    """Make the kept frames a little lighter."""
    return tuple(
        frame if filled else to_picture(frame.astype(np.float32) + level)
        for frame, filled in zip(scene.output.frames, scene.filled, strict=True)
    )


def delay_kept(scene: Scene) -> Pictures:
    """Show every kept frame after the span one frame late, the last filled one twice."""
    frames = list(scene.output.frames)
    filled = np.flatnonzero(scene.filled)
    after = int(filled[-1]) + 1 if len(filled) else 0
    frames[max(after, 1) :] = frames[max(after, 1) - 1 : -1]
    return tuple(frames)


def _change_mouths(scene: Scene, change: Callable[[Float32, float], Float32]) -> Pictures:
    """Change what lies under the mouth's soft mask in the filled frames."""
    frames = list(scene.output.frames)
    for index in np.flatnonzero(scene.filled):
        points = scene.output.landmarks[index]
        if not np.isfinite(points).all():
            continue
        eyes = float(eye_distance(points))
        rect = _rect(mouth_outline(points), 0.3 * eyes, frames[index])
        if not rect.width:
            continue
        base = frames[index][rect.slices].astype(np.float32)
        mixed = blend(base, change(base, eyes), mouth_mask(points, rect))
        frames[index] = frames[index].copy()
        frames[index][rect.slices] = to_picture(mixed)
    return tuple(frames)


def _pasted(
    frame: UInt8, points: Float32, source: UInt8, source_points: Float32, outline: Float32
) -> UInt8:
    """Lay another picture's face over a frame's, inside a soft outline."""
    warped = _warped(source, fit_similarity(source_points, points), frame.shape)
    sigma = max(0.06 * float(eye_distance(points)), 1.0)
    rect = _rect(outline, 3 * sigma, frame)
    if not rect.width:
        return frame
    mask = cv2.GaussianBlur(fill_polygon(outline, rect), (0, 0), sigma)
    base, patch = (picture[rect.slices].astype(np.float32) for picture in (frame, warped))
    result = frame.copy()
    result[rect.slices] = to_picture(blend(base, patch, np.asarray(mask, np.float32)))
    return result


def _rect(points: Float32, pad: float, frame: UInt8) -> Rect:
    """Return the pixels round some points."""
    return bounding_rect(points, pad, frame.shape[1], frame.shape[0])


def _warped(picture: UInt8, matrix: Float64, shape: tuple[int, ...]) -> UInt8:
    """Move a picture by an affine matrix into a picture of another shape."""
    size, edge = (shape[1], shape[0]), cv2.BORDER_REPLICATE
    moved = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=edge)
    return np.asarray(moved, np.uint8)
