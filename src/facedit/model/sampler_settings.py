"""How motion is drawn, as data; stored inside a checkpoint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.errors import UsageError
from facedit.types import Float32


@dataclass(frozen=True, slots=True)
class SamplerSettings:
    """How motion is drawn.

    Attributes:
        steps: Euler steps.
        sway: Bends the schedule; -1 spends more steps near the noise, 0 is even (F5-TTS).
        speech_guidance: 1 is none; above 1 moves away from what silence would give.
        level_guidance: Share of speech guidance above 1 that also moves the motion's level, its
            mean over about a second; 1 is plain classifier-free guidance, 0 guides the course only.
        context_guidance: 1 is none; above 1 moves away from what no neighbours would give.
        temperature: Factor on the starting noise of the lips; 0 gives the same lips for every seed.
        free_temperature: The same of face and head, of which speech tells little: what is drawn
            with less noise is nearer to their mean, and a mean stands still.
        settle: Share of the offset at a seam that is taken off afterwards (``seams.py``).
    """

    steps: int = 10
    sway: float = -1.0
    speech_guidance: float = 1.0
    context_guidance: float = 1.0
    temperature: float = 0.3
    settle: float = 0.0
    level_guidance: float = 1.0
    free_temperature: float = 1.2

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            UsageError: If a number is out of range.
        """
        if not 1 <= self.steps <= 1000:
            raise UsageError(f"steps is {self.steps}; choose 1 to 1000.")
        if not -1 <= self.sway <= 2 / (math.pi - 2):
            raise UsageError(f"sway is {self.sway}; choose -1 to 1.75.")
        for temperature in (self.temperature, self.free_temperature):
            if not 0 <= temperature <= 2:
                raise UsageError(f"temperature is {temperature}; choose 0 to 2.")
        if not (0 <= self.settle <= 1 and 0 <= self.level_guidance <= 1):
            raise UsageError(
                f"settle is {self.settle}, level_guidance {self.level_guidance}; choose 0 to 1."
            )
        if not (0 <= self.speech_guidance <= 10 and 0 <= self.context_guidance <= 10):
            raise UsageError(
                f"guidance {self.speech_guidance}, {self.context_guidance}; choose 0 to 10."
            )

    def at_temperature(self, temperature: float) -> SamplerSettings:
        """Return the same with one factor on all noise; 0 gives the mean of the whole face."""
        return replace(self, temperature=temperature, free_temperature=temperature)

    def temperatures(self, names: Sequence[str]) -> Float32:
        """Return the factor on the noise of each motion dim, by their names, shape (D,)."""
        free = [name.startswith(("face", "head")) for name in names]
        return np.where(free, self.free_temperature, self.temperature).astype(np.float32)
