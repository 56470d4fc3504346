"""Motion templates of LivePortrait's tool: round trips, official forms, hostile pickles."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from facedit.cli.main import main
from facedit.errors import BadMedia, NoFace
from facedit.motion.liveportrait.kalman import smoothed
from facedit.motion.liveportrait.keypoints import KEYPOINTS, nearest_rotation
from facedit.motion.liveportrait.motion_template import (
    MotionTemplate,
    read_template,
    write_template,
)
from facedit.motion.liveportrait.seen import READING, ROW, Reading
from facedit.types import Float32
from liveportrait_golden import GOLDEN

RNG = np.random.default_rng(5)


def some(*shape: int) -> Float32:
    return RNG.standard_normal(shape).astype(np.float32)


TEMPLATE = MotionTemplate(29.97, some(4, KEYPOINTS, 3), some(4, 3, 3), some(4, 3), some(4, 1))


def official(rotation: str = "R", **more: object) -> dict[str, object]:
    """As the official tool pickles it."""
    motion = [
        {
            "scale": TEMPLATE.scale[k : k + 1],
            rotation: TEMPLATE.rotation[k : k + 1],
            "exp": TEMPLATE.expression[k : k + 1],
            "t": TEMPLATE.translation[k : k + 1],
            **more,
        }
        for k in range(4)
    ]
    lips = [some(1, 1) for _ in range(4)]
    return {"n_frames": 4, "output_fps": 25, "motion": motion, "c_lip_lst": lips}


def same(one: MotionTemplate, other: MotionTemplate) -> None:
    for name, part in one.arrays().items():
        np.testing.assert_array_equal(part, other.arrays()[name])


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("rotation", ["R", "R_d"])
def test_official_forms_are_read(protocol: int, rotation: str, tmp_path: Path) -> None:
    file = tmp_path / "m.pkl"
    data = official(rotation, kp=some(1, KEYPOINTS, 3), x_s=np.float32(3))
    file.write_bytes(pickle.dumps(data, protocol=protocol))
    found = read_template(file)
    same(found, TEMPLATE)
    assert found.frame_rate == 25


def test_what_is_written_has_the_official_form(tmp_path: Path) -> None:
    write_template(tmp_path / "m.pkl", TEMPLATE)
    same(read_template(tmp_path / "m.pkl"), TEMPLATE)
    data = pickle.loads((tmp_path / "m.pkl").read_bytes())
    assert (data["n_frames"], data["output_fps"]) == (4, 29.97)
    shapes = {name: part.shape for name, part in data["motion"][0].items()}
    assert shapes == {"scale": (1, 1), "R": (1, 3, 3), "exp": (1, KEYPOINTS, 3), "t": (1, 3)}
    assert {part.dtype for part in data["motion"][3].values()} == {np.dtype(np.float32)}


class Program:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch was-run",)


@pytest.mark.parametrize(
    "data",
    [
        Program(),
        {"motion": [Program()]},
        {"motion": np.array([Program()], dtype=object)},
        {"motion": []},
        {"motion": [{"scale": np.ones((1, 1))}]},
        official(exp=np.full((1, KEYPOINTS, 3), np.nan, np.float32)),
        official(exp=np.full((1, KEYPOINTS, 3), 1e9, np.float32)),
        official(exp=np.zeros((1, 5, 3), np.float32)),
        official() | {"output_fps": -1},
        ["no", "dict"],
    ],
    ids=range(10),
)
def test_what_is_no_template_is_one_line_and_never_run(
    data: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.pkl").write_bytes(pickle.dumps(data))
    with pytest.raises(BadMedia, match="no motion template") as caught:
        read_template(Path("m.pkl"))
    assert len(str(caught.value).splitlines()) == 1
    assert not Path("was-run").exists()
    assert main(["motion", "m.pkl", "-o", "m.npz"]) != 0
    assert os.listdir() == ["m.pkl"]


@given(st.data())
def test_damage_is_one_line(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = bytearray(pickle.dumps(official()))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("damaged") / "m.pkl"
    file.write_bytes(raw[: data.draw(st.integers(1, len(raw)))])
    try:
        found = read_template(file)
    except BadMedia:
        return
    assert np.isfinite(np.concatenate([part.ravel() for part in found.arrays().values()])).all()


def test_frames_without_a_face_are_as_the_one_before() -> None:
    seen = some(5, ROW)
    seen[:, READING - 1] = 200  # side of the crop, in pixels
    seen[[0, 3]] = np.nan
    found = MotionTemplate.of(seen, 25.0)
    own = Reading.of(seen[[1, 1, 2, 2, 4]])
    np.testing.assert_array_equal(found.expression, own.expression)
    np.testing.assert_array_equal(found.rotation, own.rotation)
    # Places are told in the mean crop: from its centre, in halves of its side.
    known = seen[[1, 2, 4]]
    mean = Reading.of(known.mean(axis=0, keepdims=True))
    wanted = (own.place[:, :2] - mean.centre) * 2 / mean.side
    np.testing.assert_allclose(found.translation[:, :2], wanted, rtol=1e-4)
    with pytest.raises(NoFace):
        MotionTemplate.of(np.full((3, ROW), np.nan, np.float32), 25.0)


def test_a_template_becomes_arrays_on_the_command_line(tmp_path: Path) -> None:
    write_template(tmp_path / "m.pkl", TEMPLATE)
    assert main(["motion", str(tmp_path / "m.pkl"), "-o", str(tmp_path / "m.npz")]) == 0
    with np.load(tmp_path / "m.npz") as stored:
        np.testing.assert_array_equal(stored["exp"], TEMPLATE.expression)
        assert stored["fps"] == pytest.approx(29.97)
    assert main(["motion", str(tmp_path / "m.pkl"), "-o", str(tmp_path / "m.csv")]) != 0


def test_motion_is_smoothed_as_there() -> None:
    geometry = np.load(GOLDEN / "geometry.npz")
    talk = {name: geometry[f"kalman/observed/{name}"] for name in ("exp", "R")}
    for noise in ("3e-07", "1e-05"):
        for name, values in talk.items():
            wanted = geometry[f"kalman/{name}/{noise}"]
            assert np.abs(smoothed(values, float(noise)) - wanted).max() < 1e-7
    assert smoothed(talk["R"][:1]) == pytest.approx(talk["R"][:1])


def test_a_template_is_smoothed_on_request(tmp_path: Path, capsys: Any) -> None:
    rough, file = tmp_path / "rough.pkl", tmp_path / "smooth.pkl"
    turned = nearest_rotation(torch.from_numpy(some(30, 3, 3))).numpy()
    write_template(
        rough,
        MotionTemplate(25, 0.01 * some(30, KEYPOINTS, 3), turned, some(30, 3), some(30, 1)),
    )
    assert main(["motion", str(rough), "-o", str(file), "--smooth", "1e-3"]) == 0
    before, after = read_template(rough), read_template(file)
    assert np.diff(after.expression, axis=0).std() < 0.3 * np.diff(before.expression, axis=0).std()
    np.testing.assert_allclose(
        after.rotation @ after.rotation.swapaxes(1, 2), np.tile(np.eye(3), (30, 1, 1)), atol=1e-5
    )
    np.testing.assert_array_equal(after.translation, before.translation)
    for line, says in (
        (["motion", "talk.mp4", "-o", str(tmp_path / "m.csv"), "--smooth", "1e-5"], "LivePortrait"),
        (["motion", str(rough), "-o", str(tmp_path / "m.npz"), "--smooth", "-1"], "no variance"),
    ):
        assert main(line) == 2
        assert says in capsys.readouterr().err
