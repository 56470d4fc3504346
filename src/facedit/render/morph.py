"""Morph cut: join two pictures of one person so that the jump between them goes away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.render.composite import cross_fade
from facedit.render.warp import (
    TargetMesh,
    mesh_step,
    moved_region,
    moved_rings,
    rings_of,
)
from facedit.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class Morph:
    """A whole frame (H, W, 3) between two, and the face's landmarks in its pixels (478, 3)."""

    rgb: UInt8
    landmarks: Float32


def warp_whole(rgb: UInt8, landmarks: Float32, target: Float32) -> UInt8:
    """Warp a picture so that its face stands where another does; what is far from it rests.

    The picture has shape (H, W, 3), landmarks are in pixels (478, 3).
    """
    rect = moved_region(landmarks, target, rgb.shape[1], rgb.shape[0])
    if not rect.width:
        return rgb.copy()
    mesh = TargetMesh(target, rect, moved_rings(landmarks, target), mesh_step(target))
    warped = mesh.warped(rgb, landmarks, rings_of(landmarks))
    if warped.shape == rgb.shape:
        return warped
    out = rgb.copy()
    out[rect.slices] = warped
    return out


def morph_cut(
    left_rgb: UInt8,
    left_landmarks: Float32,
    right_rgb: UInt8,
    right_landmarks: Float32,
    weight: float,
) -> Morph:
    """Draw a picture on the way from one to another: faces meet half-way, the rest dissolves.

    Both pictures (H, W, 3) are warped to landmarks between the two (478, 3) and mixed, so that eyes
    lie on eyes and lips on lips all the way. ``weight`` is the right one's share; at 0 and 1 the
    picture is exactly one of the two. ValueError if they differ in size.
    """
    if left_rgb.shape != right_rgb.shape:
        raise ValueError(f"Pictures of {left_rgb.shape} and {right_rgb.shape} can't be joined.")
    share = float(np.clip(weight, 0.0, 1.0))
    if share == 0.0:
        return Morph(left_rgb.copy(), np.asarray(left_landmarks, np.float32))
    if share == 1.0:
        return Morph(right_rgb.copy(), np.asarray(right_landmarks, np.float32))
    between = np.asarray(
        left_landmarks + np.float32(share) * (right_landmarks - left_landmarks), np.float32
    )
    left = warp_whole(left_rgb, left_landmarks, between)
    right = warp_whole(right_rgb, right_landmarks, between)
    return Morph(cross_fade(left, right, share, out=left), between)
