"""The loop of every training: steps, logs, validation, and a state from which it goes on exactly.

What is learnt is a task: the motion model, the mouth network and the sync network each bring their
data, their loss and how they are judged. Everything that chance decides is a function of
(seed, step), so a run that stops and goes on ends where an unbroken one does.
"""

from __future__ import annotations

import logging
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from types import FrameType
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from facedit.device import cpu_threads
from facedit.training.distributed import Processes, joined
from facedit.training.experiment import Experiment, OptimConfig
from facedit.training.logs import RunLog, mean_of
from facedit.training.state import Ema, Parts, load_state, run_folder, save_state
from facedit.types import UInt8

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Validation:
    """What a validation found: figures and RGB pictures (H, W, 3) by name."""

    figures: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, UInt8] = field(default_factory=dict)


class TrainingTask(ABC):
    """A network that is learnt; ``weights_name`` is that of its file in the run's folder."""

    net: nn.Module
    optim: OptimConfig
    weights_name = "model.safetensors"

    @abstractmethod
    def backward(self, step: int, generator: torch.Generator) -> dict[str, float]:
        """Add up the gradients of a step, or this process's share of them: the step's figures.

        ``step``, from 0, decides the data; ``generator`` is the CPU's source of chance, torch's own
        is seeded alike. The figures are the same ones at each step; NaN where there is none.
        """

    @abstractmethod
    def blank(self) -> nn.Module:
        """Return a network of the same size, for the averaged weights."""

    @abstractmethod
    def save(self, net: nn.Module, path: Path, step: int) -> None:
        """Write a network with averaged weights for use, whole or not at all."""

    def validate(self, net: nn.Module) -> Validation | None:
        """Judge a network with averaged weights on what is held out; None if nothing is."""
        return None

    def optimiser(self) -> torch.optim.Optimizer:
        """Return AdamW with weight decay on matrices only."""
        parameters = list(self.net.parameters())
        groups = [
            {
                "params": [p for p in parameters if p.ndim >= 2],
                "weight_decay": self.optim.weight_decay,
            },
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.optim.lr, betas=(0.9, 0.98), fused=True)

    def more_state(self) -> Parts:
        """Return what changes in a step beside network, average and optimiser."""
        return {}


class Trainer:
    """Takes steps, alone or as one of several processes that share each step."""

    def __init__(self, task: TrainingTask, seed: int, processes: Processes | None = None) -> None:
        self.task, self._seed = task, seed
        self.processes = processes or Processes("cpu")
        self.processes.broadcast(task.net.parameters())
        self.ema = Ema(task.net, task.optim.ema)
        self.optimiser = task.optimiser()

    @property
    def parts(self) -> Parts:
        """All that changes in a step."""
        own: Parts = {"net": self.task.net, "ema": self.ema, "optimiser": self.optimiser}
        return {**own, **self.task.more_state()}

    def step(self, number: int) -> dict[str, float]:
        """Take one optimiser step, from 0; return its figures, over all processes.

        The number decides data, noise, dropout and rate, whatever came before.
        """
        task = self.task
        rate = task.optim.rate(number)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        task.net.train()
        self.optimiser.zero_grad(set_to_none=True)
        with seeded(self._seed, number) as generator:
            figures = task.backward(number, generator)
        self.processes.add_gradients(task.net.parameters())
        figures = self.processes.add(figures)
        norm = float(torch.nn.utils.clip_grad_norm_(task.net.parameters(), task.optim.clip))
        self.optimiser.step()
        self.ema.update(task.net, number)
        return figures | {"grad_norm": norm, "lr": rate}

    def averaged(self) -> nn.Module:
        """Return a copy of the network with the averaged weights, for use."""
        with torch.device("meta"):  # the copy below is all the memory it needs
            net = self.task.blank()
        weights = {name: value.clone() for name, value in self.ema.state_dict().items()}
        net.load_state_dict(weights, assign=True)
        return net.eval().requires_grad_(False)


