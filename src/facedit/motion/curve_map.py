"""From a character's curves to mesh motion: a linear map, fitted to people's motion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from facedit.errors import BadWeights
from facedit.face.pose import rotation_vectors, rotations_of
from facedit.motion.live_link import ANGLES, WEIGHTS
from facedit.motion.mesh_space import MeshSpace
from facedit.tensors import read_tensors
from facedit.types import Float32, Float64

FILE = Path(str(files("facedit.motion"))) / "curves.safetensors"
KIND = "facedit-curves-1"


@dataclass(frozen=True, eq=False)
class CurveMap:
    """The map to the space that ships with the package.

    Attributes:
        slope: Standardised motion of lips and upper face that goes with each weight, in the app's
            order, shape (52, K).
        offset: The same of a face all of whose weights are 0, shape (K,).
    """

    slope: Float32
    offset: Float32

    def motion(self, space: MeshSpace, curves: Float64) -> Float32:
        """Return the motion of the mean face that shows some curves, shape (F, D).

        ``curves``: in the order of ``CURVES``, shape (F, 61). The place of the head is the usual
        one: curves do not tell it.
        """
        weights, angles = curves[:, : len(WEIGHTS)], curves[:, len(WEIGHTS) :]
        turned = np.degrees(angles[:, : len(ANGLES) // 3]) * np.array([1.0, -1.0, -1.0])
        head = space.groups["head"]
        values = np.zeros((len(curves), space.dims))
        values[:, : head.start] = weights @ self.slope + self.offset
        values[:, head.start : head.start + 3] = rotation_vectors(rotations_of(turned))
        values[:, head] = (values[:, head] - space.mean[head]) / space.std[head]
        return values.astype(np.float32)


@cache
def curve_map() -> CurveMap:
    """Return the map that ships with the package; BadWeights if its file is damaged."""
    header, tensors = read_tensors(FILE, "np")
    if header.get("kind") != KIND or tensors.keys() != {"slope", "offset"}:
        raise BadWeights(f"{FILE.name}: holds no map of curves.")
    return CurveMap(**tensors)
