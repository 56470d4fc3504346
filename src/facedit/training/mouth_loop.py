"""Train the mouth network: a configuration file in, weights, a log and an exact state out."""

from __future__ import annotations

import csv
import logging
import math
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from facedit.errors import UsageError
from facedit.render.network import MouthNetwork, MouthNetworkConfig, combine, save_network
from facedit.training.mouth_data import MouthSample, MouthSampler, SampleMix, load_baked
from facedit.training.mouth_loss import (
    FeatureTrunk,
    PatchCritic,
    crop_windows,
    feature_distance,
    weighted_l1,
)
from facedit.training.mouth_state import load_state, save_state

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MouthTrainingConfig:
    """A whole experiment; every field can be set in the TOML file.

    Attributes:
        baked: Folder of baked clips.
        out: Folder for state, log and weights.
        steps: Number of steps.
        batch: Samples per step.
        seed: Seed of weights and samples.
        learning_rate: Peak of the learning rate.
        warmup: Steps of linear warm-up.
        decay: Last share of the steps over which the rate falls linearly to zero.
        weight_decay: AdamW weight decay.
        ema: Decay of the running mean of the weights that is shipped.
        lips: Weight of the mouth in the L1 loss.
        lips_alone: The same for samples without references.
        features: Weight of the feature loss.
        features_file: Weights of the feature trunk; empty for a Laplacian pyramid.
        window: Side of the window of feature and adversarial losses.
        adversarial: Gradient of the adversarial term relative to the rest.
        adversarial_from: Share of the steps after which the critic is trained.
        critic_ahead: Steps for which only the critic is trained, so that it knows what it says.
        critic_rate: Learning rate of the critic relative to the network's.
        save_every: Steps between saved states.
        mix: Shares of the kinds of samples.
        network: Size of the network.
    """

    baked: str
    out: str
    steps: int = 6000
    batch: int = 8
    seed: int = 7
    learning_rate: float = 4e-4
    warmup: int = 100
    decay: float = 0.3
    weight_decay: float = 0.01
    ema: float = 0.998
    lips: float = 5.0
    lips_alone: float = 1.0
    features: float = 0.1
    features_file: str = ""
    window: int = 64
    adversarial: float = 0.3
    adversarial_from: float = 0.4
    critic_ahead: int = 200
    critic_rate: float = 2.0
    save_every: int = 200
    mix: SampleMix = field(default_factory=SampleMix)
    network: MouthNetworkConfig = field(default_factory=MouthNetworkConfig)


def config_from(table: Mapping[str, Any]) -> MouthTrainingConfig:
    """Build a configuration from a parsed TOML table.

    Args:
        table: Keys are the fields; ``mix`` (in it ``corpora``) and ``network`` are tables.

    Returns:
        The configuration.

    Raises:
        UsageError: If a key is unknown or missing.
    """
    values = dict(table)
    for other in ("kind", "bake"):  # read by training/start.py
        values.pop(other, None)
    try:
        if "mix" in values:
            mix = dict(values["mix"])
            mix["corpora"] = tuple(sorted(mix.get("corpora", {}).items()))
            values["mix"] = SampleMix(**mix)
        if "network" in values:
            network = dict(values["network"])
            if "channels" in network:
                network["channels"] = tuple(network["channels"])
            values["network"] = MouthNetworkConfig(**network)
        return MouthTrainingConfig(**values)
    except TypeError as error:
        known = ", ".join(one.name for one in fields(MouthTrainingConfig))
        raise UsageError(f"Mouth training: {error}; known keys: {known}.") from error


def load_config(path: Path) -> MouthTrainingConfig:
    """Read a configuration file.

    Args:
        path: TOML file.

    Returns:
        The configuration.
    """
    with path.open("rb") as file:
        return config_from(tomllib.load(file))


