"""Fine-tune the mouth network to one clip, and keep the result only where it is better.

The network learns from the frames of the clip that the renderer copies from anyway. Blocks of them
are kept apart; what decides is how well these are drawn, before and after, from frames that are
learnt from. Everything depends on the pictures, the weights and the settings alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from facedit.device import cpu_threads, device_of, inference
from facedit.render.bank import ReferenceBank
from facedit.render.network import MouthNetwork
from facedit.training.adapt.mouth_footage import CORPUS, Footage, footage_of
from facedit.training.engine import Trainer
from facedit.training.mouth.mouth_batch import drawn_by
from facedit.training.mouth.mouth_config import MouthOptimConfig, SampleMix
from facedit.training.mouth.mouth_data import MouthSampler
from facedit.training.mouth.mouth_loss import feature_distance, weighted_l1
from facedit.training.mouth.mouth_samples import MouthSample
from facedit.training.mouth.mouth_task import MouthTask, new_networks
from facedit.types import Float64

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AdaptSettings:
    """How the network is fine-tuned, and when the result is used.

    Attributes:
        steps: Optimiser steps; a fixed number, so that the result does not depend on the machine.
        batch: Samples per step.
        learning_rate: Peak rate: five steps of warm-up, then a linear fall to zero.
        features: Weight of the Laplacian loss, which keeps edges sharp.
        residual: Share of the residual that counts, in training, judging and rendering.
        layers: Parts of the network that learn; the others stay. Empty for all.
        seed: Seed of the samples.
        least_frames: Fewest frames to learn from.
        least_apart: Fewest frames to judge by.
        gain: Share by which the error of the frames kept apart must fall.
        better: Share of these frames that must be better.
    """

    steps: int = 20
    batch: int = 8
    learning_rate: float = 2e-3
    features: float = 0.25
    residual: float = 0.0
    layers: tuple[str, ...] = ("unfold", "fine", "head")
    seed: int = 0
    least_frames: int = 32
    least_apart: int = 8
    gain: float = 0.01
    better: float = 0.6


@dataclass(frozen=True, slots=True)
class Adapted:
    """What came of it.

    Attributes:
        network: The network to render with: the fine-tuned one if it is ``used``, else the given.
        steps: Steps made; 0 if there was too little footage.
        frames: Frames learnt from.
        apart: Frames judged by, with their mean error ``before`` and ``after``.
        better: Share of them that became better.
    """

    network: MouthNetwork
    used: bool
    steps: int
    frames: int
    apart: int
    before: float = float("nan")
    after: float = float("nan")
    better: float = float("nan")

    @property
    def outcome(self) -> str:
        """What came of it, in one line."""
        if self.steps == 0:
            return f"not adapted: {self.frames} frames to learn from and {self.apart} to judge by"
        return (
            f"{'adapted' if self.used else 'adaptation dropped'}: {self.steps} steps on "
            f"{self.frames} frames, error of {self.apart} frames kept apart {self.before:.5f} -> "
            f"{self.after:.5f}, {100 * self.better:.0f} % of them better"
        )


def adapt_mouth(
    network: MouthNetwork,
    banks: Sequence[ReferenceBank],
    settings: AdaptSettings | None = None,
    progress: Callable[[int], None] | None = None,
) -> Adapted:
    """Fine-tune a copy of the mouth network to the mouths of a clip's stretches, and judge it."""
    settings = settings or AdaptSettings()
    footage = footage_of(banks, network.config.size)
    if not enough(footage, settings):
        outcome = Adapted(network, False, 0, footage.frames, len(footage.apart))
        _LOG.info("Mouth network %s.", outcome.outcome)
        return outcome
    tuned = fine_tuned(network, footage, settings, progress)
    before = errors(network, footage.apart, settings)
    after = errors(tuned, footage.apart, settings)
    used = is_better(before, after, settings)
    outcome = Adapted(
        tuned if used else network, used, settings.steps, footage.frames, len(footage.apart),
        float(before.mean()), float(after.mean()), float((after < before).mean()),
    )  # fmt: skip
    _LOG.info("Mouth network %s.", outcome.outcome)
    return outcome


def enough(footage: Footage, settings: AdaptSettings) -> bool:
    """Tell whether there is footage to learn from and to judge by."""
    return footage.frames >= settings.least_frames and len(footage.apart) >= settings.least_apart


def is_better(before: Float64, after: Float64, settings: AdaptSettings) -> bool:
    """The rule for errors of frames kept apart, shape (n,); False if one is not finite."""
    mean = float(after.mean()) <= (1.0 - settings.gain) * float(before.mean())
    return mean and float((after < before).mean()) >= settings.better


def fine_tuned(
    network: MouthNetwork,
    footage: Footage,
    settings: AdaptSettings,
    progress: Callable[[int], None] | None = None,
) -> MouthNetwork:
    """Fine-tune a copy of a network, without judging it; ``progress`` is told the steps done."""
    optim = MouthOptimConfig(
        steps=settings.steps,
        batch=settings.batch,
        lr=settings.learning_rate,
        warmup=5,
        ema=0.9,
        features=settings.features,
        adversarial=0.0,
        residual_own=settings.residual,
    )
    mix = SampleMix(no_reference=0.0, donor=0.0, random_reference=0.1, corpora={CORPUS: 1.0})
    sampler = MouthSampler(footage.learnt, mix, network.config.size, settings.seed)
    net, critic = new_networks(network.config, settings.seed)
    net.load_state_dict(network.state_dict())
    task = MouthTask(net.to(device_of(network)), critic, sampler, optim, settings.seed)
    trainer = Trainer(task, settings.seed)
    for name, part in net.named_children():
        part.requires_grad_(not settings.layers or name in settings.layers)
    with cpu_threads(1):
        for step in range(settings.steps):
            trainer.step(step)
            if progress is not None:
                progress(step + 1)
    tuned = trainer.averaged()
    assert isinstance(tuned, MouthNetwork)
    return tuned


def errors(
    network: MouthNetwork, samples: Sequence[MouthSample], settings: AdaptSettings
) -> Float64:
    """Measure how far drawn frames are from the true ones as the training loss does, shape (n,)."""
    found = []
    for sample in samples:
        drawn, batch = drawn_by(network, [sample], settings.residual)
        with inference():
            plain = weighted_l1(drawn, batch.truth, batch.raster, drawn.new_full((1,), 5.0))
            look = feature_distance(None, drawn, batch.truth)
        found.append(float(plain + settings.features * look))
    return np.array(found)
