"""The CSV that game engines read, against angles and weights that are known."""

import csv
from pathlib import Path

import numpy as np
import pytest

from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.motion.live_link import ANGLES, EYE_TURN_DEG, WEIGHTS, timecode, write_live_link

TIMES = np.arange(60) / 25


def written(path: Path, weights: np.ndarray, angles: np.ndarray) -> list[dict[str, str]]:
    write_live_link(path, TIMES[: len(weights)], weights, angles)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_has_61_values_and_every_weight_but_the_tongue_is_the_networks(tmp_path) -> None:
    weights = np.linspace(0.1, 0.9, 52)[None].repeat(2, axis=0)
    rows = written(tmp_path / "a.csv", weights, np.zeros((2, 3)))
    assert list(rows[0]) == ["Timecode", "BlendShapeCount", *WEIGHTS, *ANGLES]
    assert rows[0]["BlendShapeCount"] == "61" == str(len(WEIGHTS) + len(ANGLES))
    for number, name in enumerate(BLENDSHAPE_NAMES[1:], 1):
        pascal = name[0].upper() + name[1:]
        assert float(rows[1][pascal]) == pytest.approx(weights[1, number])
    assert float(rows[0]["TongueOut"]) == 0


def test_angles_turn_as_arkits_axes_do(tmp_path) -> None:
    """Yaw to the picture's right stays, up becomes down, clockwise becomes the other way."""
    rows = written(tmp_path / "a.csv", np.zeros((1, 52)), np.array([[30.0, 10.0, -5.0]]))
    found = [float(rows[0][f"Head{name}"]) for name in ("Yaw", "Pitch", "Roll")]
    assert found == pytest.approx(np.radians([30, -10, 5]))


def test_both_eyes_look_to_the_persons_left_by_the_same_sign(tmp_path) -> None:
    weights = np.zeros((1, 52))
    for name in ("eyeLookOutLeft", "eyeLookInRight"):
        weights[0, BLENDSHAPE_NAMES.index(name)] = 0.5
    (row,) = written(tmp_path / "a.csv", weights, np.zeros((1, 3)))
    half = np.radians(EYE_TURN_DEG / 2)
    assert [float(row[f"{side}EyeYaw"]) for side in ("Left", "Right")] == pytest.approx([half] * 2)


def test_a_lost_face_is_bridged_and_no_field_is_empty(tmp_path) -> None:
    weights = np.tile(np.linspace(0, 1, 5)[:, None], (1, 52))
    weights[2] = np.nan
    angles = np.zeros((5, 3))
    angles[2] = np.nan
    rows = written(tmp_path / "a.csv", weights, angles)
    assert float(rows[2]["JawOpen"]) == pytest.approx(0.5)
    assert all(field for row in rows for field in row.values())


def test_timecodes_count_frames_within_seconds(tmp_path) -> None:
    rows = written(tmp_path / "a.csv", np.zeros((60, 52)), np.zeros((60, 3)))
    assert [rows[k]["Timecode"] for k in (0, 24, 25, 59)] == [
        "00:00:00:00.000", "00:00:00:24.000", "00:00:01:00.000", "00:00:02:09.000",
    ]  # fmt: skip
    assert timecode(3661.22, 25.0) == "01:01:01:05.500"
    assert timecode(1001 / 30, 30000 / 1001) == "00:00:33:10.000"