def learning_rate(config: MouthTrainingConfig, step: int) -> float:
    """Return the rate of a step: linear warm-up, constant, linear fall to zero.

    Args:
        config: The experiment.
        step: Number of the step, from 0.

    Returns:
        The learning rate.
    """
    up = (step + 1) / max(config.warmup, 1)
    down = (config.steps - step) / max(config.decay * config.steps, 1.0)
    return config.learning_rate * min(1.0, up, down)


def collate(samples: list[MouthSample]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Stack samples into tensors in [0, 1].

    Args:
        samples: The batch.

    Returns:
        Pictures (B, 4, 3, S, S), raster (B, 3, S, S), gaps (B, 4), truth (B, 3, S, S) and whether
        the sample has references (B,).
    """

    def stack(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(np.stack(arrays))).float() / 255.0

    pictures = stack([one.pictures for one in samples]).permute(0, 1, 4, 2, 3)
    raster = stack([one.raster for one in samples]).permute(0, 3, 1, 2)
    truth = stack([one.truth for one in samples]).permute(0, 3, 1, 2)
    gaps = torch.from_numpy(np.stack([one.gaps for one in samples]))
    return pictures, raster, gaps, truth, torch.tensor([one.referenced for one in samples])


class MouthTrainer:
    """Network, critic, their optimisers and the running mean; one step at a time.

    Args:
        config: The experiment.
        trunk: Features for the loss.

    Attributes:
        step: Number of steps done.
        network: The network in training.
        mean: The running mean of its weights.
    """

    def __init__(self, config: MouthTrainingConfig, trunk: FeatureTrunk | None) -> None:
        self.config = config
        self.step = 0
        self._trunk = trunk
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.network = MouthNetwork(config.network)
            self.critic = PatchCritic()
        for module in (self.network, self.critic, *([trunk] if trunk else [])):
            _channels_last(module)
        self.mean = MouthNetwork(config.network)
        self.mean.load_state_dict(self.network.state_dict())
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), config.learning_rate, (0.9, 0.98),
            weight_decay=config.weight_decay,
        )  # fmt: skip
        self._critic_optimiser = torch.optim.AdamW(
            self.critic.parameters(), config.learning_rate, (0.5, 0.98), weight_decay=0.0
        )

    def parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """Return what a saved state holds, by name."""
        return {
            "network": self.network,
            "mean": self.mean,
            "critic": self.critic,
            "optimiser": self._optimiser,
            "critic_optimiser": self._critic_optimiser,
        }

    def train_step(self, samples: list[MouthSample]) -> dict[str, float]:
        """Do one step.

        Args:
            samples: The batch of this step.

        Returns:
            Losses by name.
        """
        config = self.config
        rate = learning_rate(config, self.step)
        for optimiser, factor in (
            (self._optimiser, 1.0),
            (self._critic_optimiser, config.critic_rate),
        ):
            for group in optimiser.param_groups:
                group["lr"] = factor * rate
        pictures, raster, gaps, truth, referenced = collate(samples)
        with torch.autocast("cpu", torch.bfloat16):
            weights, residual = self.network(pictures, raster, gaps)
        fake = combine(pictures, weights, residual)
        corners = self._corners(len(samples))
        window, real, drawn = (
            crop_windows(one, corners, config.window) for one in (fake, truth, raster)
        )
        with torch.autocast("cpu", torch.bfloat16):
            looks = feature_distance(self._trunk, window, real)
        # Without references the inside can't be known: its mean would be a flat bar.
        lips = torch.where(referenced, config.lips, config.lips_alone)
        plain = weighted_l1(fake, truth, raster, lips)
        loss = (plain + config.features * looks).mean()
        (gradient,) = torch.autograd.grad(loss, fake, retain_graph=True)
        row = {
            "l1": float(plain.detach().mean()),
            "l1_alone": _mean_of(plain, ~referenced),
            "features": float(looks.detach().mean()),
            "features_alone": _mean_of(looks, ~referenced),
            "critic": 0.0,
            "rate": rate,
        }
        if config.adversarial > 0 and self.step >= config.adversarial_from * config.steps:
            gradient = gradient + self._adversarial(gradient, fake, window, real, drawn, row)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(fake, gradient)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self._follow()
        self.step += 1
        return row

    def _corners(self, batch: int) -> Tensor:
        """Windows round the middle of the canvas, where the mouth is."""
        rng = np.random.default_rng([self.config.seed, self.step, 1_000_000])
        slack = self.config.network.size - self.config.window
        return torch.from_numpy(rng.integers(slack // 4, slack - slack // 4 + 1, (batch, 2)))

    def _adversarial(
        self,
        gradient: Tensor,
        fake: Tensor,
        window: Tensor,
        real: Tensor,
        drawn: Tensor,
        row: dict[str, float],
    ) -> Tensor:
        """Train the critic (hinge loss) and return the gradient it gives to the pictures."""
        config = self.config
        verdict = self.critic(torch.cat([real, window.detach()]), torch.cat([drawn, drawn]))
        on_real, on_fake = verdict.chunk(2)
        hinge = torch.relu(1.0 - on_real).mean() + torch.relu(1.0 + on_fake).mean()
        self._critic_optimiser.zero_grad(set_to_none=True)
        hinge.backward()  # type: ignore[no-untyped-call]
        self._critic_optimiser.step()
        row["critic"] = float(hinge.detach())
        if self.step < config.adversarial_from * config.steps + config.critic_ahead:
            return torch.zeros_like(gradient)
        self.critic.requires_grad_(False)
        fooled = -self.critic(window, drawn).mean()
        (push,) = torch.autograd.grad(fooled, fake, retain_graph=True)
        self.critic.requires_grad_(True)
        share = config.adversarial * float(gradient.norm()) / max(float(push.norm()), 1e-12)
        return share * push

    def _follow(self) -> None:
        """Move the running mean towards the weights."""
        decay = min(self.config.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for mean, value in zip(self.mean.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1.0 - decay)


def _channels_last(module: nn.Module) -> None:
    """Lay weights out with channels last: a third faster on a CPU."""
    for parameter in module.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def _mean_of(values: Tensor, chosen: Tensor) -> float:
    """Mean over chosen samples, NaN where there are none."""
    picked = values.detach()[chosen]
    return float(picked.mean()) if len(picked) else math.nan


def train_mouth(config: MouthTrainingConfig, stop_after_s: float = math.inf) -> Path:
    """Train, or go on with an interrupted training; the result is the same.

    Args:
        config: The experiment.
        stop_after_s: Stop (resumably) after so many seconds.

    Returns:
        The file of weights.
    """
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    trunk = FeatureTrunk.from_file(Path(config.features_file)) if config.features_file else None
    trainer = MouthTrainer(config, trunk)
    state = out / "state.safetensors"
    if state.is_file():
        trainer.step = load_state(state, trainer.parts())
        _LOG.info("Going on at step %d.", trainer.step)
    sampler = MouthSampler(
        load_baked(Path(config.baked)), config.mix, config.network.size, config.seed
    )
    weights = out / "mouth.safetensors"
    began = time.monotonic()
    log = out / "log.csv"
    rows: list[dict[str, float]] = []
    while trainer.step < config.steps:
        step = trainer.step
        samples = [sampler.draw(step, item) for item in range(config.batch)]
        row = trainer.train_step(samples)
        rows.append({"step": step, "seconds": round(time.monotonic() - began, 2), **row})
        last = trainer.step == config.steps or time.monotonic() - began > stop_after_s
        if len(rows) == 20 or last:
            _append(log, rows)
            rows = []
        if trainer.step % config.save_every == 0 or last:
            save_state(state, trainer.step, trainer.parts())
            save_network(trainer.mean, weights, steps=str(trainer.step))
        if last:
            break
    return weights


def _append(path: Path, rows: list[dict[str, float]]) -> None:
    """Add rows to the log, whose header is written once."""
    new = not path.is_file()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        if new:
            writer.writeheader()
        writer.writerows(rows)
