"""Head pose: the similarity that carries a canonical face onto landmarks.

Axes are the picture's: x right, y down, z away from the camera. A pose maps canonical points p to
``scale * R p + translation``. Weak perspective: translation and scale are in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.face.regions import POSE_POINTS
from facedit.types import Float64


@dataclass(frozen=True, slots=True)
class HeadPose:
    """A similarity per frame; NaN where there is no face.

    Attributes:
        rotation: Rotation matrices, shape (F, 3, 3).
        translation: Place of the canonical origin in pixels, shape (F, 3).
        scale: Pixels per canonical unit (outer-eye distance), shape (F,).
    """

    rotation: Float64
    translation: Float64
    scale: Float64

    @property
    def rotation_vectors(self) -> Float64:
        """Axis times angle in radians, shape (F, 3)."""
        return rotation_vectors(self.rotation)

    def apply(self, points: NDArray[np.floating]) -> Float64:
        """Carry canonical points, (P, 3) or (F, P, 3), to the picture's pixels, (F, P, 3)."""
        turned = np.asarray(points, np.float64) @ self.rotation.swapaxes(-1, -2)
        return turned * self.scale[:, None, None] + self.translation[:, None]

    def remove(self, landmarks: NDArray[np.floating]) -> Float64:
        """Carry landmarks in pixels to pose-free points in canonical units, both (F, P, 3)."""
        centred = np.asarray(landmarks, np.float64) - self.translation[:, None]
        free: Float64 = (centred @ self.rotation) / self.scale[:, None, None]
        return free

    def degrees(self) -> Float64:
        """Return yaw, pitch and roll in degrees, shape (F, 3).

        Yaw is positive where the nose points to the picture's right, pitch where it points up,
        roll where the head is turned clockwise on the screen. All are 0 for the canonical face.
        The order of rotations is ``R_y(-yaw) R_x(-pitch) R_z(roll)``.
        """
        matrix = self.rotation
        yaw = np.arctan2(-matrix[:, 0, 2], matrix[:, 2, 2])
        pitch = np.arcsin(np.clip(matrix[:, 1, 2], -1, 1))
        roll = np.arctan2(matrix[:, 1, 0], matrix[:, 1, 1])
        angles: Float64 = np.degrees(np.stack([yaw, pitch, roll], axis=1))
        return angles


def fit_pose(
    landmarks: NDArray[np.floating],
    reference: NDArray[np.floating],
    points: tuple[int, ...] = POSE_POINTS,
) -> HeadPose:
    """Fit a similarity per frame by least squares (Umeyama, PAMI 13(4), 1991).

    Landmarks are in pixels, shape (F, P, 3); NaN frames give NaN poses. The canonical face has
    shape (Q, 3), or one per frame (F, Q, 3); both are compared at the indices ``points``, three or
    more (ValueError).
    """
    if len(points) < 3:
        raise ValueError(f"{len(points)} points do not fix a pose; at least 3 are needed.")
    chosen = list(points)
    target = np.asarray(landmarks, np.float64)[:, chosen]
    source = np.broadcast_to(np.asarray(reference, np.float64)[..., chosen, :], target.shape)
    seen = np.isfinite(target).all(axis=(1, 2))
    frames = len(target)
    rotation = np.full((frames, 3, 3), np.nan)
    translation = np.full((frames, 3), np.nan)
    scale = np.full(frames, np.nan)
    if seen.any():
        rotation[seen], translation[seen], scale[seen] = _umeyama(source[seen], target[seen])
    return HeadPose(rotation, translation, scale)


def rotation_vectors(matrices: Float64) -> Float64:
    """Return rotation matrices (F, 3, 3) as axis times angle in radians, shape (F, 3).

    Rodrigues' formula inverted.
    """
    # By way of the quaternion with the largest component, which is stable at every angle.
    found = quaternions(matrices)
    vector, scalar = found[:, 1:], found[:, :1]
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    angle = 2 * np.arctan2(length, scalar)
    ratio = np.where(length > 1e-12, angle / np.maximum(length, 1e-12), 2.0)
    result: Float64 = vector * ratio
    return result


def rotation_matrices(vectors: NDArray[np.floating]) -> Float64:
    """Return the rotations (F, 3, 3) of axis-times-angle vectors in radians, shape (F, 3).

    Rodrigues' formula.
    """
    vectors = np.asarray(vectors, np.float64)
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    first = np.sinc(angle / np.pi)  # sin(a) / a
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2  # (1 - cos(a)) / a^2
    result: Float64 = np.eye(3) + first * cross + second * (cross @ cross)
    return result


def rotations_of(angles_deg: Float64) -> Float64:
    """Return the rotations (F, 3, 3) of yaw, pitch and roll (F, 3) as ``HeadPose.degrees`` says."""
    yaw, pitch, roll = np.radians(angles_deg).T
    none = np.zeros_like(yaw)
    about_y, about_x, about_z = (
        rotation_matrices(np.stack(turn, axis=1))
        for turn in ((none, -yaw, none), (-pitch, none, none), (none, none, roll))
    )
    return np.asarray(about_y @ about_x @ about_z)


def quaternions(matrices: Float64) -> Float64:
    """Return unit quaternions (w, x, y, z) with w >= 0 of rotations, shape (F, 4)."""
    trace = np.trace(matrices, axis1=1, axis2=2)
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    squares = np.concatenate([trace[:, None], diagonal * 2 - trace[:, None]], axis=1) + 1
    largest = np.argmax(squares, axis=1)
    m = matrices
    table = np.empty((len(m), 4, 4))  # row k: the quaternion times 4 times its component k
    table[:, range(4), range(4)] = squares
    for (i, j), value in {
        (0, 1): m[:, 2, 1] - m[:, 1, 2],
        (0, 2): m[:, 0, 2] - m[:, 2, 0],
        (0, 3): m[:, 1, 0] - m[:, 0, 1],
        (1, 2): m[:, 0, 1] + m[:, 1, 0],
        (1, 3): m[:, 0, 2] + m[:, 2, 0],
        (2, 3): m[:, 1, 2] + m[:, 2, 1],
    }.items():
        table[:, i, j] = table[:, j, i] = value
    rows = table[np.arange(len(m)), largest]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    result: Float64 = np.where(unit[:, :1] < 0, -unit, unit)
    return result


def _umeyama(source: Float64, target: Float64) -> tuple[Float64, Float64, Float64]:
    """Return rotation, translation and scale that carry source onto target, per frame."""
    source_mean, target_mean = source.mean(axis=1), target.mean(axis=1)
    source, target = source - source_mean[:, None], target - target_mean[:, None]
    covariance = target.swapaxes(1, 2) @ source
    left, singular, right = np.linalg.svd(covariance)
    # A reflection fits mirror-like noise best where the points are nearly in a plane: forbid it.
    singular[:, 2] *= (sign := np.sign(np.linalg.det(left) * np.linalg.det(right)))
    left[:, :, 2] *= sign[:, None]
    rotation = left @ right
    scale = singular.sum(axis=1) / (source**2).sum(axis=(1, 2))
    translation = target_mean - scale[:, None] * np.einsum("fij,fj->fi", rotation, source_mean)
    return rotation, translation, scale
