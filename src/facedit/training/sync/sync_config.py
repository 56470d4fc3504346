"""What a training of the sync network is told: a TOML file with ``kind = "sync"``."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedit.errors import UsageError
from facedit.training.experiment import ClipsConfig, Experiment, OptimConfig, RunConfig


@dataclass(frozen=True, slots=True)
class SyncClipsConfig(ClipsConfig):
    """What is learnt from, and how it is varied; clips of one pool are each other's wrong answers.

    The changes stand for what the network will be fed: motion tracked again in rendered pictures
    (jitter, smoothing, livelier or lazier lips, another resting face), and other voices, levels
    and recordings.

    Attributes:
        amplitude: The lips move between ``1 - amplitude`` and ``1 + amplitude`` times as much.
        smooth: Largest weight of each neighbour in a smoothing of the motion (half the windows).
        motion_noise: Largest standard deviation of jitter on scaled motion.
        motion_offset: Standard deviation of another resting face, on scaled motion.
        speech_noise: Largest standard deviation of noise on projected speech.
        speech_offset: Standard deviation of another voice or level, on projected speech.
    """

    stretch: float = 0.1
    amplitude: float = 0.3
    smooth: float = 0.25
    motion_noise: float = 0.2
    motion_offset: float = 0.3
    speech_noise: float = 0.3
    speech_offset: float = 0.2


@dataclass(frozen=True, slots=True)
class SyncOptimConfig(OptimConfig):
    """How the sync network is learnt.

    Attributes:
        frames_per_step: Motion frames in a step's batch, about.
        window_weight: Weight of the loss over whole stretches beside that over single frames.
        shortest: Frames of the shortest stretch that is judged as a whole.
    """

    weight_decay: float = 0.05
    ema: float = 0.998
    frames_per_step: int = 1024
    window_weight: float = 1.0
    shortest: int = 8

    def __post_init__(self) -> None:
        """Check the ranges; ``UsageError`` if a value is out of one."""
        OptimConfig.__post_init__(self)
        if min(self.frames_per_step, self.shortest) < 1:
            raise UsageError(f"frames_per_step and shortest must be positive: {self}.")


@dataclass(frozen=True, slots=True)
class SyncExperiment(Experiment):
    """A whole experiment; ``network`` has what differs from ``SyncNetworkConfig``'s defaults."""

    run: RunConfig
    optim: SyncOptimConfig
    data: SyncClipsConfig
    network: dict[str, object] = field(default_factory=dict)
