"""Motion as an animated face in glTF 2.0, one file (.glb) for Blender, Unreal, Unity, the web.

The motion space is linear, so glTF's morph targets carry it exactly: the mesh is the face where all
dims are 0, a target is what one standard deviation of a dim adds, and the animation holds the dims
themselves. The head is the node's rotation and place. glTF's axes: x to the right as one looks at
the face, y up, z towards the viewer; lengths in metres.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedit.face.canonical import load_canonical_face
from facedit.face.closed_lids import closed_landmarks
from facedit.face.pose import quaternions
from facedit.face.regions import (
    INNER_LIPS,
    LEFT_EYE,
    RIGHT_EYE,
    SURFACE,
)
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace
from facedit.types import Float32, Float64

EYE_CORNERS_M = 0.09
"""Distance of the outer corners of a grown-up's eyes."""

AXES = np.array([1.0, -1.0, -1.0])
"""From the picture's axes (y down, z away) to glTF's."""

BLINK = "blink"
"""Name of the target that shuts both eyes."""

_FLOAT, _INDEX = 5126, 5123
_VERTICES, _INDICES = 34962, 34963
_MAGIC, _JSON, _BIN = 0x46546C67, 0x4E4F534A, 0x004E4942


def write_glb(
    path: Path,
    space: MeshSpace,
    identity: Identity,
    times_s: Float64,
    values: Float32,
    blinks: Float64 | None = None,
    note: str = "",
) -> None:
    """Write motion as an animated mesh.

    Args:
        path: The file.
        space: The motion space.
        identity: Neutral shape, and usual place of the head.
        times_s: Times in seconds, ascending, shape (F,).
        values: Standardised motion, shape (F, D); rows of NaN (no face) get no key.
        blinks: How far the eyes are shut, 0 to 1, shape (F,), if that is not in the motion.
        note: Kept in the file: where the motion comes from.
    """
    seen = np.isfinite(values).all(axis=1)
    values, times = values[seen], (times_s[seen] - times_s[0]).astype(np.float32)
    dims = space.groups["head"].start
    units = np.zeros((dims + 1, space.dims), np.float32)
    units[1:, :dims] = np.eye(dims)
    shapes = space.decode_shape(units, identity)[:, :SURFACE]
    neutral, targets, names = shapes[0], list(shapes[1:] - shapes[0]), list(space.names[:dims])
    weights = values[:, :dims]
    if blinks is not None:
        targets.append(closed_landmarks(neutral, (1.0, 1.0)) - neutral)
        names.append(BLINK)
        weights = np.concatenate([weights, blinks[seen, None].astype(np.float32)], axis=1)
    pose = space.decode_pose(values, identity)
    turned = AXES[:, None] * pose.rotation * AXES
    moved = (pose.translation - identity.centre_px) / identity.scale_px
    _write(path, note, names, _placed(neutral), [_placed(one) for one in targets],
           times, weights, np.roll(quaternions(turned), -1, axis=1), _placed(moved))  # fmt: skip


def surface() -> NDArray[np.uint16]:
    """Return the triangles of the face with its mouth and eyes open, shape (N, 3)."""
    holes = [set(points) for points in (INNER_LIPS, LEFT_EYE, RIGHT_EYE)]
    triangles = load_canonical_face().triangles
    kept = [row for row in triangles if not any(set(row.tolist()) <= hole for hole in holes)]
    # The picture's y and z are turned round, which is a rotation: the winding stays.
    return np.array(kept, np.uint16)


@dataclass
class _Buffers:
    """The binary part as it grows, and what describes it."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, int]] = field(default_factory=list)
    accessors: list[dict[str, object]] = field(default_factory=list)

    def add(self, values: NDArray[Any], kind: str, target: int | None = None) -> int:
        """Append an array, and return its accessor's number."""
        number = _INDEX if values.dtype == np.uint16 else _FLOAT
        flat = np.ascontiguousarray(values if number == _INDEX else values.astype("<f4"))
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": flat.nbytes}
        self.views.append(view if target is None else view | {"target": target})
        self.data += flat.tobytes() + b"\0" * (-flat.nbytes % 4)
        accessor: dict[str, object] = {"bufferView": len(self.views) - 1, "componentType": number}
        accessor |= {"count": flat.size // _SIZES[kind], "type": kind}
        if kind != "VEC4":
            rows = flat.reshape(-1, _SIZES[kind])
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


_SIZES = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def _write(
    path: Path,
    note: str,
    names: list[str],
    neutral: Float32,
    targets: list[Float32],
    *animated: NDArray[Any],
) -> None:
    buffers = _Buffers()
    indices = buffers.add(surface().reshape(-1), "SCALAR", _INDICES)
    positions = buffers.add(neutral, "VEC3", _VERTICES)
    morphs = [{"POSITION": buffers.add(one, "VEC3", _VERTICES)} for one in targets]
    times, *keys = (
        buffers.add(one, kind)
        for one, kind in zip(animated, ("SCALAR", "SCALAR", "VEC4", "VEC3"), strict=True)
    )
    paths = ("weights", "rotation", "translation")
    described = {
        "asset": {"version": "2.0", "generator": "facedit", "extras": {"comment": note}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "head", "mesh": 0}],
        "meshes": [{
            "name": "face",
            "primitives": [{
                "attributes": {"POSITION": positions}, "indices": indices, "targets": morphs,
                "material": 0,
            }],
            "weights": [0.0] * len(names),
            "extras": {"targetNames": names},
        }],
        "materials": [{
            "name": "skin", "doubleSided": True,
            "pbrMetallicRoughness": {
                "baseColorFactor": [0.8, 0.6, 0.5, 1.0], "metallicFactor": 0.0,
            },
        }],
        "animations": [{
            "name": "speech",
            "samplers": [{"input": times, "output": key} for key in keys],
            "channels": [
                {"sampler": number, "target": {"node": 0, "path": way}}
                for number, way in enumerate(paths)
            ],
        }],
        "buffers": [{"byteLength": len(buffers.data)}],
        "bufferViews": buffers.views,
        "accessors": buffers.accessors,
    }  # fmt: skip
    text = json.dumps(described, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    size = 12 + 8 + len(text) + 8 + len(buffers.data)
    with path.open("wb") as file:
        file.write(struct.pack("<III", _MAGIC, 2, size))
        for kind, part in ((_JSON, text), (_BIN, bytes(buffers.data))):
            file.write(struct.pack("<II", len(part), kind) + part)


def _placed(points: NDArray[Any]) -> Float32:
    """Bring points or offsets in canonical units to glTF's axes and metres."""
    return np.asarray(points * AXES * EYE_CORNERS_M, np.float32)
