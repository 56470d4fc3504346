"""Fine-tunes a motion model to a speaker: few steps, small rate, held to where it came from."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch

from facedit.dataset.masks import MaskConfig
from facedit.dataset.prepared import Meta
from facedit.device import cpu_threads, device_of
from facedit.model.checkpoint import MotionModel
from facedit.training.adapt.tune_options import TuneOptions
from facedit.training.distributed import Processes
from facedit.training.engine import Trainer
from facedit.training.experiment import PoolConfig
from facedit.training.motion.corpus import loss_weights
from facedit.training.motion.data import Dataset
from facedit.training.motion.motion_config import MotionClipsConfig, MotionOptimConfig
from facedit.training.motion.motion_task import MotionTask
from facedit.training.motion.sampler import Sampler

SPEAKER = "speaker"
"""Corpus of all rows of a speaker's dataset."""

LONGEST_WINDOW = 75
"""Most frames of a training window."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What fine-tuning gave.

    Attributes:
        model: The averaged weights, ready for use.
        steps: Steps done.
    """

    model: MotionModel
    steps: int


def tune(
    model: MotionModel,
    data: Dataset,
    meta: Meta,
    options: TuneOptions,
    on_step: Callable[[int], None] = lambda done: None,
) -> Tuned:
    """Fine-tune a copy of a model to a speaker's clips, packed with its own speech projection.

    The same for the same seed, number of steps and machine; ``on_step`` is told the steps done.
    """
    net = deepcopy(model.net).requires_grad_(True)
    optim = MotionOptimConfig(
        steps=options.steps,
        frames_per_step=options.frames_per_step,
        lr=options.lr,
        warmup=max(options.steps // 10, 1),
        weight_decay=0.0,
        ema=options.ema,
    )
    device = device_of(net)
    alone = Processes(device)
    weights = loss_weights(optim, meta).to(device)
    sampler = _sampler(model, data, meta, options)
    trainer = Trainer(MotionTask(net, model, sampler, optim, weights, alone), options.seed, alone)
    base = [parameter.detach().clone() for parameter in net.parameters()]
    begun = time.monotonic()
    done = 0
    with cpu_threads(1):
        while done < options.steps:
            trainer.step(done)
            _draw_back(net, base, options.pull * optim.rate(done))
            done += 1
            on_step(done)
            if options.seconds is not None and time.monotonic() - begun > options.seconds:
                break
    start, tuned = model.net.state_dict(), trainer.ema.state_dict()
    net.load_state_dict({name: start[name].lerp(tuned[name], options.share) for name in start})
    return Tuned(replace(model, net=net.eval().requires_grad_(False)), done)


@torch.no_grad()
def _draw_back(net: torch.nn.Module, base: list[torch.Tensor], share: float) -> None:
    """Move the weights a share of the way to where they came from."""
    for parameter, start in zip(net.parameters(), base, strict=True):
        parameter.lerp_(start, share)


def _sampler(model: MotionModel, data: Dataset, meta: Meta, options: TuneOptions) -> Sampler:
    """Draw windows as in training, but for one pool of one speaker."""
    longest = int(np.diff(data.offsets).max())
    window = min(max(longest, 8), LONGEST_WINDOW)
    config = MotionClipsConfig(
        folder="",
        pools=(PoolConfig((SPEAKER,), 1.0, window),),
        balance=1.0,
        mirror=options.mirror,
        amplitude=options.amplitude,
        stretch=0.1,
        foreign=0.6,
    )
    return Sampler(
        data, meta, model.motion_scale, config, MaskConfig(), options.frames_per_step, options.seed
    )
