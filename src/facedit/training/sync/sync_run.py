"""``facedit train`` for the sync network: from its configuration, resumable exactly."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from facedit.dataset.prepared import read_clip, read_meta
from facedit.device import device_of
from facedit.errors import UsageError
from facedit.lip_sync.sync_network import SyncNetwork, SyncNetworkConfig
from facedit.lip_sync.sync_weights import SyncModel, save_sync
from facedit.training.logs import RunLog, mean_of
from facedit.training.motion.data import Dataset, load_dataset, pooled_rows, split_rows
from facedit.training.motion.run import WEIGHTS, Trained, stop_signals
from facedit.training.motion.scaling import fit_projection, motion_scale
from facedit.training.state import STATE, load_state, run_folder, save_state
from facedit.training.sync.sync_config import SyncTrainConfig
from facedit.training.sync.sync_data import SyncSampler
from facedit.training.sync.sync_loop import SyncStep, SyncTrainer
from facedit.training.sync.sync_validate import sync_figures

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SyncCorpus:
    """Everything a run learns from and is validated on.

    Attributes:
        learn: Clips to learn from.
        held: Clips held out; None if there are none.
        model: Untrained model with its projection and scale.
    """

    learn: Dataset
    held: Dataset | None
    model: SyncModel


def train_sync(
    config: SyncTrainConfig, *, resume: bool = False, device: torch.device | str = "cpu"
) -> Trained:
    """Train a sync network.

    Args:
        config: The experiment.
        resume: Go on from the run's last state: the result is the same, bit for bit on one CPU, as
            if the run had not stopped.
        device: Where to compute.

    Returns:
        What the run left behind. The errors of ``run_folder``, ``load_state`` and of the data pass
        through.
    """
    folder = Path(config.run.output)
    with run_folder(folder, resume=resume) as state:
        torch.set_num_threads(config.run.threads)
        corpus = load_sync_corpus(config)
        corpus.model.net.to(device)
        (folder / "config.json").write_text(json.dumps(asdict(config), indent=1))
        first, last = corpus.model.lips
        sampler = SyncSampler(
            corpus.learn, slice(first, last), corpus.model.motion_scale, config.data,
            config.optim.frames_per_step, config.optim.shortest, config.run.seed,
        )  # fmt: skip
        trainer = SyncTrainer(corpus.model.net, sampler, config.optim, config.run.seed)
        done = load_state(state, trainer.net, trainer.ema, trainer.optimiser) if resume else 0
        return _run(config, folder, corpus, trainer, done)


def load_sync_corpus(config: SyncTrainConfig) -> SyncCorpus:
    """Load the data of an experiment and build its untrained model.

    Args:
        config: The experiment.

    Returns:
        Data and model.

    Raises:
        UsageError: If the configuration of the network does not fit.
    """
    data, folder = config.data, Path(config.data.folder)
    meta = read_meta(folder)
    learn, held = split_rows(
        pooled_rows(folder, data.pools),
        data.hold_out_speakers,
        data.hold_out_every,
        data.hold_out_corpora,
    )
    projection = fit_projection(
        (read_clip(folder, row.sha256).speech for row in learn),
        meta.encoder,
        data.speech_dims,
        data.whiten,
    )
    lips = meta.groups["lips"]
    try:
        shape = SyncNetworkConfig(lips.stop - lips.start, len(projection.offset), **config.network)
    except TypeError as error:
        raise UsageError(f"network: {error}.") from error
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.run.seed)
        net = SyncNetwork(shape)
    model = SyncModel(
        net=net,
        projection=projection,
        motion_scale=motion_scale(meta)[lips],
        lips=(lips.start, lips.stop),
        encoder=meta.encoder,
        space=meta.space,
    )
    packed = load_dataset(folder, learn, projection)
    held_data = load_dataset(folder, held, projection) if held else None
    log.info("%d clips to learn from, %d held out", len(learn), len(held))
    return SyncCorpus(packed, held_data, model)


def averaged_sync(trainer: SyncTrainer, model: SyncModel) -> SyncModel:
    """Return the model with the averaged weights, for use.

    Args:
        trainer: Holds the average.
        model: Holds everything else.

    Returns:
        A model whose network is a copy.
    """
    net = SyncNetwork(model.net.config).to(device_of(model.net))
    net.load_state_dict(trainer.ema.weights)
    return replace(model, net=net.eval().requires_grad_(False))


def _run(
    config: SyncTrainConfig, folder: Path, corpus: SyncCorpus, trainer: SyncTrainer, first: int
) -> Trained:
    """Take steps, log, validate and save until done or told to stop."""
    begun = time.monotonic()
    run, steps = config.run, config.optim.steps
    records = RunLog(folder)
    figures: dict[str, float] = {}
    reports: list[SyncStep] = []
    step, mark = first, time.monotonic()
    with stop_signals() as stopped:
        while step < steps and not stopped:
            reports.append(trainer.step(step))
            step += 1
            if step % run.log_every == 0 or step == steps:
                rate = len(reports) / max(time.monotonic() - mark, 1e-9)
                records.write("train", step, mean_of(reports) | {"steps_per_s": rate})
                reports, mark = [], time.monotonic()
            last = step == steps or bool(stopped)
            if step % run.save_every == 0 or last:
                _save(folder, config, corpus, trainer, step)
            due = run.validate_every > 0 and (last or step % run.validate_every == 0)
            if due and corpus.held is not None:
                figures = sync_figures(averaged_sync(trainer, corpus.model), corpus.held)
                records.write("validation", step, figures)
                log.info("step %d: %s", step, figures)
                mark = time.monotonic()
    records.close()
    return Trained(folder / WEIGHTS, step, steps, time.monotonic() - begun, figures)


def _save(
    folder: Path, config: SyncTrainConfig, corpus: SyncCorpus, trainer: SyncTrainer, step: int
) -> None:
    save_state(
        folder / STATE, trainer.net, trainer.ema, trainer.optimiser, step,
        json.dumps(asdict(config)),
    )  # fmt: skip
    notes = {"steps": step, **corpus.learn.facts()}
    save_sync(replace(averaged_sync(trainer, corpus.model), notes=notes), folder / WEIGHTS)
