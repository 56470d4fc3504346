"""InsightFace's networks as small ones of the same form, whose answers are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facedit.errors import BadWeights
from facedit.motion.liveportrait.crop import LANDMARKS, SOURCE
from facedit.motion.liveportrait.insightface import InsightFace, box_of_106
from facedit.motion.liveportrait.seen import box_of
from facedit.motion.liveportrait.source_crops import SourceCrops, box_of_203
from facedit.types import Float32, Float64
from golden.seeded import picture
from onnx_files import node, write_onnx

COLOUR = np.array([51, 102, 204])
FRAME = np.full((300, 400, 3), COLOUR, np.uint8)
SCALE = 400 / 512
IN_CROP = np.random.default_rng(0).uniform(-0.6, 0.6, (106, 2))
PLACES = [2 * (512 // stride) ** 2 for stride in (8, 16, 32)]
NETWORK_OF_203 = np.linspace(0.2, 0.8, 406).reshape(203, 2)
"""What the third network sees wherever it looks."""

Face = tuple[int, tuple[int, int], float, tuple[float, float, float, float]]
"""Stride, column and row of a place, score, and how far the sides are in strides."""

OURS: Face = (16, (16, 12), 0.8, (4, 5, 5, 6))
FACES: list[Face] = [
    (32, (3, 9), 0.99, (2, 2, 2, 2)),  # a surer one, elsewhere
    (16, (16, 13), 0.6, (4, 6, 5, 5)),  # nearer to our mesh, of the same face as the next
    OURS,
    (8, (31, 25), 0.1, (8, 8, 8, 8)),  # too unsure
]


def detector_file(folder: Path, faces: list[Face], *, side: int = 512) -> Path:
    """Nine outputs; sides move to the left by the blue of what is seen, in strides."""
    constants: dict[str, Any] = {"blue": np.array([[0.0], [0.0], [1.0]]), "left": [[1, 0, 0, 0]]}
    values: dict[str, np.ndarray] = {}
    for count, stride in zip(PLACES, (8, 16, 32), strict=True):
        values[f"score{stride}"] = np.zeros((count, 1))
        values[f"sides{stride}"] = np.zeros((count, 4))
        values[f"points{stride}"] = np.zeros((count, 10))
    for stride, (column, row), score, sides in faces:
        at = 2 * (row * (512 // stride) + column)
        values[f"score{stride}"][at] = score
        values[f"sides{stride}"][at] = sides
    nodes = [
        node("GlobalAveragePool", ["input.1"], "pooled"),
        node("Flatten", ["pooled"], "colour"),
        node("MatMul", ["colour", "blue"], "much"),
        node("MatMul", ["much", "left"], "moved"),
        node("Sub", ["much", "much"], "none"),
    ]
    outputs = [f"{kind}{stride}" for kind in ("score", "sides", "points") for stride in (8, 16, 32)]
    for name in outputs:
        constants[f"of {name}"] = values[name]
        added = "moved" if name.startswith("sides") else "none"
        nodes.append(node("Add", [f"of {name}", added], name))
    return write_onnx(
        folder / "det_10g.onnx", nodes,
        {name: np.asarray(one, float) for name, one in constants.items()},
        {"input.1": (1, 3, side, side)}, {name: values[name].shape for name in outputs},
    )  # fmt: skip


def points_file(folder: Path, *, points: int = 106, side: int = 192) -> Path:
    """Points of a crop, moved to the right by a thousandth of its red."""
    shifts = np.zeros((3, 2 * points))
    shifts[0, 0::2] = 0.001
    nodes = [
        node("GlobalAveragePool", ["data"], "pooled"),
        node("Flatten", ["pooled"], "colour"),
        node("MatMul", ["colour", "shifts"], "moved"),
        node("Add", ["moved", "points"], "fc1"),
    ]
    constants = {"shifts": shifts, "points": IN_CROP[:points].reshape(1, -1)}
    path = folder / "2d106det.onnx"
    return write_onnx(
        path, nodes, constants, {"data": (1, 3, side, side)}, {"fc1": (1, 2 * points)}
    )


def landmark_file(folder: Path) -> Path:
    nodes = [
        node("GlobalAveragePool", ["data"], "pooled"),
        node("Flatten", ["pooled"], "colour"),
        node("MatMul", ["colour", "none"], "moved"),
        node("Add", ["moved", "points"], "found"),
    ]
    constants = {"none": np.zeros((3, 406)), "points": NETWORK_OF_203.reshape(1, -1)}
    shapes = {"colour": (1, 3), "moved": (1, 406), "found": (1, 406)}
    path = folder / "landmark.onnx"
    return write_onnx(path, nodes, constants, {"data": (1, 3, 224, 224)}, shapes)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    detector_file(tmp_path, FACES)
    points_file(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def face(neutral: Float64) -> Float32:
    return (neutral * 60 + [200, 150, 0]).astype(np.float32)


def expected_points() -> Float64:
    """Of ``OURS``: below the picture, 400 wide and 300 high, 128 rows of 512 are black."""
    blue = 0.75 * (COLOUR[2] - 127.5) / 128 - 0.25 * 127.5 / 128
    stride, place, _, sides = OURS
    at = np.array(place) * stride
    low = (at - np.array([sides[0] + blue, sides[1]]) * stride) * SCALE
    high = (at + np.array(sides[2:]) * stride) * SCALE
    side = 1.5 * (high - low).max()
    inside = IN_CROP + np.array([0.001 * COLOUR[0], 0])
    return (low + high) / 2 + inside * side / 2


def test_the_points_are_of_the_face_that_our_mesh_lies_on(models: Path, face: Float32) -> None:
    faces = InsightFace.found()
    assert faces is not None
    assert len(faces.boxes(FRAME)) == 2
    found = faces.points(FRAME, face)
    assert found is not None
    np.testing.assert_allclose(found, expected_points(), atol=0.05)
    assert faces.points(FRAME, face + np.float32([600, 0, 0])) is None


def test_points_make_a_crop_as_there() -> None:
    """Eyes and lips are those of the official set; the box holds all points."""
    points = np.random.default_rng(1).uniform(0, 100, (106, 2))
    eyes = points[[33, 35, 40, 39]].mean(0), points[[87, 89, 94, 93]].mean(0)
    down = points[[52, 61]].mean(0) - sum(eyes) / 2
    box = box_of_106(points, SOURCE)
    assert np.tan(box.angle) == pytest.approx(-down[0] / down[1])
    turned = points @ np.stack([[down[1], -down[0]], down]).T / np.linalg.norm(down)
    assert box.side == pytest.approx(2.3 * np.ptp(turned, axis=0).max())


def test_pictures_are_cut_by_them_and_frames_by_the_203_begun_there(
    models: Path, face: Float32
) -> None:
    points = expected_points()
    by_106 = box_of_106(points, SOURCE)
    alone = SourceCrops.found()
    for still in (True, False):
        assert alone.box(FRAME, face, still=still).side == pytest.approx(by_106.side, rel=1e-3)
    landmark_file(models)
    both = SourceCrops.found()
    assert both.box(FRAME, face, still=True).side == pytest.approx(by_106.side, rel=1e-3)
    back = np.linalg.inv(box_of_106(points, LANDMARKS).matrix(224))
    by_203 = box_of_203(224 * NETWORK_OF_203 @ back[:2, :2].T + back[:2, 2])
    frame = both.box(FRAME, face)
    assert frame.side == pytest.approx(by_203.side, rel=1e-3)
    np.testing.assert_allclose(frame.centre, by_203.centre, atol=0.1)
    assert abs(by_203.side - by_106.side) > 5


@pytest.mark.parametrize("without", ["det_10g.onnx", "2d106det.onnx", "a face"])
def test_without_them_the_mesh_stands_in(without: str, models: Path, face: Float32) -> None:
    if without == "a face":
        detector_file(models, FACES[:1])
    else:
        (models / without).unlink()
    assert SourceCrops.found().box(FRAME, face, still=True).side == box_of(face).side


def test_boxes_that_are_none_are_not_taken(models: Path, face: Float32) -> None:
    detector_file(
        models, [(16, (16, 12), 0.9, (-4, -5, -5, -6)), (8, (30, 25), 0.9, (np.nan,) * 4)]
    )
    faces = InsightFace.found()
    assert faces is not None
    assert faces.points(FRAME, face) is None


@pytest.mark.parametrize("fault", ["cut", "text", "other", "fewer points", "another size"])
def test_another_network_is_one_line(fault: str, models: Path, face: Float32) -> None:
    if fault == "other":
        points_file(models).rename(models / "det_10g.onnx")
        points_file(models)
    elif fault == "fewer points":
        points_file(models, points=68)
    elif fault == "another size":
        detector_file(models, FACES, side=640)
    else:
        path = models / "det_10g.onnx"
        path.write_bytes(path.read_bytes()[:2000] if fault == "cut" else b"no network")
    with pytest.raises(BadWeights, match=r"(det_10g|2d106det)\.onnx") as error:
        SourceCrops.found().box(picture(300, 400, 5), face)
    assert "\n" not in str(error.value)
