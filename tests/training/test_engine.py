"""The loop that all trainings share, with a line that is fitted to points."""

import json
import logging
import os
import signal
import tomllib
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from facedit.cli.main import main
from facedit.device import cpu_threads
from facedit.errors import OutputExists, UsageError
from facedit.fields import build
from facedit.training.engine import Trainer, TrainingTask, Validation, seeded, train
from facedit.training.experiment import (
    SHIPPED,
    Experiment,
    OptimConfig,
    RunConfig,
    read_experiment,
)
from facedit.training.logs import RunLog, mean_of
from facedit.training.start import read_config
from facedit.training.state import STATE

CPU = torch.device("cpu")
PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


@dataclass
class Line(TrainingTask):
    """Fits w x to 2 x; points and dropout are chance, and a count stands for a critic."""

    net: torch.nn.Module
    optim: OptimConfig
    stop_at: int = -1
    die_at: int = -1
    broken: bool = False

    def __post_init__(self):
        self.count = torch.nn.Linear(1, 1)
        torch.nn.init.zeros_(self.count.weight)
        self.seen = []

    def backward(self, step, generator):
        assert self.net.training  # after a validation too
        if step == self.die_at:
            raise RuntimeError("the machine is gone")
        if step == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        x = torch.randn(8, 1, generator=generator)
        loss = (torch.nn.functional.dropout(self.net(x) - 2 * x, 0.2) ** 2).mean()
        if self.broken:
            loss = loss * float("nan")
        loss.backward()
        with torch.no_grad():
            self.count.weight += 1
        return {"loss": float(loss.detach()), "rare": float(step) if step % 2 else float("nan")}

    def more_state(self):
        return {"count": self.count}

    def blank(self):
        return torch.nn.Linear(1, 1)

    def validate(self, net):
        self.seen.append(float(net.weight.detach()))
        return Validation({"weight": self.seen[-1]}, {"shown": PICTURE})

    def save(self, net, path, step):
        save_file({"weight": net.weight.contiguous()}, path, {"steps": str(step)})


def line(optim, **changes):
    torch.manual_seed(0)
    return Line(torch.nn.Linear(1, 1), optim, **changes)


def experiment(folder, **run):
    settings = RunConfig(str(folder), seed=5, log_every=2, save_every=3, validate_every=4)
    optim = OptimConfig(steps=10, lr=0.1, warmup=2, ema=0.5, clip=100.0)
    return Experiment(replace(settings, **run), optim)


def run(config, *, resume=False, **changes):
    tasks = []

    def make(config, processes):
        tasks.append(line(config.optim, **changes))
        return tasks[0]

    return train(config, make, resume=resume, device=CPU), tasks[0]


def rows(path):
    return [line.split(",") for line in path.read_text().splitlines()]


def test_a_run_that_stops_goes_on_to_the_same_end(tmp_path):
    whole, task = run(experiment(tmp_path / "whole"))
    stopped, _ = run(experiment(tmp_path / "broken"), stop_at=4)
    assert (stopped.steps, stopped.wanted) == (5, 10)
    assert "5 steps of 10 (go on with --resume)" in str(stopped)
    with pytest.raises(OutputExists):
        run(experiment(tmp_path / "broken"))
    resumed, _ = run(experiment(tmp_path / "broken"), resume=True)
    assert resumed.steps == whole.steps == 10
    ours, theirs = (load_file(tmp_path / name / STATE) for name in ("whole", "broken"))
    assert {name.split(".")[0] for name in ours} == {"net", "ema", "optimiser", "count"}
    assert float(ours["count.weight"]) == 10
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert torch.equal(load_file(whole.weights)["weight"], ours["ema.weight"])
    assert resumed.figures == whole.figures == {"weight": pytest.approx(task.seen[-1])}


def test_a_run_that_dies_goes_on_from_what_was_saved_last(tmp_path):
    """And leaves the process as many threads as it had."""
    run(experiment(tmp_path / "whole"))
    with cpu_threads(2):
        with pytest.raises(RuntimeError):
            run(experiment(tmp_path / "broken"), die_at=7)
        assert torch.get_num_threads() == 2
    with safe_open(tmp_path / "broken" / STATE, "pt") as file:
        assert file.metadata()["step"] == "6"
    assert run(experiment(tmp_path / "broken"), resume=True)[0].steps == 10
    ours, theirs = (load_file(tmp_path / name / STATE) for name in ("whole", "broken"))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_logs_validation_and_weights_come_when_they_are_due(tmp_path):
    done, task = run(experiment(tmp_path / "run", log_every=4))
    train_rows, found = (rows(tmp_path / "run" / f"{n}.csv") for n in ("train", "validation"))
    assert train_rows[0] == ["step", "loss", "rare", "grad_norm", "lr", "steps_per_s"]
    assert [row[0] for row in train_rows[1:]] == ["4", "8", "10"]
    assert [row[2] for row in train_rows[1:]] == ["2", "6", "9"]  # without the NaN
    assert [row[0] for row in found[1:]] == ["4", "8", "10"]
    assert [float(row[1]) for row in found[1:]] == pytest.approx(task.seen, rel=1e-5)
    assert "weight" in str(done)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["optim"]["steps"] == 10
    shown = cv2.imread(str(tmp_path / "run" / "shown.png"))[..., ::-1]
    assert np.array_equal(shown, PICTURE)


