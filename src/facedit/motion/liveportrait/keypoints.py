"""The arithmetic of LivePortrait's motion: 21 implicit keypoints, moved as rows of coordinates.

``x = scale (x_c R + expression) + translation``; ``x_c`` and ``scale`` stay those of the picture
that is animated, so that a frame's motion is expression 21 x 3, rotation 3 x 3, translation 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

KEYPOINTS = 21
"""Implicit keypoints of a face."""

_BINS, _BIN_DEGREES, _FIRST_DEGREES = 66, 3.0, -97.5


@dataclass(frozen=True, slots=True)
class FaceMotion:
    """What the motion extractor reads from pictures, of B faces.

    Attributes:
        keypoints: Canonical keypoints ``x_c``, shape (B, 21, 3).
        expression: Offsets of the keypoints, shape (B, 21, 3).
        rotation: Of the head, shape (B, 3, 3).
        translation: Shape (B, 3); the last one is 0.
        scale: Shape (B, 1).
    """

    keypoints: Tensor
    expression: Tensor
    rotation: Tensor
    translation: Tensor
    scale: Tensor

    def moved(self) -> Tensor:
        """Return the keypoints where the motion puts them, shape (B, 21, 3)."""
        turned = self.keypoints @ self.rotation + self.expression
        return self.scale[..., None] * turned + self.translation[:, None]


def degrees_of(logits: Tensor) -> Tensor:
    """Turn a head angle's 66 bins, shape (..., 66), into degrees, shape (...)."""
    index = torch.arange(_BINS, dtype=logits.dtype, device=logits.device)
    return (logits.softmax(-1) * index).sum(-1) * _BIN_DEGREES + _FIRST_DEGREES


def rotation_of(pitch: Tensor, yaw: Tensor, roll: Tensor) -> Tensor:
    """Return the rotation of rows of coordinates, ``(R_z R_y R_x)`` transposed.

    Args:
        pitch: Degrees about x (right), shape (B,).
        yaw: Degrees about y (down).
        roll: Degrees about z (inwards).

    Returns:
        Shape (B, 3, 3).
    """
    x, y, z = (_about(axis, angle) for axis, angle in enumerate((pitch, yaw, roll)))
    return (z @ y @ x).mT


def nearest_rotation(matrix: Tensor) -> Tensor:
    """Return the rotation nearest to each matrix, shape (..., 3, 3), by its singular values."""
    u, _, vh = torch.linalg.svd(matrix)
    sign = torch.linalg.det(u @ vh)
    scale = torch.stack((torch.ones_like(sign), torch.ones_like(sign), sign), -1)
    rotation: Tensor = (u * scale[..., None, :]) @ vh
    return rotation


def _about(axis: int, degrees: Tensor) -> Tensor:
    """Return right-handed rotations about an axis, shape (B, 3, 3)."""
    angle = torch.deg2rad(degrees)
    cos, sin, zero, one = angle.cos(), angle.sin(), angle.new_zeros(()), angle.new_ones(())
    first, second = (axis + 1) % 3, (axis + 2) % 3
    rows = [[zero.expand_as(cos)] * 3 for _ in range(3)]
    rows[axis][axis] = one.expand_as(cos)
    rows[first][first] = rows[second][second] = cos
    rows[first][second], rows[second][first] = -sin, sin
    return torch.stack([torch.stack(row, -1) for row in rows], -2)
