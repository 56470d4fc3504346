import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedit.errors import OutputExists, UsageError
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.face.landmarker import Landmarker
from facedit.motion.export import MotionTable, motion_table, write_motion
from facedit.motion.mesh_space import MeshSpace
from facedit.types import FaceTrack


@pytest.fixture(scope="module")
def table(make_track: Callable[..., FaceTrack], space: MeshSpace) -> MotionTable:
    track = make_track(frames=12)
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    landmarks[4], confidence[4] = np.nan, 0
    track = replace(track, landmarks=landmarks, confidence=confidence)
    return motion_table(track, space, Landmarker())


def test_csv_is_the_apps_with_the_lost_frame_bridged(table: MotionTable, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    write_motion(path, table)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert float(rows[3]["JawOpen"]) == pytest.approx(table.blendshapes[3, 25], rel=1e-4)
    assert float(rows[3]["HeadYaw"]) == pytest.approx(np.radians(table.angles_deg[3, 0]), rel=1e-4)
    between = (table.blendshapes[3, 25] + table.blendshapes[5, 25]) / 2
    assert float(rows[4]["JawOpen"]) == pytest.approx(between, rel=1e-3)


def test_a_blink_shuts_the_eyes_of_the_table(table: MotionTable, tmp_path: Path) -> None:
    write_motion(tmp_path / "m.csv", replace(table, blinks=np.ones(12)))
    with (tmp_path / "m.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["EyeBlinkLeft"]) == float(row["EyeBlinkRight"]) == 1


def test_npz_has_the_same_numbers_without_pickles(table: MotionTable, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    write_motion(path, table)
    with np.load(path, allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["values"], table.values)
        np.testing.assert_array_equal(stored["landmarks"], table.track.landmarks)
        np.testing.assert_array_equal(stored["blendshapes"], table.blendshapes)
        assert tuple(stored["names"]) == table.space.names
        assert tuple(stored["blendshape_names"]) == BLENDSHAPE_NAMES


def test_nothing_is_overwritten_unasked(table: MotionTable, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("mine")
    with pytest.raises(OutputExists):
        write_motion(path, table)
    assert path.read_text() == "mine"
    write_motion(path, table, force=True)
    assert path.read_text().startswith("Timecode,")
    assert [each.name for each in tmp_path.iterdir()] == ["m.csv"]


def test_other_suffixes_are_refused(table: MotionTable, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"m\.xls"):
        write_motion(tmp_path / "m.xls", table)
    assert list(tmp_path.iterdir()) == []