def test_curves_and_pictures_are_there_for_tensorboard(tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run(experiment(tmp_path / "run"))
    events = reader.EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    losses = [float(row[1]) for row in rows(tmp_path / "run" / "train.csv")[1:]]
    assert [event.step for event in events.Scalars("train/loss")] == [2, 4, 6, 8, 10]
    assert [event.value for event in events.Scalars("train/loss")] == pytest.approx(losses, 1e-5)
    assert [event.step for event in events.Images("shown")] == [4, 8, 10]


def test_without_tensorboard_the_tables_are_written(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    done, _ = run(experiment(tmp_path / "run"))
    assert done.steps == 10
    assert not (tmp_path / "run" / "tensorboard").exists()
    assert len(rows(tmp_path / "run" / "train.csv")) == 6


def test_a_run_that_diverges_says_so(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        run(experiment(tmp_path / "run"), broken=True)
    assert "step 2: no finite gradient" in caplog.text


def test_a_step_follows_the_rate_and_cuts_the_gradient():
    optim = OptimConfig(steps=10, lr=0.1, warmup=2, clip=1e-3, weight_decay=0.0)
    trainer = Trainer(line(optim), 5)
    before = trainer.task.net.weight.detach().clone()
    figures = trainer.step(0)
    assert figures["lr"] == pytest.approx(0.05)
    assert figures["grad_norm"] > 1e-3  # as it was before it was cut
    assert float(trainer.task.net.weight.grad.norm()) <= 1.001e-3
    # Adam's first step is of the rate's size; the average follows nine tenths of the way.
    moved = float((trainer.task.net.weight.detach() - before).abs())
    assert moved == pytest.approx(0.05, rel=1e-3)
    averaged = trainer.averaged()
    assert float((averaged.weight - before).abs()) == pytest.approx(0.9 * moved, rel=1e-3)
    assert not averaged.training
    assert not averaged.weight.requires_grad


def test_matrices_decay_and_nothing_else():
    groups = line(OptimConfig(steps=1, weight_decay=0.25)).optimiser().param_groups
    found = {p.ndim: group["weight_decay"] for group in groups for p in group["params"]}
    assert found == {2: 0.25, 1: 0.0}


def test_chance_is_that_of_seed_and_step_and_is_put_back():
    def drawn(seed, step):
        with seeded(seed, step) as generator:
            return torch.rand(3), torch.rand(3, generator=generator)

    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = drawn(1, 2)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first[0], first[1])
    assert torch.equal(drawn(1, 2)[0], first[0])
    assert not torch.equal(drawn(1, 3)[0], first[0])
    assert not torch.equal(drawn(2, 2)[0], first[0])


def test_a_table_with_other_columns_is_begun_beside_the_old_one(tmp_path):
    log = RunLog(tmp_path)
    log.write("train", 5, {"a": 1.0})
    log.write("train", 10, {"a": 2.0, "b": float("nan")})
    log.close()
    assert rows(tmp_path / "train.csv") == [["step", "a"], ["5", "1"]]
    assert rows(tmp_path / "train.10.csv") == [["step", "a", "b"], ["10", "2", "nan"]]
    assert np.isnan(mean_of([{"a": float("nan")}])["a"])


def test_fields_typed_beside_a_file_win(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('[run]\noutput = "runs/a"\nseed = 1\n[optim]\nsteps = 5\n')
    changes = ["optim.steps=7", "run.output=runs/b", "optim.lr = 1e-4"]
    config = build(Experiment, read_experiment(path, changes), str(path))
    assert config == Experiment(RunConfig("runs/b", seed=1), OptimConfig(steps=7, lr=1e-4))
    assert read_experiment(path, ["run.output="])["run"]["output"] == ""
    for change in ("optim.steps", "=7"):
        with pytest.raises(UsageError, match="changes no field"):
            read_experiment(path, [change])
    with pytest.raises(UsageError, match=r"unknown step \(did you mean steps\?\)"):
        build(Experiment, read_experiment(path, ["optim.step=7"]), str(path))


def test_every_shipped_configuration_is_named_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = "".join(capsys.readouterr().out.split())  # a name may be broken at its hyphen
    assert all(file.stem in said for file in SHIPPED.glob("*.toml"))


def test_fields_are_changed_on_the_command_line(tmp_path, capsys):
    path = tmp_path / "a.toml"
    path.write_text('[run]\noutput = "a"\n[data]\nfolder = "b"\n[optim]\nsteps = 5\n')
    assert main(["train", str(path), "--set", "optim.step=7"]) != 0
    assert "unknown step (did you mean steps?)" in capsys.readouterr().err


def test_the_paper_s_configuration_says_of_each_field_whose_it_is():
    file = SHIPPED / "paper-exact.toml"
    for line in file.read_text().splitlines():
        field, _, mark = line.partition("  # ")
        assert " = " not in field or line.startswith("#") or "ours" in mark or "published" in mark
    config = read_config(file)
    assert config.model["preset"] == "paper"
    said = tomllib.loads(file.read_text())
    for part in ("masks", "optim"):
        left = {field.name for field in fields(getattr(config, part))} - said[part].keys()
        assert left <= {"sync", "sync_from"}, left  # terms of ours that are off


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.toml")))
def test_a_configuration_is_printed_with_all_its_fields(name, capsys):
    assert main(["train", name, "--print-config", "--set", "run.seed=77"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["run"]["seed"] == 77
    assert printed["optim"]["clip"] == 1.0  # stands in no file
    assert printed["data"]
    assert main(["train", name, "--print-config", "--json"]) == 0
    steps = printed["optim"]["steps"]
    assert json.loads(capsys.readouterr().out)["summary"].startswith(f"{steps} steps into runs/")
