"""``facedit train``: an experiment from its configuration file, resumable exactly."""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType

import torch

from facedit.device import AUTO, choose_device
from facedit.model.checkpoint import MotionModel, save_model
from facedit.model.dit import DiT
from facedit.training.dashboard import RunFacts, write_dashboard
from facedit.training.distributed import Processes, joined
from facedit.training.logs import RunLog, mean_of
from facedit.training.motion.compiled import compiled
from facedit.training.motion.config import TrainConfig, load_config
from facedit.training.motion.corpus import (
    Corpus,
    corpus_validator,
    load_corpus,
    loss_weights,
    make_sampler,
    with_pools,
)
from facedit.training.motion.loop import StepReport, Trainer
from facedit.training.motion.sync_term import make_judge
from facedit.training.motion.validate import Validation, Validator
from facedit.training.state import STATE, load_state, run_folder, save_state

log = logging.getLogger(__name__)

WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run left behind.

    Attributes:
        weights: Averaged weights, ready for use.
        steps: Steps done.
        wanted: Steps asked for; more than ``steps`` if the run was stopped.
        seconds: Wall time of this run.
        figures: The last validation's figures.
    """

    weights: Path
    steps: int
    wanted: int
    seconds: float
    figures: dict[str, float]

    def to_dict(self) -> dict[str, object]:
        """Return the figures for JSON."""
        return asdict(self) | {"weights": str(self.weights)}

    def __str__(self) -> str:
        """Return the figures for people."""
        rows = "".join(f"\n  {name} {value:.3f}" for name, value in self.figures.items())
        stopped = "" if self.steps == self.wanted else f" of {self.wanted} (go on with --resume)"
        return f"{self.weights}: {self.steps} steps{stopped} in {self.seconds:.0f} s{rows}"


def train(config_path: Path, *, resume: bool = False, device: str = AUTO) -> Trained:
    """Train a model; the configuration file is the whole experiment.

    Args:
        config_path: TOML file.
        resume: Go on from the run's last state: the result is the same, bit for bit on CPU with as
            many processes, as if the run had not stopped.
        device: Where to compute, as ``device.choose_device`` takes it; of several processes each
            has the accelerator of its number.

    Returns:
        What the run left behind; each of several processes gets the same, but for the figures,
        which only the first has. The errors of ``load_config``, ``run_folder``, ``load_state`` and
        ``joined`` pass through.
    """
    config = load_config(config_path)
    folder = Path(config.run.output)
    with run_folder(folder, resume=resume) as state, joined(choose_device(device)) as processes:
        torch.set_num_threads(config.run.threads)
        config = with_pools(config)
        corpus = load_corpus(config)
        if processes.first:
            (folder / "config.json").write_text(json.dumps(asdict(config), indent=1))
        weights = loss_weights(config, corpus.meta)
        trainer = _trainer(config, corpus, weights, processes)
        first = load_state(state, trainer.net, trainer.ema, trainer.optimiser) if resume else 0
        validator = corpus_validator(config, corpus, weights) if processes.first else None
        trained = _run(config, folder, corpus, trainer, validator, first)
        processes.any(False)  # all wait until the first has saved
        return trained


def _trainer(
    config: TrainConfig, corpus: Corpus, weights: torch.Tensor, processes: Processes
) -> Trainer:
    """Build what takes the steps."""
    run, device = config.run, processes.device
    net = corpus.model.net.to(device)
    processes.broadcast(net.parameters())
    sampler = make_sampler(corpus.learn, corpus, config.data, config.masks, config, run.seed)
    judge = None
    if corpus.sync is not None:
        judge = make_judge(corpus.sync, corpus.model.motion_scale, config.optim.sync, device)
    return Trainer(
        net, sampler, config.optim, weights.to(device), run.seed, bf16=run.bf16,
        processes=processes, forward=compiled(net, device) if run.compile else None, judge=judge,
    )  # fmt: skip


def _run(
    config: TrainConfig,
    folder: Path,
    corpus: Corpus,
    trainer: Trainer,
    validator: Validator | None,
    first: int,
) -> Trained:
    """Take steps, log, validate and save until done or told to stop."""
    begun = time.monotonic()
    run, optim, processes = config.run, config.optim, trainer.processes
    records = RunLog(folder) if processes.first else None
    found = Validation({}, ())
    reports: list[StepReport] = []
    step, mark, stopping = first, time.monotonic(), False
    with stop_signals() as stopped:
        while step < optim.steps and not stopping:
            reports.append(trainer.step(step))
            step += 1
            # Asked once a step, so that all processes end, and save, at the same one.
            stopping = processes.any(bool(stopped))
            last = step == optim.steps or stopping
            if records is None:
                continue
            if step % run.log_every == 0 or step == optim.steps:
                rate = len(reports) / max(time.monotonic() - mark, 1e-9)
                records.write("train", step, mean_of(reports) | {"steps_per_s": rate})
                reports, mark = [], time.monotonic()
            if step % run.save_every == 0 or last:
                _save(folder, config, corpus, trainer, step)
            due = last or _due(step, run.validate_every)
            if validator is not None and due:
                found = validator.validate(averaged(trainer, corpus.model))
                records.write("validation", step, found.figures)
                log.info("step %d: %s", step, _short(found.figures))
                mark = time.monotonic()
            if due:
                write_dashboard(folder, _facts(config, corpus, trainer, step), found.samples)
    if records is not None:
        records.close()
    elapsed = time.monotonic() - begun
    return Trained(folder / WEIGHTS, step, optim.steps, elapsed, found.figures)


def _facts(config: TrainConfig, corpus: Corpus, trainer: Trainer, step: int) -> RunFacts:
    return RunFacts(
        name=Path(config.run.output).name,
        step=step,
        steps=config.optim.steps,
        clips=len(corpus.learn.rows),
        held=len(corpus.held),
        weights=sum(parameter.numel() for parameter in trainer.net.parameters()),
        processes=trainer.processes.size,
        clip=config.optim.clip,
    )


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


def _short(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


def averaged(trainer: Trainer, model: MotionModel) -> MotionModel:
    """Return the model with the averaged weights, for use.

    Args:
        trainer: Holds the average.
        model: Holds everything else.

    Returns:
        A model whose network is a copy, where the trainer's is.
    """
    with torch.device("meta"):  # the copy below is all the memory it needs
        net = DiT(model.net.config)
    weights = {name: value.clone() for name, value in trainer.ema.weights.items()}
    net.load_state_dict(weights, assign=True)
    return replace(model, net=net.eval().requires_grad_(False))


def _save(folder: Path, config: TrainConfig, corpus: Corpus, trainer: Trainer, step: int) -> None:
    save_state(
        folder / STATE, trainer.net, trainer.ema, trainer.optimiser, step,
        json.dumps(asdict(config)),
    )  # fmt: skip
    notes = {**corpus.model.notes, "steps": step, **corpus.learn.facts()}
    save_model(replace(averaged(trainer, corpus.model), notes=notes), folder / WEIGHTS)


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT instead of dying, so that a run can save itself.

    Yields:
        The signals received so far: empty, hence false, until the first.
    """
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
