"""One step of training the mouth network: batch, losses, optimisers, running mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn

from facedit.device import device_of
from facedit.render.network import MouthNetwork, combine
from facedit.training.mouth.mouth_config import MouthTrainingConfig, learning_rate
from facedit.training.mouth.mouth_loss import (
    FeatureTrunk,
    PatchCritic,
    change_error,
    crop_windows,
    feature_distance,
    weighted_l1,
)
from facedit.training.mouth.mouth_samples import MouthSample


@dataclass(frozen=True, slots=True)
class MouthBatch:
    """Samples as tensors, pictures in [0, 1].

    Attributes:
        pictures: Warped base and references, shape (B, 4, 3, S, S).
        raster: Drawn targets, shape (B, 3, S, S).
        gaps: Lip openings of the sources, shape (B, 4).
        truth: The target pictures, shape (B, 3, S, S).
        referenced: Whether the sample has references, shape (B,).
        own: Whether they show the person themselves, shape (B,).
    """

    pictures: Tensor
    raster: Tensor
    gaps: Tensor
    truth: Tensor
    referenced: Tensor
    own: Tensor

    def to(self, device: torch.device) -> MouthBatch:
        """Return the same on a device."""
        return MouthBatch(*(getattr(self, one.name).to(device) for one in fields(self)))


def collate(samples: Sequence[MouthSample]) -> MouthBatch:
    """Stack samples into tensors.

    Args:
        samples: The batch.

    Returns:
        The tensors.
    """

    def stack(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(np.stack(arrays))).float() / 255.0

    pictures = stack([one.pictures for one in samples]).permute(0, 1, 4, 2, 3)
    raster = stack([one.raster for one in samples]).permute(0, 3, 1, 2)
    truth = stack([one.truth for one in samples]).permute(0, 3, 1, 2)
    gaps = torch.from_numpy(np.stack([one.gaps for one in samples]))
    return MouthBatch(
        pictures,
        raster,
        gaps,
        truth,
        torch.tensor([one.referenced for one in samples]),
        torch.tensor([one.own for one in samples]),
    )


class MouthTrainer:
    """Network, critic, their optimisers and the running mean; one step at a time.

    Args:
        config: The experiment.
        trunk: Features for the loss.
        start: Network of the same size whose weights are the first; None to draw them.
        device: Where to compute.

    Attributes:
        step: Number of steps done.
        network: The network in training.
        mean: The running mean of its weights.
    """

    def __init__(
        self,
        config: MouthTrainingConfig,
        trunk: FeatureTrunk | None,
        start: MouthNetwork | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.config = config
        self.step = 0
        self._trunk = trunk
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = MouthNetwork(config.network)
            self.critic = PatchCritic()
        if start is not None:
            self.network.load_state_dict(start.state_dict())
        for module in (self.network, self.critic, *([trunk] if trunk else [])):
            _channels_last(module.to(device))
        self.mean = MouthNetwork(config.network).to(device)
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
        device = device_of(self.network)
        batch = collate(samples).to(device)
        raster, truth, referenced = batch.raster, batch.truth, batch.referenced
        with torch.autocast(device.type, torch.bfloat16):
            weights, residual = self.network(batch.pictures, raster, batch.gaps)
        share = torch.where(referenced & batch.own, config.residual_own, 1.0)
        fake = combine(batch.pictures, weights, share[:, None, None, None] * residual)
        corners = self._corners(len(samples))
        window, real, drawn = (
            crop_windows(one, corners, config.window) for one in (fake, truth, raster)
        )
        with torch.autocast(device.type, torch.bfloat16):
            looks = feature_distance(self._trunk, window, real)
        # Without references the inside can't be known: its mean would be a flat bar.
        lips = torch.where(referenced, config.lips, config.lips_alone)
        plain = weighted_l1(fake, truth, raster, lips)
        loss = (plain + config.features * looks).mean()
        flicker = torch.zeros(())
        if config.temporal > 0:
            flicker = change_error(fake, truth, raster, lips).mean()
            loss = loss + config.temporal * flicker
        (gradient,) = torch.autograd.grad(loss, fake, retain_graph=True)
        row = {
            "l1": float(plain.detach().mean()),
            "l1_alone": _mean_of(plain, ~referenced),
            "features": float(looks.detach().mean()),
            "features_alone": _mean_of(looks, ~referenced),
            "change": float(flicker.detach()),
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
