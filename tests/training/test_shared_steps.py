"""A step is the same whether one process takes it whole, in parts, or several share it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from motion_corpus import write_config, write_corpus
from safetensors.torch import load_file

from facedit.errors import UsageError
from facedit.training.motion.motion_config import MotionOptimConfig
from facedit.training.motion.part_dropout import part_of, use_part_dropout
from facedit.training.start import start as train
from facedit.training.state import STATE
from standin import plugged_in

STEPS = 6
TOLERANCE = 1e-6
"""Largest difference of a weight after six steps at a rate near 1e-3: rounding alone."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "prepared")


def configured(path, corpus, output, *, accumulate=1, frames=350):
    # Padding, dropout, dropped speech and two lengths: all that a share could get wrong.
    write_config(path, corpus, output, steps=STEPS)
    text = path.read_text().replace("frames_per_step = 200", f"frames_per_step = {frames}")
    path.write_text(text + f"accumulate = {accumulate}\ndrop_speech = 0.3\n")
    return path


def state(folder):
    return load_file(folder / STATE)


def logged(folder):
    """The last row of the log, without the speed."""
    return [float(value) for value in (folder / "train.csv").read_text().split()[-1].split(",")[:5]]


def largest_difference(ours, theirs):
    assert ours.keys() == theirs.keys()
    return max(
        float((ours[name] - theirs[name]).abs().max())
        for name in ours
        if name.startswith(("net.", "ema."))
    )


@pytest.fixture(scope="module")
def one(corpus, tmp_path_factory):
    """What one process makes of it without parts."""
    folder = tmp_path_factory.mktemp("one")
    train(configured(folder / "c.toml", corpus, folder / "run"))
    return folder / "run"


@pytest.mark.parametrize("parts", [3, 12])  # 12: more parts than a pool has windows
def test_a_step_in_parts_is_the_step(corpus, one, tmp_path, parts):
    train(configured(tmp_path / "c.toml", corpus, tmp_path / "run", accumulate=parts))
    assert largest_difference(state(one), state(tmp_path / "run")) < TOLERANCE
    rows = [
        (folder / "train.csv").read_text().splitlines()[-1] for folder in (one, tmp_path / "run")
    ]
    ours, theirs = ([float(value) for value in row.split(",")[:5]] for row in rows)
    assert ours == pytest.approx(theirs, rel=1e-4)


@pytest.mark.full
def test_a_step_in_parts_is_the_step_on_another_device_too(corpus, one, tmp_path):
    with plugged_in() as name:
        config = configured(tmp_path / "c.toml", corpus, tmp_path / "run", accumulate=2)
        train(config, device=name)
    assert largest_difference(state(one), state(tmp_path / "run")) < TOLERANCE


def test_other_seeds_differ_by_far_more_than_the_tolerance(corpus, one, tmp_path):
    path = configured(tmp_path / "c.toml", corpus, tmp_path / "run")
    path.write_text(path.read_text().replace("drop_speech = 0.3", "drop_speech = 0.6"))
    train(path)
    assert largest_difference(state(one), state(tmp_path / "run")) > 20 * TOLERANCE


@pytest.mark.full
def test_two_processes_equal_one_and_resume_exactly(corpus, one, tmp_path):
    whole = configured(tmp_path / "whole.toml", corpus, tmp_path / "whole", accumulate=2)
    broken = configured(tmp_path / "broken.toml", corpus, tmp_path / "broken", accumulate=2)
    script = Path(__file__).with_name("two_processes.py")
    launched = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
            str(script), str(whole), str(broken), "4",
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert launched.returncode == 0, launched.stderr
    # One process speaks: three runs, three answers, the second stopped where rank 1 was told to.
    assert re.findall(r": (\d+) steps( of 6)?", launched.stdout) == [
        ("6", ""), ("4", " of 6"), ("6", ""),
    ]  # fmt: skip
    ours, theirs = state(tmp_path / "whole"), state(tmp_path / "broken")
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert largest_difference(state(one), ours) < TOLERANCE
    rows = (tmp_path / "broken" / "train.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "5", "6"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_of_parts_is_that_of_the_whole(dtype):
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 4, dtype=dtype), torch.nn.Dropout(0.3), torch.nn.Dropout(0.2)
    )
    use_part_dropout(net)
    whole = torch.randn(7, 5, 4).to(dtype)
    torch.manual_seed(1)
    expected = net(whole)
    after = torch.rand(1)
    torch.manual_seed(1)
    shares = [torch.tensor([0, 3, 6]), torch.tensor([1]), torch.tensor([], dtype=torch.int64)]
    for rows in part_of(net, 7, shares):
        assert torch.equal(net(whole[rows]), expected[rows])
    assert torch.equal(torch.rand(1), after)  # all that comes later has the same numbers
    torch.manual_seed(1)
    assert torch.equal(net(whole), expected)  # what is told of a part is forgotten after it
    net.eval()
    for rows in part_of(net, 7, [torch.arange(7)]):
        assert torch.equal(net(whole), net[0](whole)[rows])


def test_only_the_motion_model_is_for_several_processes(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for kind in ("mouth", "sync"):
        with pytest.raises(UsageError, match=f"{kind}: 2 processes can train the motion model"):
            train(Path(kind))


def test_no_part_is_no_step():
    with pytest.raises(UsageError, match="accumulate"):
        MotionOptimConfig(steps=1, accumulate=0)
