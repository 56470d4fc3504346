"""Speech as motion, without a picture: along the road of ``generate``, by the shipped weights."""

import csv
from pathlib import Path

import numpy as np
import pytest

from facedit import api
from facedit.cli.main import main
from facedit.errors import UsageError
from facedit.media.sound import read_speech_file
from facedit.options import GenerateRequest, Run


def test_nobody_speaks_a_text(tmp_path: Path) -> None:
    output = tmp_path / "curves.csv"
    assert main(["generate", "--text", "mama mama", "-o", str(output), "--no-progress"]) == 0
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    sound = read_speech_file(tmp_path / "curves.wav")
    assert len(rows) == np.ceil(sound.duration_s * 25)
    jaw = np.array([float(row["JawOpen"]) for row in rows])
    assert np.ptp(jaw) > 0.05
    assert main(["generate", str(tmp_path / "curves.wav"), "-o", str(output)]) != 0  # not unasked


def test_a_video_needs_a_face(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="whose face"):
        api.generate(None, tmp_path / "out.mp4", GenerateRequest(text="ten"), run=Run())
    assert not list(tmp_path.iterdir())


def test_takes_of_motion_come_in_the_order_of_any_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedit.compose.takes.motions.best_first", lambda *_: (1, 0))
    request = GenerateRequest(text="mama", voice="default")
    api.generate(None, tmp_path / "ordered.npz", request, run=Run(takes=2))
    api.generate(None, tmp_path / "second.npz", request, run=Run(seed=1))
    first, second = (np.load(tmp_path / f"{name}.npz")["values"] for name in ("ordered", "second"))
    np.testing.assert_array_equal(first, second)
