"""One optimiser step, many optimiser steps: no files, no configuration reading."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from facedit.model.dit import DiT
from facedit.model.flow import FlowLoss
from facedit.training.distributed import Processes
from facedit.training.motion.config import OptimConfig
from facedit.training.motion.flow_task import FlowTask, Network, draw_task, task_loss, task_totals
from facedit.training.motion.part_dropout import (
    Part,
    only,
    rng_state,
    set_rng_state,
    use_part_dropout,
)
from facedit.training.motion.sampler import Sampler
from facedit.training.motion.sync_term import SyncJudge
from facedit.training.state import Ema


@dataclass(frozen=True, slots=True)
class StepReport:
    """Figures of one step.

    Attributes:
        velocity: Flow-matching loss.
        smoothness: Smoothness loss before its factor.
        grad_norm: Norm of the gradient before clipping.
        lr: Learning rate.
        sync: Sync term before its factor; None in a run without it.
    """

    velocity: float
    smoothness: float
    grad_norm: float
    lr: float
    sync: float | None = None


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


class Trainer:
    """Takes steps, alone or as one of several processes that share each step's windows.

    Args:
        net: The network.
        sampler: Draws batches; the same in every process.
        config: How it is learnt.
        dim_weights: Weight per motion dim, on the network's device.
        seed: Seed of noise and dropout.
        bf16: Compute in bfloat16 where autocast allows it.
        processes: The processes.
        forward: What computes the network, if it is compiled.
        judge: What adds the sync term; None for none.
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
        processes: Processes,
        forward: Network | None = None,
        judge: SyncJudge | None = None,
    ) -> None:
        self._parts_a_step = processes.size * config.accumulate
        if self._parts_a_step > 1:
            use_part_dropout(net)
        self.net, self.sampler, self.config, self.processes = net, sampler, config, processes
        self.ema = Ema(net, config.ema)
        self.optimiser = make_optimiser(net, config)
        self._dim_weights, self._seed, self._bf16 = dim_weights, seed, bf16
        self._forward: Network = net if forward is None else forward
        self._judge = judge

    def step(self, step: int) -> StepReport:
        """Take one optimiser step.

        Args:
            step: Step number; decides batches, noise, dropout and rate, whatever came before.

        Returns:
            Figures of the step, over all processes.
        """
        rate = learning_rate(step, self.config)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.net.train()
        self.optimiser.zero_grad(set_to_none=True)
        velocity = smooth = sync = 0.0
        judge = self._judge if step >= self.config.sync_from else None
        seed = int(np.random.SeedSequence([self._seed, step]).generate_state(1, np.uint64)[0] >> 1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # dropout has no generator of its own
            generator = torch.Generator().manual_seed(seed)
            before = 0
            for batch in self.sampler.draw(step):
                task = draw_task(batch, self.config, generator)
                for loss in self._parts(task, before, judge):
                    (batch.share * loss.total).backward()  # type: ignore[no-untyped-call]
                    velocity += batch.share * float(loss.velocity.detach())
                    smooth += batch.share * float(loss.smoothness.detach())
                    if loss.sync is not None:
                        sync += batch.share * float(loss.sync.detach())
                before += len(task.x_1)
        self.processes.add_gradients(self.net.parameters())
        velocity, smooth, sync = self.processes.add([velocity, smooth, sync])
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.clip)
        self.optimiser.step()
        self.ema.update(self.net)
        judged = None if self._judge is None else sync
        return StepReport(velocity, smooth, float(norm), rate, judged)

    def _parts(self, task: FlowTask, before: int, judge: SyncJudge | None) -> Iterator[FlowLoss]:
        """Compute this process's parts of a batch, one after the other.

        Args:
            task: The whole batch.
            before: Windows of the step in earlier batches.
            judge: What adds the sync term in this step.

        Yields:
            The loss of each part; over all processes they add up to that of the whole batch.
        """
        weights, factor = self._dim_weights, self.config.smoothness
        count, device = self._parts_a_step, weights.device
        if count == 1:
            yield task_loss(self._forward, task, weights, factor, bf16=self._bf16, judge=judge)
            return
        totals = task_totals(task, weights, judge)
        chance = rng_state(device)
        for micro in range(self.config.accumulate):
            # Dealt out like cards, on from the batch before, so that shares differ by one window.
            number = micro * self.processes.size + self.processes.rank
            rows = torch.arange(len(task.x_1))[(number - before) % count :: count]
            # Each part draws the dropout of the whole batch, so all must start at the same number.
            set_rng_state(device, chance)
            with only(Part(rows.to(device), len(task.x_1)), self.net):
                loss = task_loss(
                    self._forward, task.take(rows), weights, factor, bf16=self._bf16,
                    totals=totals, judge=judge,
                )  # fmt: skip
            yield loss
