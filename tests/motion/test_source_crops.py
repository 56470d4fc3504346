"""The official network of 203 points, as a small one of the same form whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedit.errors import BadWeights
from facedit.motion.liveportrait.crop import LANDMARKS
from facedit.motion.liveportrait.seen import box_of
from facedit.motion.liveportrait.source_crops import SourceCrops, box_of_203
from facedit.types import Float32, Float64
from golden.seeded import picture
from liveportrait_golden import GOLDEN
from onnx_files import node, write_onnx

FRAME = np.full((300, 400, 3), (51, 102, 204), np.uint8)
IN_CROP = np.random.default_rng(0).uniform(0.25, 0.75, (203, 2))
SHIFTS = np.zeros((3, 406))
SHIFTS[2, 0::2] = 0.1  # by blue: the order of the colours and their scale are seen in the points


def landmark_file(folder: Path, *, points: int = 203, side: int = 224) -> Path:
    """Three outputs; the third are points over the crop's side, moved by the crop's colours."""
    constants = {"shifts": SHIFTS[:, : 2 * points], "points": IN_CROP[:points].reshape(1, -1)}
    nodes = [
        node("GlobalAveragePool", ["data"], "pooled"),
        node("Flatten", ["pooled"], "colour"),
        node("MatMul", ["colour", "shifts"], "moved"),
        node("Add", ["moved", "points"], "found"),
    ]
    shapes = {"colour": (1, 3), "moved": (1, 2 * points), "found": (1, 2 * points)}
    return write_onnx(
        folder / "landmark.onnx", nodes, constants, {"data": (1, 3, side, side)}, shapes
    )


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def face(neutral: Float64) -> Float32:
    return (neutral * 60 + [200, 150, 0]).astype(np.float32)


def test_the_crop_is_that_of_the_points_found(models: Path, face: Float32) -> None:
    folder = models / "liveportrait"
    folder.mkdir()
    landmark_file(folder)
    found = SourceCrops.found().box(FRAME, face)
    blue = 204 / 255

    def placed(matrix: Float64) -> Float64:
        """Where the small network sees the points, when it looks at a crop all in the picture."""
        back = np.linalg.inv(matrix)
        at = 224 * (IN_CROP + np.array([0.1 * blue, 0]))
        return at @ back[:2, :2].T + back[:2, 2]

    first = placed(box_of(face, LANDMARKS).matrix(224))
    second = placed(box_of_203(first, LANDMARKS).matrix(224))
    wanted = box_of_203(second)
    np.testing.assert_allclose(found.centre, wanted.centre, atol=0.2)
    assert found.side == pytest.approx(wanted.side, rel=1e-3)
    assert abs(found.side - box_of(face).side) > 5


def test_without_the_network_the_mesh_stands_in(models: Path, face: Float32) -> None:
    crops = SourceCrops.found()
    one, other = crops.box(FRAME, face), box_of(face)
    np.testing.assert_array_equal(one.centre, other.centre)
    assert one.side == other.side


def test_the_points_crop_as_there() -> None:
    geometry = np.load(GOLDEN / "geometry.npz")
    for frame in range(3):
        points = geometry["landmarks"][frame].astype(np.float64)
        wanted = geometry[f"source/{frame}/M_o2c"]
        assert np.abs(box_of_203(points).matrix(512) - wanted).max() < 0.01


@pytest.mark.parametrize("fault", ["cut", "text", "fewer points", "another size"])
def test_another_network_is_one_line(fault: str, models: Path, face: Float32) -> None:
    if fault == "fewer points":
        landmark_file(models, points=106)
    elif fault == "another size":
        landmark_file(models, side=192)
    else:
        path = landmark_file(models)
        path.write_bytes(path.read_bytes()[:200] if fault == "cut" else b"no network")
    with pytest.raises(BadWeights, match=r"landmark\.onnx") as error:
        SourceCrops.found().box(picture(300, 400, 5), face)
    assert "\n" not in str(error.value)