@contextmanager
def seeded(seed: int, step: int) -> Iterator[torch.Generator]:
    """Let chance on the CPU be a function of seed and step, and put it back afterwards.

    Yields a generator of its own; dropout has none, and draws from torch's, which is seeded alike.
    """
    number = int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0] >> 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number)
        yield torch.Generator().manual_seed(number)


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run left behind.

    Attributes:
        weights: Averaged weights, ready for use.
        wanted: Steps asked for; more than ``steps`` if the run was stopped.
        figures: The last validation's figures.
    """

    weights: Path
    steps: int
    wanted: int
    seconds: float
    figures: Mapping[str, float]

    def __str__(self) -> str:
        """Return the figures for people."""
        rows = "".join(f"\n  {name} {value:.3f}" for name, value in self.figures.items())
        stopped = "" if self.steps == self.wanted else f" of {self.wanted} (go on with --resume)"
        return f"{self.weights}: {self.steps} steps{stopped} in {self.seconds:.0f} s{rows}"


Config = TypeVar("Config", bound=Experiment)


def train(
    config: Config,
    make_task: Callable[[Config, Processes], TrainingTask],
    *,
    resume: bool,
    device: torch.device,
) -> Trained:
    """Run an experiment, or go on with it.

    What a resumed run leaves is the same, bit for bit on CPU with as many processes, as if it had
    not stopped. Data and network are loaded, by ``make_task``, once the folder is held. Of several
    processes each has the accelerator of its number, and only the first has figures.
    """
    run, folder = config.run, Path(config.run.output)
    with (
        run_folder(folder, resume=resume) as state,
        joined(device) as processes,
        cpu_threads(run.threads),
    ):
        trainer = Trainer(make_task(config, processes), run.seed, processes)
        if processes.rank == 0:
            (folder / "config.json").write_text(str(config))
        first = load_state(state, trainer.parts) if resume else 0
        trained = _run(config, trainer, state, first)
        processes.any(False)  # all wait until the first has saved
        return trained


def _run(config: Experiment, trainer: Trainer, state: Path, first: int) -> Trained:
    """Take steps, log, validate and save until done or told to stop."""
    begun = mark = time.monotonic()
    run, task, folder, steps = config.run, trainer.task, state.parent, config.optim.steps
    log = RunLog(folder) if trainer.processes.rank == 0 else None
    weights = folder / task.weights_name
    rows: list[dict[str, float]] = []
    found = Validation()
    step, stopping = first, False
    with stop_signals() as stopped:
        while step < steps and not stopping:
            figures = trainer.step(step)
            step += 1
            # Asked once a step, so that all processes end, and save, at the same one.
            stopping = trainer.processes.any(bool(stopped))
            if log is None:
                continue
            rows.append(figures)
            last = step == steps or stopping
            if _is_due(step, run.log_every, step == steps):
                _log_steps(log, step, rows, time.monotonic() - mark)
                rows, mark = [], time.monotonic()
            if _is_due(step, run.save_every, last):
                save_state(state, trainer.parts, step, str(config))
                task.save(trainer.averaged(), weights, step)
            if _is_due(step, run.validate_every, last):
                found = task.validate(trainer.averaged()) or found
                _note(log, step, found)
                mark = time.monotonic()
    if log is not None:
        log.close()
    return Trained(weights, step, steps, time.monotonic() - begun, found.figures)


def _is_due(step: int, every: int, last: bool) -> bool:
    """Tell whether it is time for what is done every so many steps (never for 0), and at last."""
    return every > 0 and (step % every == 0 or last)


def _log_steps(log: RunLog, step: int, rows: Sequence[Mapping[str, float]], seconds: float) -> None:
    """Log the mean figures of steps, and how fast they were."""
    speed = len(rows) / max(seconds, 1e-9)
    log.write("train", step, mean_of(rows) | {"steps_per_s": speed})
    if not all(isfinite(row["grad_norm"]) for row in rows):
        _LOG.warning("step %d: no finite gradient: diverged, or a broken clip", step)


def _note(log: RunLog, step: int, found: Validation) -> None:
    """Log a validation."""
    if found.figures:
        log.write("validation", step, found.figures)
        shown = ", ".join(f"{name} {value:.3f}" for name, value in found.figures.items())
        _LOG.info("step %d: %s", step, shown)
    for name, picture in found.pictures.items():
        log.show(name, step, picture)


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT, which yields, instead of dying: a run can then save itself."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {}
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, note)
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
