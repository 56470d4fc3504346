"""One optimiser step, many optimiser steps: no files, no configuration reading."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from facedit.model.dit import DiT
from facedit.model.flow import FlowLoss, flow_loss, path
from facedit.training.config import OptimConfig
from facedit.training.sampler import Batch, Sampler
from facedit.training.state import Ema


@dataclass(frozen=True, slots=True)
class StepReport:
    """Figures of one step.

    Attributes:
        velocity: Flow-matching loss.
        smoothness: Smoothness loss before its factor.
        grad_norm: Norm of the gradient before clipping.
        lr: Learning rate.
    """

    velocity: float
    smoothness: float
    grad_norm: float
    lr: float


class Schedule(Protocol):
    """What the optimiser and its rate need of a configuration."""

    @property
    def steps(self) -> int:
        """Optimiser steps."""

    @property
    def lr(self) -> float:
        """Peak learning rate."""

    @property
    def warmup(self) -> int:
        """Steps of linear warm-up."""

    @property
    def decay_from(self) -> int:
        """Step from which the rate falls."""

    @property
    def weight_decay(self) -> float:
        """Weight decay on matrices."""


def learning_rate(step: int, config: Schedule) -> float:
    """Return the rate of a step: linear warm-up, constant, half cosine to 0.

    Args:
        step: Step number from 0.
        config: Holds the peak, the warm-up, where the fall begins and ends.

    Returns:
        The learning rate.
    """
    warm = min((step + 1) / max(config.warmup, 1), 1.0)
    start = max(config.decay_from, config.warmup)
    done = min(max(step - start, 0) / max(config.steps - start, 1), 1.0)
    return config.lr * warm * 0.5 * (1 + math.cos(math.pi * done))


def make_optimiser(net: nn.Module, config: Schedule) -> torch.optim.AdamW:
    """Return AdamW with weight decay on matrices only.

    Args:
        net: The network.
        config: Rate and decay.

    Returns:
        The optimiser.
    """
    matrices = [p for p in net.parameters() if p.ndim >= 2]
    others = [p for p in net.parameters() if p.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.98), fused=True)


def batch_loss(
    net: DiT,
    batch: Batch,
    config: OptimConfig,
    dim_weights: Tensor,
    generator: torch.Generator,
    *,
    bf16: bool,
    drop: bool = True,
) -> FlowLoss:
    """Return the loss of a batch with noise, flow times and drops from a generator.

    Args:
        net: The network.
        batch: Windows of one length.
        config: Drops and smoothness.
        dim_weights: Weight per motion dim, shape (D,).
        generator: CPU source of chance.
        bf16: Compute in bfloat16 where autocast allows it.
        drop: Whether conditions may be dropped.

    Returns:
        The terms of the loss.
    """
    device = dim_weights.device
    data, speech = torch.from_numpy(batch.motion), torch.from_numpy(batch.speech)
    hidden, valid = torch.from_numpy(batch.hidden), torch.from_numpy(batch.valid)
    count = len(data)
    noise = torch.randn(data.shape, generator=generator)
    # Stratified over the batch: the same uniform law with less spread between batches.
    t = (torch.rand((), generator=generator) + torch.arange(count) / count) % 1
    t = t[torch.randperm(count, generator=generator)]
    chance = torch.rand(2, count, generator=generator)
    deaf = chance[0] < config.drop_speech if drop else None
    if drop:
        alone = chance[1] < config.drop_context
        hidden = hidden | (alone[:, None, None] & valid[..., None])
    moved = [item.to(device) for item in (data, speech, hidden, valid, noise, t)]
    data, speech, hidden, valid, noise, t = moved
    x_t = path(noise, data, t)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        velocity = net(
            x_t, t, data, hidden, speech,
            valid=None if bool(batch.valid.all()) else valid,
            drop_speech=None if deaf is None else deaf.to(device),
        )  # fmt: skip
    return flow_loss(velocity, x_t, t, noise, data, hidden, dim_weights, valid, config.smoothness)


class Trainer:
    """Takes steps.

    Args:
        net: The network.
        sampler: Draws batches.
        config: How it is learnt.
        dim_weights: Weight per motion dim, on the network's device.
        seed: Seed of noise and dropout.
        bf16: Compute in bfloat16 where autocast allows it.
    """

    def __init__(
        self,
        net: DiT,
        sampler: Sampler,
        config: OptimConfig,
        dim_weights: Tensor,
        seed: int,
        *,
        bf16: bool,
    ) -> None:
        self.net, self.sampler, self.config = net, sampler, config
        self.ema = Ema(net, config.ema)
        self.optimiser = make_optimiser(net, config)
        self._dim_weights, self._seed, self._bf16 = dim_weights, seed, bf16

    def step(self, step: int) -> StepReport:
        """Take one optimiser step.

        Args:
            step: Step number; decides batches, noise, dropout and rate, whatever came before.

        Returns:
            Figures of the step.
        """
        rate = learning_rate(step, self.config)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.net.train()
        self.optimiser.zero_grad(set_to_none=True)
        velocity = smooth = 0.0
        seed = int(np.random.SeedSequence([self._seed, step]).generate_state(1, np.uint64)[0] >> 1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # dropout has no generator of its own
            generator = torch.Generator().manual_seed(seed)
            for batch in self.sampler.draw(step):
                loss = batch_loss(
                    self.net, batch, self.config, self._dim_weights, generator, bf16=self._bf16
                )
                (batch.share * loss.total).backward()  # type: ignore[no-untyped-call]
                velocity += batch.share * float(loss.velocity.detach())
                smooth += batch.share * float(loss.smoothness.detach())
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.clip)
        self.optimiser.step()
        self.ema.update(self.net)
        return StepReport(velocity, smooth, float(norm), rate)
