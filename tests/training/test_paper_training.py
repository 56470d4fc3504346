"""The script that trains the paper's size on another machine, here with a tiny one on the CPU."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from motion_corpus import write_corpus

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "paper_training.py"


@pytest.mark.full
def test_packed_clips_are_trained_on_for_some_time(tmp_path):
    prepared = write_corpus(tmp_path / "prepared", clips=12)
    packed, out = tmp_path / "clips.zip", tmp_path / "out"

    def run(*words):
        subprocess.run([sys.executable, SCRIPT, *map(str, words)], check=True)

    run("pack", prepared, packed)
    for more in ((), ("--resume",)):
        run("run", packed, "--out", out, "--device", "cpu", "--dry", "--minutes", 0.1, *more)
    said = json.loads((out / "training.json").read_text())
    assert said["steps"] > 2
    assert said["frames_per_s"] > 0
    assert cv2.imread(str(out / "loss.png")).shape == (480, 960, 3)
    assert (out / "run" / "model.safetensors").is_file()
