"""The canonical face of ``face_landmarker.task``: a metric 3-D mesh of the 468 surface points.

The bundle stores it as a protocol buffer (``GeometryPipelineMetadata`` with one ``Mesh3d``); only
the few fields that are needed are read here, so no protobuf runtime is needed.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedit.errors import BadWeights
from facedit.face.regions import OUTER_EYE_CORNERS
from facedit.types import Float64
from facedit.weights.fetch import asset_path

_MEMBER = "geometry_pipeline_metadata_landmarks.binarypb"
_VERTEX_FLOATS = 5  # x, y, z, u, v
_SURFACE = 468


@dataclass(frozen=True, slots=True)
class CanonicalFace:
    """A neutral frontal face.

    Attributes:
        vertices: Points in units of the outer-eye distance, origin between the outer eye corners,
            x to the picture's right, y down, z away from the camera (as landmarks), shape (468, 3).
        triangles: Corners of the mesh's faces, shape (898, 3).
    """

    vertices: Float64
    triangles: NDArray[np.int64]


def load_canonical_face(task: Path | None = None) -> CanonicalFace:
    """Read the canonical face from the bundle.

    Args:
        task: The ``.task`` file; the installed asset by default.

    Returns:
        The face. (``AssetMissing`` if the asset is not installed, ``BadWeights`` if the bundle
        holds no such mesh.)
    """
    return _load(task or asset_path("face_landmarker.task"))


@lru_cache(maxsize=2)
def _load(path: Path) -> CanonicalFace:
    """Read a bundle once: the face is small and never changes."""
    try:
        with zipfile.ZipFile(path) as bundle:
            metadata = bundle.read(_MEMBER)
        mesh = next(
            value for field, value in _fields(metadata) if field == 1 and isinstance(value, bytes)
        )
        numbers: list[float] = []
        corners: list[int] = []
        for field, value in _fields(mesh):
            if field == 3 and isinstance(value, bytes):
                numbers += struct.unpack(f"<{len(value) // 4}f", value)
            elif field == 4 and isinstance(value, int):
                corners.append(value)
        vertices = np.array(numbers, np.float64).reshape(_SURFACE, _VERTEX_FLOATS)[:, :3]
        triangles = np.array(corners, np.int64).reshape(-1, 3)
    except (zipfile.BadZipFile, KeyError, StopIteration, ValueError, struct.error) as error:
        raise BadWeights(f"{path.name} holds no canonical face: {error}") from error
    # The file has y up and z towards the camera.
    vertices = vertices * np.array([1.0, -1.0, -1.0])
    right, left = vertices[list(OUTER_EYE_CORNERS)]
    vertices = (vertices - (right + left) / 2) / np.linalg.norm(left - right)
    vertices.setflags(write=False)
    triangles.setflags(write=False)
    return CanonicalFace(vertices, triangles)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Walk over the fields of a protocol buffer message: number and raw value."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            number, at = _varint(message, at)
            yield field, number
            continue
        if wire == 2:
            size, at = _varint(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire} at byte {at}")
        if at + size > len(message):
            raise ValueError(f"{size} bytes wanted at byte {at}, {len(message) - at} left")
        yield field, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length integer; return it and the place behind it."""
    value = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("the message ends inside a number")
