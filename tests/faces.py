"""The canonical face as landmarks, for pictures that need no footage, and a tracker's noise."""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from facedit.face.regions import LOWER_LIDS, UPPER_LIDS
from facedit.types import Float32, Float64


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


def jitter(values: NDArray[np.floating]) -> Float64:
    """Deviation of each signal's white noise, from second differences along the first axis.

    That of white noise of deviation s has deviation ``sqrt(6) s``; smooth motion hardly adds to it.
    """
    second = np.diff(np.asarray(values, np.float64), n=2, axis=0)
    result: Float64 = np.nanmedian(np.abs(second), axis=0) / 0.6745 / np.sqrt(6)
    return result
