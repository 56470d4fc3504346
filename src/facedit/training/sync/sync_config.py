"""The configuration of a sync training: a TOML file with ``kind = "sync"``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from facedit.errors import UsageError
from facedit.fields import build
from facedit.training.motion.config import PoolConfig, RunConfig


@dataclass(frozen=True, slots=True)
class SyncDataConfig:
    """What is learnt from, and how it is varied.

    The changes stand for what the network will be fed: motion tracked again in rendered pictures
    (jitter, smoothing, livelier or lazier lips, another resting face), and other voices, levels
    and recordings.

    Attributes:
        folder: Folder made by ``facedit prepare``; relative to the working directory.
        pools: How corpora are balanced; clips of one pool are each other's wrong answers.
        hold_out_speakers: Speakers of the training split kept for validation.
        hold_out_every: Every n-th training clip of ``hold_out_corpora`` is kept too; 0 for none.
        hold_out_corpora: Corpora to which ``hold_out_every`` applies.
        speech_dims: Principal components kept of the encoder's features.
        whiten: 0 keeps the components' spread, 1 makes it equal.
        balance: Exponent on a speaker's frames in the draw: 1 as found, 0 all speakers alike.
        mirror: Chance that a window is shown mirrored.
        amplitude: The lips move between ``1 - amplitude`` and ``1 + amplitude`` times as much.
        stretch: Largest relative change of speed.
        smooth: Largest weight of each neighbour in a smoothing of the motion (half the windows).
        motion_noise: Largest standard deviation of jitter on scaled motion.
        motion_offset: Standard deviation of another resting face, on scaled motion.
        speech_noise: Largest standard deviation of noise on projected speech.
        speech_offset: Standard deviation of another voice or level, on projected speech.
    """

    folder: str
    pools: tuple[PoolConfig, ...]
    hold_out_speakers: tuple[str, ...] = ()
    hold_out_every: int = 0
    hold_out_corpora: tuple[str, ...] = ()
    speech_dims: int = 128
    whiten: float = 0.5
    balance: float = 0.5
    mirror: float = 0.5
    amplitude: float = 0.3
    stretch: float = 0.1
    smooth: float = 0.25
    motion_noise: float = 0.2
    motion_offset: float = 0.3
    speech_noise: float = 0.3
    speech_offset: float = 0.2


@dataclass(frozen=True, slots=True)
class SyncOptimConfig:
    """How it is learnt.

    Attributes:
        steps: Optimiser steps.
        frames_per_step: Motion frames in a step's batch, about.
        lr: Peak learning rate of AdamW.
        warmup: Steps of linear warm-up.
        decay_from: Step from which the rate falls to 0 along a half cosine.
        weight_decay: Of AdamW, on matrices only.
        clip: Largest norm of the gradient.
        ema: Decay of the averaged weights (reached gradually).
        window_weight: Weight of the loss over whole stretches beside that over single frames.
        shortest: Frames of the shortest stretch that is judged as a whole.
    """

    steps: int
    frames_per_step: int = 1024
    lr: float = 1e-3
    warmup: int = 200
    decay_from: int = 0
    weight_decay: float = 0.05
    clip: float = 1.0
    ema: float = 0.998
    window_weight: float = 1.0
    shortest: int = 8

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            UsageError: If one is out of range.
        """
        if min(self.steps, self.frames_per_step, self.shortest) < 1 or min(self.lr, self.clip) <= 0:
            raise UsageError(f"steps, frames, lr, clip and shortest must be positive: {self}.")


@dataclass(frozen=True, slots=True)
class SyncTrainConfig:
    """A whole experiment.

    Attributes:
        run: Where and how the run lives.
        data: What is learnt from.
        optim: How it is learnt.
        network: Fields of ``SyncNetworkConfig`` that differ from its defaults.
    """

    run: RunConfig
    data: SyncDataConfig
    optim: SyncOptimConfig
    network: dict[str, Any] = field(default_factory=dict)


def sync_config_from(table: Mapping[str, Any]) -> SyncTrainConfig:
    """Build a configuration from a parsed TOML table.

    Args:
        table: Tables ``run``, ``data``, ``optim`` and ``network``; ``kind`` is passed over.

    Returns:
        The configuration. (``UsageError`` if a field is missing, unknown or of a wrong kind.)
    """
    values = {key: value for key, value in table.items() if key != "kind"}
    config = build(SyncTrainConfig, values, "sync training")
    assert isinstance(config, SyncTrainConfig)
    return config
