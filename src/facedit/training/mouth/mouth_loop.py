"""Train the mouth network: a configuration file in, weights, a log and an exact state out."""

from __future__ import annotations

import csv
import logging
import math
import time
from pathlib import Path

import torch

from facedit.errors import UsageError
from facedit.render.network import MouthNetwork, load_network, save_network
from facedit.training.mouth.mouth_bake import load_baked
from facedit.training.mouth.mouth_config import MouthTrainingConfig
from facedit.training.mouth.mouth_data import MouthSampler
from facedit.training.mouth.mouth_loss import FeatureTrunk
from facedit.training.mouth.mouth_page import MouthPage
from facedit.training.mouth.mouth_samples import MouthSample
from facedit.training.mouth.mouth_state import load_state, save_state
from facedit.training.mouth.mouth_step import MouthTrainer
from facedit.weights.fetch import sha256_of

_LOG = logging.getLogger(__name__)


def train_mouth(
    config: MouthTrainingConfig,
    stop_after_s: float = math.inf,
    device: torch.device | str = "cpu",
) -> Path:
    """Train, or go on with an interrupted training; the result is the same.

    Args:
        config: The experiment.
        stop_after_s: Stop (resumably) after so many seconds.
        device: Where to compute.

    Returns:
        The file of weights.
    """
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    trunk = FeatureTrunk.from_file(Path(config.features_file)) if config.features_file else None
    trainer = MouthTrainer(config, trunk, _start(config), device)
    state = out / "state.safetensors"
    if state.is_file():
        trainer.step = load_state(state, trainer.parts())
        _LOG.info("Going on at step %d.", trainer.step)
    origin = {}
    if config.init:
        origin = {"init": Path(config.init).name, "init_sha256": sha256_of(Path(config.init))}
        _LOG.info("Start from %s, sha256 %s.", config.init, origin["init_sha256"])
    clips = load_baked(Path(config.baked))
    sampler = MouthSampler(clips, config.mix, config.network.size, config.seed)
    page = MouthPage(config, clips)
    weights = out / "mouth.safetensors"
    began = time.monotonic()
    log = out / "log.csv"
    rows: list[dict[str, float]] = []
    while trainer.step < config.steps:
        step = trainer.step
        samples = _samples(sampler, config, step)
        row = trainer.train_step(samples)
        rows.append({"step": step, "seconds": round(time.monotonic() - began, 2), **row})
        last = trainer.step == config.steps or time.monotonic() - began > stop_after_s
        if len(rows) == 20 or last:
            _append(log, rows)
            rows = []
        if trainer.step % config.save_every == 0 or last:
            save_state(state, trainer.step, trainer.parts())
            save_network(trainer.mean, weights, steps=str(trainer.step), **origin)
            page.write(trainer.step, trainer.mean)
        if last:
            break
    return weights


def _start(config: MouthTrainingConfig) -> MouthNetwork | None:
    """Load the weights to start from, if any."""
    if not config.init:
        return None
    start = load_network(Path(config.init))
    if start.config != config.network:
        raise UsageError(
            f"{config.init} is of another size ({start.config}) than [network] asks for."
        )
    return start


def _samples(sampler: MouthSampler, config: MouthTrainingConfig, step: int) -> list[MouthSample]:
    """The batch of a step: single samples, or pairs one behind the other."""
    if config.temporal <= 0:
        return [sampler.draw(step, item) for item in range(config.batch)]
    pairs = [sampler.draw_pair(step, item) for item in range(max(config.batch // 2, 1))]
    return [sample for pair in pairs for sample in pair]


def _append(path: Path, rows: list[dict[str, float]]) -> None:
    """Add rows to the log, whose header is written once."""
    new = not path.is_file()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        if new:
            writer.writeheader()
        writer.writerows(rows)
