"""The ``mesh`` motion space: landmarks to pose-free, identity-free motion and back.

A frame's landmarks X (pixels) and its motion x are related by

    X = scale * (neutral + W^-1 (B^T c)) R^T + translation

with the clip's neutral shape, orthonormal bases B of the lower and of the upper face fitted to
data under weights W, their coefficients c, and the head pose (R, translation, scale) relative to
the clip's usual one. x is (c, pose), standardised by the training set's statistics.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from safetensors.numpy import save_file

from facedit.errors import BadWeights
from facedit.face.canonical import mirror_points
from facedit.face.pose import HeadPose, fit_pose, rotation_matrices
from facedit.media.output import whole_or_nothing
from facedit.motion.identity import Identity, estimate_identity, relative_head
from facedit.options import DEFAULT_SPACE
from facedit.runs import blocks
from facedit.tensors import described, read_tensors
from facedit.types import LANDMARK_TERMS, LANDMARKS, Float32, Float64

HEAD_NAMES = ("head_rx", "head_ry", "head_rz", "head_tx", "head_ty", "head_log_scale")
"""Names of the pose dims: rotation vector, translation, logarithm of the scale."""

FILES = {"mesh": "mesh.safetensors", "mesh-grid": "mesh-grid.safetensors"}
"""Files of the shipped spaces by name."""

KIND = "facedit-motion-mesh"
VERSION = 1
FRAMES_AT_ONCE = 750
"""Frames that are turned into motion or back at once: bounds memory for long clips."""

_MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class MeshSpace:
    """A fitted mesh motion space: principal axes over landmarks (implements ``MotionSpace``).

    Attributes:
        canonical: Mean neutral face, symmetrical, canonical units, shape (478, 3).
        lower: Orthonormal basis of the weighted lower face, shape (K, P_lower * 3).
        upper: The same of the upper face, shape (L, P_upper * 3).
        lower_points: Landmarks of the lower face, ascending.
        upper_points: All others, ascending.
        weights: Weight of each landmark's x, y, z in the fit, shape (478, 3).
        mean: Mean of each dim in the training set, shape (D,).
        std: Standard deviation of each dim in the training set, shape (D,): canonical units,
            radians for rotations.
        metadata: Where the fit comes from, JSON-like.
        name: What weights and prepared data call it.
    """

    canonical: Float32
    lower: Float32
    upper: Float32
    lower_points: np.ndarray[Any, np.dtype[np.int64]]
    upper_points: np.ndarray[Any, np.dtype[np.int64]]
    weights: Float32
    mean: Float32
    std: Float32
    metadata: dict[str, object]
    name: str = DEFAULT_SPACE
    terms: ClassVar[str] = LANDMARK_TERMS
    renderer: ClassVar[str] = "mouths"

    @property
    def dims(self) -> int:
        """Number of dims D."""
        return len(self.lower) + len(self.upper) + len(HEAD_NAMES)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each dim, e.g. ``lips_00``, ``face_11``, ``head_rx``."""
        lips = (f"lips_{i:02d}" for i in range(len(self.lower)))
        face = (f"face_{i:02d}" for i in range(len(self.upper)))
        return (*lips, *face, *HEAD_NAMES)

    @cached_property
    def groups(self) -> dict[str, slice]:
        """Dims of the lower face (``lips``), the upper face (``face``) and the pose (``head``)."""
        lips, face = len(self.lower), len(self.upper)
        return {
            "lips": slice(0, lips),
            "face": slice(lips, lips + face),
            "head": slice(lips + face, self.dims),
        }

    @cached_property
    def effects(self) -> Float32:
        """Standard deviation of each dim over the largest of its group, for weighting losses."""
        result = self.std.copy()
        for group in self.groups.values():
            result[group] /= result[group].max()
        return result

    def identity(self, landmarks: Float32, confidence: Float32) -> Identity:
        """Estimate a clip's constants.

        ``landmarks``: landmarks in pixels, shape (F, 478, 3), NaN where absent; ``confidence``:
        tracker confidence, shape (F,). Returns neutral shape and usual head pose: means over the
        frames given. Give frames that are kept; hidden ones would leak into their own condition.
        ``NoFace`` if no frame has a face.
        """
        return estimate_identity(landmarks, confidence, self.canonical)

    def encode(self, landmarks: Float32, identity: Identity) -> Float32:
        """Turn landmarks into standardised motion.

        ``landmarks``: landmarks in pixels, shape (T, 478, 3). Returns motion, shape (T, D); NaN
        rows where landmarks are NaN.
        """
        parts = (landmarks[part] for part in blocks(len(landmarks), FRAMES_AT_ONCE))
        return np.concatenate([self.encode_with_pose(part, identity)[0] for part in parts])

    def encode_with_pose(self, landmarks: Float32, identity: Identity) -> tuple[Float32, HeadPose]:
        """Turn landmarks into standardised motion and the poses that were taken out.

        ``landmarks``: landmarks in pixels, shape (T, 478, 3). Returns motion, shape (T, D), and the
        poses.
        """
        pose = fit_pose(landmarks, identity.neutral)
        offset = (pose.remove(landmarks) - identity.neutral) * self.weights
        lower = offset[:, self.lower_points].reshape(len(offset), -1) @ self.lower.T
        upper = offset[:, self.upper_points].reshape(len(offset), -1) @ self.upper.T
        values = np.concatenate([lower, upper, relative_head(pose, identity)], axis=1)
        return ((values - self.mean) / self.std).astype(np.float32), pose

    def mirrored(self, seen: Float32) -> Float32:
        """Return the landmarks of mirrored faces, shape (F, 478, 3), left of the picture."""
        flipped: Float32 = (seen * np.array([-1, 1, 1], np.float32))[:, mirror_points()]
        return flipped

    def decode(self, values: Float32, identity: Identity) -> Float32:
        """Turn standardised motion into landmarks.

        ``values``: motion, shape (T, D). Returns landmarks in pixels, shape (T, 478, 3).
        """
        found = np.empty((len(values), LANDMARKS, 3), np.float32)
        for part in blocks(len(values), FRAMES_AT_ONCE):
            shape = self.decode_shape(values[part], identity)
            found[part] = self.decode_pose(values[part], identity).apply(shape)
        return found

    def decode_shape(self, values: Float32, identity: Identity) -> Float32:
        """Turn standardised motion into pose-free shapes.

        ``values``: motion, shape (T, D). Returns shapes in canonical units, shape (T, 478, 3).
        """
        raw = self._raw(values)
        offset = np.empty((len(raw), LANDMARKS, 3))
        lower = raw[:, self.groups["lips"]] @ self.lower
        upper = raw[:, self.groups["face"]] @ self.upper
        offset[:, self.lower_points] = lower.reshape(len(raw), -1, 3)
        offset[:, self.upper_points] = upper.reshape(len(raw), -1, 3)
        return (identity.neutral + offset / self.weights).astype(np.float32)

    def decode_pose(self, values: Float32, identity: Identity) -> HeadPose:
        """Turn the head dims of standardised motion into poses.

        ``values``: motion, shape (T, D). Returns poses in pixels; the depth is the clip's usual
        one.
        """
        head = self._raw(values)[:, self.groups["head"]]
        translation = np.tile(identity.centre_px, (len(head), 1))
        translation[:, :2] += head[:, 3:5] * identity.scale_px
        return HeadPose(
            rotation_matrices(identity.rotation + head[:, :3]),
            translation,
            identity.scale_px * np.exp(head[:, 5]),
        )

    def save(self, path: Path) -> None:
        """Write the space as safetensors, metadata in its header."""
        tensors = {
            "canonical": self.canonical,
            "lower": self.lower,
            "upper": self.upper,
            "lower_points": self.lower_points,
            "upper_points": self.upper_points,
            "weights": self.weights,
            "mean": self.mean,
            "std": self.std,
        }
        header = {"kind": KIND, "version": str(VERSION), "metadata": json.dumps(self._described())}
        contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
        with whole_or_nothing(path, force=True) as part:
            save_file(contiguous, part, metadata=header)

    @classmethod
    def load(cls, path: Path | None = None, name: str = DEFAULT_SPACE) -> MeshSpace:
        """Read a space.

        ``path``: the file; the one shipped with the package by default. Raises BadWeights if the
        file is damaged or holds something else.
        """
        if path is None:
            path = space_file(DEFAULT_SPACE)
        try:
            header, tensors = read_tensors(path, "np", most_bytes=_MOST_BYTES)
            space = cls(**tensors, metadata=_metadata_of(header), name=name)
        except (BadWeights, TypeError) as error:
            raise BadWeights(f"{path.name} is no mesh motion space: {error}") from error
        space._check(path.name)
        return space

    @classmethod
    def named(cls, name: str, device: object = "cpu") -> MeshSpace:
        """Read a shipped space, a key of ``FILES``, for any device (BadWeights if damaged)."""
        return cls.load(space_file(name), name)

    def _described(self) -> dict[str, object]:
        """Return the metadata with names and groups, as written to files."""
        groups = {name: [part.start, part.stop] for name, part in self.groups.items()}
        return self.metadata | {"names": list(self.names), "groups": groups}

    def _raw(self, values: Float32) -> Float64:
        """Undo the standardisation."""
        return values.astype(np.float64) * self.std + self.mean

    def _check(self, name: str) -> None:
        """Raise ``BadWeights`` unless the tensors fit together."""
        points = (self.lower_points, self.upper_points)
        fits = (
            self.canonical.shape == self.weights.shape == (LANDMARKS, 3)
            and self.lower.shape[1:] == (3 * len(self.lower_points),)
            and self.upper.shape[1:] == (3 * len(self.upper_points),)
            and self.mean.shape == self.std.shape == (self.dims,)
            and all(one.ndim == 1 and one.dtype.kind == "i" for one in points)
            and sorted(np.concatenate(points)) == list(range(LANDMARKS))
            and all(np.isfinite(one).all() for one in (self.canonical, self.lower, self.upper))
            and all((one > 0).all() for one in (self.weights, self.std))
            and np.isfinite(self.mean).all()
        )
        if not fits:
            raise BadWeights(f"{name}: shapes or values of the tensors do not fit.")


def _metadata_of(header: dict[str, str]) -> dict[str, object]:
    """Return the JSON in a safetensors header, checking kind and version."""
    if header.get("kind") != KIND or header.get("version") != str(VERSION):
        raise BadWeights(f"kind {header.get('kind')!r} version {header.get('version')!r}")
    metadata = described(header, "metadata")
    if not isinstance(metadata, dict):
        raise BadWeights("metadata is no object")
    return {key: value for key, value in metadata.items() if key not in ("names", "groups")}


def space_file(name: str) -> Path:
    """Return the file of a shipped space, a key of ``FILES``."""
    return Path(str(files("facedit.motion"))) / FILES[name]
