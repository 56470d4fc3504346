"""Steps of the sync training: no files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from facedit.device import device_of
from facedit.lip_sync.distance import REACH
from facedit.lip_sync.sync_network import SyncNetwork
from facedit.training.motion.loop import learning_rate, make_optimiser
from facedit.training.state import Ema
from facedit.training.sync.sync_config import SyncOptimConfig
from facedit.training.sync.sync_data import SyncSampler
from facedit.training.sync.sync_loss import sync_loss


@dataclass(frozen=True, slots=True)
class SyncStep:
    """Figures of one step.

    Attributes:
        frames: InfoNCE over single frames.
        windows: InfoNCE over stretches.
        frame_right: Share of frames whose nearest speech is their own.
        window_right: Share of stretches whose nearest shift is 0.
        grad_norm: Norm of the gradient before clipping.
        lr: Learning rate.
    """

    frames: float
    windows: float
    frame_right: float
    window_right: float
    grad_norm: float
    lr: float


class SyncTrainer:
    """Takes steps.

    Args:
        net: The network.
        sampler: Draws batches.
        config: How it is learnt.
        seed: Seed of dropout.
    """

    def __init__(
        self, net: SyncNetwork, sampler: SyncSampler, config: SyncOptimConfig, seed: int
    ) -> None:
        self.net, self.sampler, self.config = net, sampler, config
        self.ema = Ema(net, config.ema)
        self.optimiser = make_optimiser(net, config)
        self._seed = seed

    def step(self, step: int) -> SyncStep:
        """Take one optimiser step.

        Args:
            step: Step number; decides batches, dropout and rate, whatever came before.

        Returns:
            Figures of the step.
        """
        config = self.config
        rate = learning_rate(step, config)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.net.train()
        self.optimiser.zero_grad(set_to_none=True)
        batches = self.sampler.draw(step)
        figures = np.zeros(4)
        seed = int(np.random.SeedSequence([self._seed, step]).generate_state(1, np.uint64)[0] >> 1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # dropout has no generator of its own
            for batch in batches:
                arrays = (batch.motion, batch.speech, batch.valid, batch.stretches)
                motion, speech, valid, stretches = (
                    torch.from_numpy(values).to(device_of(self.net)) for values in arrays
                )
                loss = sync_loss(
                    self.net.motion(motion),
                    self.net.speech(speech),
                    valid,
                    stretches,
                    self.net.frame_scale,
                    self.net.window_scale,
                    REACH,
                )
                total = (loss.frames + config.window_weight * loss.windows) / len(batches)
                total.backward()  # type: ignore[no-untyped-call]
                figures += [
                    float(loss.frames.detach()),
                    float(loss.windows.detach()),
                    loss.frame_right,
                    loss.window_right,
                ]
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), config.clip)
        self.optimiser.step()
        self.ema.update(self.net)
        frames, windows, frame_right, window_right = (float(v) for v in figures / len(batches))
        return SyncStep(frames, windows, frame_right, window_right, float(norm), rate)
