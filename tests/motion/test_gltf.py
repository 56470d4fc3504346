"""The animated mesh, read back by the format's own rules."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedit.face.regions import INNER_LIPS, LOWER_LIDS, UPPER_LIDS
from facedit.motion.gltf import EYE_CORNERS_M, surface, write_glb
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace

FRAMES = 9
TIMES = 4 + np.arange(FRAMES) / 25


class Scene:
    """What a viewer reads of a file."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        magic, version, size = struct.unpack_from("<4sII", data)
        assert (magic, version, size) == (b"glTF", 2, len(data))
        length, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        assert length % 4 == 0
        self.described: dict[str, Any] = json.loads(data[20 : 20 + length])
        rest, kind = struct.unpack_from("<I4s", data, 20 + length)
        assert kind == b"BIN\0"
        self.binary = data[28 + length :]
        assert rest == len(self.binary) == self.described["buffers"][0]["byteLength"]
        (self.primitive,) = self.described["meshes"][0]["primitives"]
        (self.animation,) = self.described["animations"]

    def array(self, number: int) -> np.ndarray:
        accessor = self.described["accessors"][number]
        view = self.described["bufferViews"][accessor["bufferView"]]
        kind = {5126: "<f4", 5123: "<u2"}[accessor["componentType"]]
        part = self.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        rows = np.frombuffer(part, kind).reshape(accessor["count"], -1)
        if "min" in accessor:
            np.testing.assert_array_equal(rows.min(axis=0), np.array(accessor["min"], kind))
        return rows

    def keys(self, path: str) -> np.ndarray:
        (channel,) = (c for c in self.animation["channels"] if c["target"]["path"] == path)
        return self.array(self.animation["samplers"][channel["sampler"]]["output"])


@pytest.fixture(scope="module")
def motion(space: MeshSpace) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((FRAMES, space.dims)).astype(np.float32)


@pytest.fixture(scope="module")
def identity(space: MeshSpace) -> Identity:
    return Identity(
        space.canonical, 150.0, np.array([300.0, 200.0, 0.0]), np.array([0.1, 0.2, 0.0])
    )


@pytest.fixture(scope="module")
def scene(space: MeshSpace, identity: Identity, motion: np.ndarray, tmp_path_factory) -> Scene:
    path = tmp_path_factory.mktemp("gltf") / "face.glb"
    blinks = np.linspace(0, 1, FRAMES)
    write_glb(path, space, identity, TIMES, motion, blinks, "made by a test")
    return Scene(path)


def test_what_a_viewer_draws_is_what_the_motion_space_decodes(
    scene: Scene, space: MeshSpace, identity: Identity, motion: np.ndarray
) -> None:
    """Morphs, rotation and place together, vertex by vertex, within a hundredth of a millimetre."""
    neutral = scene.array(scene.primitive["attributes"]["POSITION"])
    targets = np.stack([scene.array(one["POSITION"]) for one in scene.primitive["targets"]])
    weights = scene.keys("weights").reshape(FRAMES, -1)
    weights = np.where(np.array(names_of(scene)) == "blink", 0, weights)
    morphed = neutral + np.tensordot(weights, targets, 1)
    seen = turned(scene.keys("rotation"), morphed) + scene.keys("translation")[:, None]
    true = space.decode(motion, identity)[:, : len(neutral)]
    # In the picture the face is nearer or farther too, which a node does not show: size taken out.
    pose = space.decode_pose(motion, identity)
    near = (true - pose.translation[:, None]) / pose.scale[:, None, None]
    placed = near + ((pose.translation - identity.centre_px) / identity.scale_px)[:, None]
    np.testing.assert_allclose(seen, placed * [1, -1, -1] * EYE_CORNERS_M, atol=1e-5)


def test_times_begin_at_nought_and_the_file_says_what_it_is(scene: Scene) -> None:
    times = scene.array(scene.animation["samplers"][0]["input"])[:, 0]
    np.testing.assert_allclose(times, np.arange(FRAMES) / 25, atol=1e-6)
    assert scene.described["asset"]["extras"]["comment"] == "made by a test"


def test_a_blink_lays_the_upper_lids_on_the_lower_ones(scene: Scene) -> None:
    number = names_of(scene).index("blink")
    neutral = scene.array(scene.primitive["attributes"]["POSITION"])
    shut = neutral + scene.array(scene.primitive["targets"][number]["POSITION"])
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        np.testing.assert_allclose(shut[list(upper)], neutral[list(lower)], atol=1e-7)
    blinks = scene.keys("weights").reshape(FRAMES, -1)[:, number]
    np.testing.assert_allclose(blinks, np.linspace(0, 1, FRAMES), atol=1e-6)


def test_the_mouth_is_a_hole_and_the_skin_faces_the_viewer(scene: Scene) -> None:
    triangles = surface()
    assert len(triangles) == 898 - 18 - 2 * 14
    assert not any(set(row) <= set(INNER_LIPS) for row in triangles.tolist())
    points = scene.array(scene.primitive["attributes"]["POSITION"])[triangles]
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    assert (normals[:, 2] > 0).mean() > 0.9


def test_frames_without_a_face_have_no_key(
    space: MeshSpace, identity: Identity, motion: np.ndarray, tmp_path: Path
) -> None:
    lost = motion.copy()
    lost[3] = np.nan
    write_glb(tmp_path / "face.glb", space, identity, TIMES, lost)
    scene = Scene(tmp_path / "face.glb")
    times = scene.array(scene.animation["samplers"][0]["input"])[:, 0]
    np.testing.assert_allclose(times, np.delete(np.arange(FRAMES), 3) / 25, atol=1e-6)
    assert "blink" not in names_of(scene)
    assert len(scene.keys("rotation")) == FRAMES - 1


def names_of(scene: Scene) -> list[str]:
    names: list[str] = scene.described["meshes"][0]["extras"]["targetNames"]
    return names


def turned(quaternions: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Turn points by quaternions (x, y, z, w), by the formula of the sandwich product."""
    axis, w = quaternions[:, None, :3].astype(float), quaternions[:, None, 3:].astype(float)
    twice = 2 * np.cross(axis, points)
    return points + w * twice + np.cross(axis, twice)


def test_another_reader_opens_it(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> None:
    gltf = pytest.importorskip("pygltflib", reason="a reader by others, where it is installed")
    path = next(tmp_path_factory.getbasetemp().glob("gltf*/face.glb"))
    found = gltf.GLTF2().load(str(path))
    assert len(found.meshes[0].primitives[0].targets) == len(names_of(scene))
    assert found.animations[0].channels[1].target.path == "rotation"
    assert found.binary_blob() == scene.binary
