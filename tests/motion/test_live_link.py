"""The CSV that game engines read, against angles and weights that are known."""

import csv
from pathlib import Path

import numpy as np
import pytest

from facedit.errors import BadMedia
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.motion.live_link import (
    ANGLES,
    EYE_TURN_DEG,
    HEADER,
    WEIGHTS,
    curves_of,
    read_live_link,
    timecode,
    write_live_link,
    write_take,
)

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


def test_a_take_is_read_as_it_was_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights, angles = rng.uniform(0, 1, (60, 52)), rng.uniform(-40, 40, (60, 3))
    write_live_link(tmp_path / "a.csv", TIMES, weights, angles)
    take = read_live_link(tmp_path / "a.csv")
    assert take.rate == 25
    np.testing.assert_allclose(take.times_s, TIMES, atol=1e-9)
    np.testing.assert_allclose(take.values, curves_of(weights, angles), atol=1e-9)
    rows = [take.row(k, float(take.times_s[k]), {}) for k in range(60)]
    write_take(tmp_path / "b.csv", take, rows)
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


def phone_take(path: Path, stamps: list[str], **fields: str) -> Path:
    """A take as a telephone writes it at 60 frames a second, with a column of a later version."""
    names = [*HEADER, "Extra"]
    usual = dict.fromkeys(names, "0.25") | {"BlendShapeCount": "61"} | fields
    lines = [",".join([stamp, *(usual[name] for name in names[1:])]) for stamp in stamps]
    path.write_text("\n".join([",".join(names), *lines, ""]))
    return path


CLOCK = [f"14:55:{25 + k // 60:02d}:{k % 60:02d}.{k % 3}07" for k in range(7, 150)]


def test_a_take_of_a_telephone_keeps_its_clock_and_what_is_not_known(tmp_path: Path) -> None:
    take = read_live_link(phone_take(tmp_path / "a.csv", CLOCK, Extra="x y"))
    assert take.rate == 60
    assert take.times_s[60] == pytest.approx(1, abs=0.005)
    assert take.row(3, float(take.times_s[3]), {})[0] == CLOCK[3]
    later = take.row(3, float(take.times_s[3]) + 5 / 60, {WEIGHTS.index("JawOpen"): 0.5})
    assert later[0] == "14:55:25:15.107"
    assert later[2 + WEIGHTS.index("JawOpen")] == "0.5000000000"
    assert later[-1] == "x y"
    assert later[3] == "0.25"


@pytest.mark.parametrize(
    ("stamps", "fields", "said"),
    [
        (CLOCK, {"JawOpen": "open"}, "line 2: could not convert"),
        (CLOCK, {"JawOpen": "nan"}, "line 2: .*finite"),
        (["14:55"], {}, "line 2: give HH:MM:SS:FF"),
        (CLOCK[:30], {}, "less than a second"),
        ([CLOCK[80], *CLOCK], {}, "row 2 is not behind"),
        ([], {}, "less than a second"),
        (["00:00:00:966.000"], {}, "count 967 frames a second"),
    ],
)
def test_what_is_no_take_is_refused_in_a_line(
    tmp_path: Path, stamps: list[str], fields: dict[str, str], said: str
) -> None:
    with pytest.raises(BadMedia, match=said):
        read_live_link(phone_take(tmp_path / "a.csv", stamps, **fields))


def test_a_take_without_tongue_and_angles_is_one(tmp_path: Path) -> None:
    path = phone_take(tmp_path / "a.csv", CLOCK)
    lines = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join(one[: 2 + WEIGHTS.index("TongueOut")]) for one in lines))
    take = read_live_link(path)
    assert not take.values[:, WEIGHTS.index("TongueOut") :].any()
    assert take.row(0, 0.0, dict.fromkeys(range(61), 0.0))[2:] == ("0.0000000000",) * 51


def test_another_table_is_no_take(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Timecode,JawOpen\n00:00:00:00.000,1\n")
    with pytest.raises(BadMedia, match="no column EyeBlinkLeft"):
        read_live_link(tmp_path / "a.csv")
