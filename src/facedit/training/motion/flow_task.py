"""What the motion model is asked in training, and how wrong its answer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from facedit.model.flow import FlowLoss, Totals, clean_estimate, flow_loss, loss_totals, path
from facedit.model.layers import Part
from facedit.training.motion.config import OptimConfig
from facedit.training.motion.sampler import Batch
from facedit.training.motion.sync_term import SyncJudge, SyncTarget

Network = Callable[..., Tensor]
"""A ``DiT``, or a compiled one."""


@dataclass(frozen=True, slots=True)
class FlowTask:
    """A batch with everything that chance decides about it, on the CPU.

    Attributes:
        data: Clean motion ``x_1``, shape (B, T, D).
        speech: Projected speech, shape (B, T, S).
        hidden: True where motion is drawn, shape (B, T, D).
        valid: True where a frame exists, shape (B, T).
        noise: ``x_0``, shape (B, T, D).
        t: Flow time, shape (B,).
        deaf: True for windows that shall not hear, shape (B,); None if none may.
        sync: What the sync term needs; None without it.
    """

    data: Tensor
    speech: Tensor
    hidden: Tensor
    valid: Tensor
    noise: Tensor
    t: Tensor
    deaf: Tensor | None
    sync: SyncTarget | None = None

    def take(self, rows: Tensor) -> FlowTask:
        """Return some of the windows."""
        return FlowTask(
            data=self.data[rows],
            speech=self.speech[rows],
            hidden=self.hidden[rows],
            valid=self.valid[rows],
            noise=self.noise[rows],
            t=self.t[rows],
            deaf=None if self.deaf is None else self.deaf[rows],
            sync=None if self.sync is None else self.sync.take(rows),
        )


def draw_task(
    batch: Batch, config: OptimConfig, generator: torch.Generator, *, drop: bool = True
) -> FlowTask:
    """Draw noise, flow times and drops for a whole batch.

    Args:
        batch: Windows of one length.
        config: Chances of drops.
        generator: CPU source of chance.
        drop: Whether conditions may be dropped.

    Returns:
        The task.
    """
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
    sync = None
    if batch.sync is not None:
        sync = SyncTarget(*(torch.from_numpy(values) for values in batch.sync))
    return FlowTask(data, speech, hidden, valid, noise, t, deaf, sync)


def task_loss(
    net: Network,
    task: FlowTask,
    dim_weights: Tensor,
    smoothness: float,
    *,
    bf16: bool,
    part: Part | None = None,
    totals: Totals | None = None,
    judge: SyncJudge | None = None,
) -> FlowLoss:
    """Return the loss of a task, or what a part of its windows contributes to it.

    Args:
        net: The network.
        task: The whole batch.
        dim_weights: Weight per motion dim, on the network's device, shape (D,).
        smoothness: Factor of the smoothness term.
        bf16: Compute in bfloat16 where autocast allows it.
        part: Which windows to compute; all if None.
        totals: Of the whole batch; needed with ``part``.
        judge: What adds the sync term.

    Returns:
        The terms of the loss.
    """
    device = dim_weights.device
    padded = not bool(task.valid.all())
    if part is not None:
        task = task.take(part.rows)
        part = Part(part.rows.to(device), part.whole)
    moved = (task.data, task.speech, task.hidden, task.valid, task.noise, task.t)
    data, speech, hidden, valid, noise, t = (item.to(device) for item in moved)
    x_t = path(noise, data, t)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        velocity = net(
            x_t, t, data, hidden, speech,
            valid=valid if padded else None,
            drop_speech=None if task.deaf is None else task.deaf.to(device),
            part=part,
        )  # fmt: skip
    loss = flow_loss(velocity, x_t, t, noise, data, hidden, dim_weights, valid, smoothness, totals)
    if judge is None or task.sync is None:
        return loss
    estimate = clean_estimate(x_t, velocity.float(), t)
    total = totals.sync if totals else None
    sync = judge.loss(estimate, data, hidden, valid, t, task.sync.to(device), total)
    return replace(loss, total=loss.total + judge.weight * sync, sync=sync)


def task_totals(task: FlowTask, dim_weights: Tensor, judge: SyncJudge | None) -> Totals:
    """Return what the loss of a whole batch is divided by.

    Args:
        task: The whole batch.
        dim_weights: Weight per motion dim, on the network's device, shape (D,).
        judge: What adds the sync term, if anything does.

    Returns:
        The sums over the batch.
    """
    hidden, valid = task.hidden.to(dim_weights.device), task.valid.to(dim_weights.device)
    totals = loss_totals(hidden, dim_weights, valid)
    return totals if judge is None else replace(totals, sync=judge.total(hidden, valid))
