"""The canonical face as landmarks, for pictures that need no footage."""

from importlib.resources import files

import numpy as np
from safetensors.numpy import load

from facedit.face.regions import LOWER_LIDS, UPPER_LIDS
from facedit.types import Float32


def canonical_landmarks() -> Float32:
    """The mesh in centimetres, shape (478, 3), with irises put in the middle of the eyes."""
    mesh = load(files("facedit").joinpath("weights/face_mesh.safetensors").read_bytes())
    surface = mesh["vertices"].astype(np.float32)
    irises = []
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        centre = surface[[*upper, *lower]].mean(axis=0)
        half = 0.25 * np.linalg.norm(surface[upper[0]] - surface[upper[-1]])
        offsets = half * np.array([[0, 0, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 1, 0]])
        irises.append(centre + offsets)
    return np.concatenate([surface, *irises]).astype(np.float32)
