"""What the motion model is asked in training, and how wrong its answer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from facedit.model.flow import FlowBatch, FlowLoss, Totals, clean_estimate, flow_loss, loss_totals
from facedit.training.motion.motion_config import MotionOptimConfig
from facedit.training.motion.sampler import Batch
from facedit.training.motion.sync_term import SyncJudge, SyncTarget

Network = Callable[..., Tensor]
"""A ``DiT``, or a compiled one."""


@dataclass(frozen=True, slots=True)
class FlowTask:
    """A batch with everything that chance decides about it, on the CPU.

    Attributes:
        x_1: Motion, shape (B, T, D).
        x_0: Noise, shape (B, T, D).
        t: Flow time, shape (B,).
        mask: True where motion is to be drawn, shape (B, T, D).
        speech: Projected speech, shape (B, T, S).
        valid: True where a frame exists, shape (B, T).
        drop_speech: True for windows whose speech is dropped, shape (B,); None if none may.
        sync: What the sync term needs; None without it.
    """

    x_1: Tensor
    x_0: Tensor
    t: Tensor
    mask: Tensor
    speech: Tensor
    valid: Tensor
    drop_speech: Tensor | None
    sync: SyncTarget | None = None

    def take(self, rows: Tensor) -> FlowTask:
        """Return some of the windows."""
        return FlowTask(
            x_1=self.x_1[rows],
            x_0=self.x_0[rows],
            t=self.t[rows],
            mask=self.mask[rows],
            speech=self.speech[rows],
            valid=self.valid[rows],
            drop_speech=None if self.drop_speech is None else self.drop_speech[rows],
            sync=None if self.sync is None else self.sync.take(rows),
        )


def draw_task(
    batch: Batch, config: MotionOptimConfig, generator: torch.Generator, *, drop: bool = True
) -> FlowTask:
    """Draw noise, flow times and, if they may be, drops for a whole batch, on the CPU."""
    x_1, speech = torch.from_numpy(batch.motion), torch.from_numpy(batch.speech)
    mask, valid = torch.from_numpy(batch.mask), torch.from_numpy(batch.valid)
    count = len(x_1)
    x_0 = torch.randn(x_1.shape, generator=generator)
    # Stratified over the batch: the same uniform law with less spread between batches.
    t = (torch.rand((), generator=generator) + torch.arange(count) / count) % 1
    t = t[torch.randperm(count, generator=generator)]
    chance = torch.rand(2, count, generator=generator)
    drop_speech = chance[0] < config.drop_speech if drop else None
    if drop:
        drop_context = chance[1] < config.drop_context
        mask = mask | (drop_context[:, None, None] & valid[..., None])
    sync = None
    if batch.sync is not None:
        sync = SyncTarget(*(torch.from_numpy(values) for values in batch.sync))
    return FlowTask(x_1, x_0, t, mask, speech, valid, drop_speech, sync)


def task_loss(
    net: Network,
    task: FlowTask,
    dim_weights: Tensor,
    smoothness: float,
    *,
    bf16: bool,
    totals: Totals | None = None,
    judge: SyncJudge | None = None,
) -> FlowLoss:
    """Return the loss of a batch, or with the whole's ``totals`` what a part of it contributes.

    ``judge`` adds the sync term; ``dim_weights``, shape (D,), lie on the network's device.
    """
    device = dim_weights.device
    parts = (task.x_0, task.x_1, task.t, task.mask, task.valid)
    batch, speech = FlowBatch(*(part.to(device) for part in parts)), task.speech.to(device)
    x_1, t, mask, valid, x_t = batch.x_1, batch.t, batch.mask, batch.valid, batch.x_t
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        velocity = net(
            x_t, t, x_1, mask, speech,
            valid=None if bool(task.valid.all()) else valid,
            drop_speech=None if task.drop_speech is None else task.drop_speech.to(device),
        )  # fmt: skip
    loss = flow_loss(velocity, batch, dim_weights, smoothness, totals)
    if judge is None or task.sync is None:
        return loss
    estimate = clean_estimate(x_t, velocity.float(), t)
    total = totals.sync if totals else None
    sync = judge.loss(estimate, x_1, mask, valid, t, task.sync.to(device), total)
    return replace(loss, total=loss.total + judge.weight * sync, sync=sync)


def task_totals(task: FlowTask, dim_weights: Tensor, judge: SyncJudge | None) -> Totals:
    """Return what the loss of a whole batch is divided by."""
    mask, valid = task.mask.to(dim_weights.device), task.valid.to(dim_weights.device)
    totals = loss_totals(mask, dim_weights, valid)
    return totals if judge is None else replace(totals, sync=judge.total(mask, valid))
