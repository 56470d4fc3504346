"""How a motion model is fine-tuned to a speaker; nothing heavy, for the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from facedit.errors import UsageError
from facedit.inputs import check_seed


@dataclass(frozen=True, slots=True)
class TuneOptions:
    """How a model is fine-tuned; chosen on held-out speakers of the training split.

    Attributes:
        steps: Steps of training.
        share: How far to go from the base's weights to the tuned ones: in between is better than
            either, and surer (WiSE-FT, Wortsman et al. 2022).
        seconds: End the training after so many seconds; the result then depends on the machine's
            speed.
        seed: Same seed, same result.
        lr: Peak learning rate: linear warm-up, then a half cosine to 0.
        pull: Share by which each step draws the weights back to the base's, in units of the
            learning rate (L2-SP, Li, Grandvalet, Davoine 2018, decoupled as AdamW's decay).
        frames_per_step: Motion frames of a step's batch, about.
        ema: Decay of the averaged weights.
        mirror: Chance that a window is shown mirrored: a person's own asymmetry is learnt too.
        amplitude: Deviation of the logarithm of a random factor on lips and face.
    """

    steps: int = 100
    share: float = 0.5
    seconds: float | None = None
    seed: int = 0
    lr: float = 1e-4
    pull: float = 1.0
    frames_per_step: int = 256
    ema: float = 0.99
    mirror: float = 0.25
    amplitude: float = 0.05

    def __post_init__(self) -> None:
        """Check what a user can set; ``UsageError`` if a value is out of range."""
        if not 1 <= self.steps <= 100_000:
            raise UsageError(f"--steps {self.steps}: choose 1 to 100000.")
        if self.seconds is not None and not 0 < self.seconds < float("inf"):
            raise UsageError(f"--seconds {self.seconds}: give a time above 0.")
        check_seed(self.seed)


@dataclass(frozen=True, slots=True)
class AdaptOptions:
    """What ``facedit adapt`` begins with, and where it works.

    Attributes:
        weights: What to begin with: default, grid, or a file of motion weights.
        device: Where networks compute: auto, cpu, cuda or mps.
        work: Keep tracks and features here for a further run.
        force: Replace an output that exists.
        tune: How the model is fine-tuned.
    """

    weights: str = field(default="default", metadata={"metavar": "NAME|FILE"})
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})
    work: Path | None = field(default=None, metadata={"metavar": "DIR"})
    force: bool = False
    tune: TuneOptions = field(default_factory=TuneOptions)
