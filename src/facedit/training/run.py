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
from typing import Any

import numpy as np
import torch

from facedit.errors import OutputExists, UsageError
from facedit.model.checkpoint import MotionModel, save_model
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.training.config import DataConfig, TrainConfig, load_config
from facedit.training.data import (
    ClipRow,
    Dataset,
    Meta,
    fit_projection,
    load_dataset,
    motion_scale,
    read_clip,
    read_meta,
    read_rows,
    split_rows,
)
from facedit.training.logs import RunLog
from facedit.training.loop import StepReport, Trainer
from facedit.training.masks import KINDS, MaskConfig
from facedit.training.sampler import Sampler
from facedit.training.state import load_state, save_state
from facedit.training.validate import Validator, make_validator
from facedit.types import Float32

log = logging.getLogger(__name__)

STATE = "state.safetensors"
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


@dataclass(frozen=True)
class Corpus:
    """Everything a run learns from and is validated on.

    Attributes:
        meta: Describes the dims.
        learn: Clips to learn from.
        held: Rows held out.
        held_data: The same, loaded; None if nothing is held out.
        model: Untrained model with its speech projection and motion scale.
    """

    meta: Meta
    learn: Dataset
    held: list[ClipRow]
    held_data: Dataset | None
    model: MotionModel


def train(config_path: Path, *, resume: bool = False) -> Trained:
    """Train a model; the configuration file is the whole experiment.

    Args:
        config_path: TOML file.
        resume: Go on from the run's last state: the result is the same, bit for bit on one CPU, as
            if the run had not stopped.

    Returns:
        What the run left behind. The errors of ``load_config`` and ``load_state`` pass through.

    Raises:
        UsageError: If there is nothing to resume.
        OutputExists: If the run exists and ``resume`` is off.
    """
    config = load_config(config_path)
    folder = Path(config.run.output)
    state = folder / STATE
    if state.exists() and not resume:
        raise OutputExists(f"{folder} holds a run: go on with --resume, or set another output.")
    if resume and not state.exists():
        raise UsageError(f"{folder} holds no run to resume.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=1))
    torch.set_num_threads(config.run.threads)
    corpus = load_corpus(config)
    weights = loss_weights(config, corpus.meta)
    net = corpus.model.net.to(config.run.device)
    sampler = _sampler(corpus.learn, corpus, config.data, config.masks, config, config.run.seed)
    trainer = Trainer(
        net, sampler, config.optim, weights.to(config.run.device), config.run.seed,
        bf16=config.run.bf16,
    )  # fmt: skip
    first = load_state(state, net, trainer.ema, trainer.optimiser) if resume else 0
    validator = _validator(config, corpus, weights)
    return _run(config, folder, corpus, trainer, validator, first)


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
    run, optim = config.run, config.optim
    records = RunLog(folder)
    figures: dict[str, float] = {}
    reports: list[StepReport] = []
    step, mark = first, time.monotonic()
    with stop_signals() as stopped:
        while step < optim.steps and not stopped:
            reports.append(trainer.step(step))
            step += 1
            if step % run.log_every == 0 or step == optim.steps:
                rate = len(reports) / max(time.monotonic() - mark, 1e-9)
                records.write("train", step, _mean(reports) | {"steps_per_s": rate})
                reports, mark = [], time.monotonic()
            last = step == optim.steps or bool(stopped)
            if step % run.save_every == 0 or last:
                _save(folder, config, corpus, trainer, step)
            if validator is not None and (last or _due(step, run.validate_every)):
                figures = validator.figures(averaged(trainer, corpus.model))
                records.write("validation", step, figures)
                log.info("step %d: %s", step, _short(figures))
                mark = time.monotonic()
    records.close()
    elapsed = time.monotonic() - begun
    return Trained(folder / WEIGHTS, step, optim.steps, elapsed, figures)


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


def _short(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


def _mean(reports: list[StepReport]) -> dict[str, float]:
    names = StepReport.__slots__
    return {name: float(np.mean([getattr(r, name) for r in reports])) for name in names}


def load_corpus(config: TrainConfig) -> Corpus:
    """Load the data of an experiment and build its untrained model.

    Args:
        config: The experiment.

    Returns:
        Data and model.
    """
    data = config.data
    folder = Path(data.folder)
    meta = read_meta(folder)
    corpora = {name for pool in data.pools for name in pool.corpora}
    rows = [row for row in read_rows(folder) if row.corpus in corpora]
    learn, held = split_rows(
        rows, data.hold_out_speakers, data.hold_out_every, data.hold_out_corpora
    )
    projection = fit_projection(
        (read_clip(folder, row.sha256).speech for row in learn), data.speech_dims, data.whiten
    )
    changes: dict[str, Any] = dict(config.model)
    size = str(changes.pop("preset", "base"))
    torch.manual_seed(config.run.seed)
    shape = preset(
        size, motion_dims=len(meta.dim_names), speech_dims=len(projection.offset), **changes
    )
    model = MotionModel(
        net=DiT(shape),
        projection=projection,
        motion_scale=motion_scale(meta),
        encoder=meta.encoder,
        space=meta.space,
        dim_names=meta.dim_names,
    )
    packed = load_dataset(folder, learn, projection)
    held_data = load_dataset(folder, held, projection) if held else None
    log.info("%d clips to learn from, %d held out", len(learn), len(held))
    return Corpus(meta, packed, held, held_data, model)


def loss_weights(config: TrainConfig, meta: Meta) -> torch.Tensor:
    """Return the weight of each motion dim in the loss, shape (D,)."""
    weights = np.ones(len(meta.dim_names), np.float32)
    for name in ("lips", "face", "head"):
        weights[meta.groups[name]] = getattr(config.optim, f"{name}_weight")
    return torch.from_numpy(weights)


def averaged(trainer: Trainer, model: MotionModel) -> MotionModel:
    """Return the model with the averaged weights, for use.

    Args:
        trainer: Holds the average.
        model: Holds everything else.

    Returns:
        A model on the CPU whose network is a copy.
    """
    net = DiT(model.net.config)
    net.load_state_dict({name: value.cpu() for name, value in trainer.ema.weights.items()})
    return replace(model, net=net.eval().requires_grad_(False))


def _save(folder: Path, config: TrainConfig, corpus: Corpus, trainer: Trainer, step: int) -> None:
    save_state(
        folder / STATE, trainer.net, trainer.ema, trainer.optimiser, step,
        json.dumps(asdict(config)),
    )  # fmt: skip
    notes = {
        "steps": step,
        "clips": len(corpus.learn.rows),
        "frames": int(corpus.learn.offsets[-1]),
        "corpora": sorted({row.corpus for row in corpus.learn.rows}),
    }
    save_model(replace(averaged(trainer, corpus.model), notes=notes), folder / WEIGHTS)


def _sampler(
    packed: Dataset,
    corpus: Corpus,
    data: DataConfig,
    masks: MaskConfig,
    config: TrainConfig,
    seed: int,
) -> Sampler:
    scale: Float32 = corpus.model.motion_scale
    return Sampler(packed, corpus.meta, scale, data, masks, config.optim.frames_per_step, seed)


def _validator(config: TrainConfig, corpus: Corpus, weights: torch.Tensor) -> Validator | None:
    """Build the validator over the held-out clips; None without any."""
    if corpus.held_data is None or not config.run.validate_every:
        return None
    there = {row.corpus for row in corpus.held}
    pools = tuple(
        replace(pool, corpora=found)
        for pool in config.data.pools
        if (found := tuple(name for name in pool.corpora if name in there))
    )
    plain = replace(
        config.data,
        pools=pools,
        mirror=0.0,
        amplitude=0.0,
        stretch=0.0,
        foreign=0.0,
        speech_noise=0.0,
    )
    samplers = []
    for kind in KINDS:
        only = {name: float(name == kind) for name in KINDS}
        masks = replace(config.masks, **only)
        samplers.append(_sampler(corpus.held_data, corpus, plain, masks, config, 1))
    return make_validator(
        Path(config.data.folder), corpus.held, config.run.validate_clips, samplers, corpus.meta,
        config.optim, weights,
    )  # fmt: skip


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
