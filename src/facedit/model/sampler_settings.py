"""How motion is drawn, as data; stored inside a checkpoint."""

from __future__ import annotations

import math
from dataclasses import dataclass

from facedit.errors import UsageError


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
        temperature: Factor on the starting noise; 0 gives the same motion for every seed.
        settle: Share of the offset at a seam that is taken off afterwards (``seams.py``).
    """

    steps: int = 10
    sway: float = -1.0
    speech_guidance: float = 1.0
    context_guidance: float = 1.0
    temperature: float = 0.3
    settle: float = 0.0
    level_guidance: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            UsageError: If a number is out of range.
        """
        if not 1 <= self.steps <= 1000:
            raise UsageError(f"steps is {self.steps}; choose 1 to 1000.")
        if not -1 <= self.sway <= 2 / (math.pi - 2):
            raise UsageError(f"sway is {self.sway}; choose -1 to 1.75.")
        if not 0 <= self.temperature <= 2:
            raise UsageError(f"temperature is {self.temperature}; choose 0 to 2.")
        if not (0 <= self.settle <= 1 and 0 <= self.level_guidance <= 1):
            raise UsageError(
                f"settle is {self.settle}, level_guidance {self.level_guidance}; choose 0 to 1."
            )
        if not (0 <= self.speech_guidance <= 10 and 0 <= self.context_guidance <= 10):
            raise UsageError(
                f"guidance {self.speech_guidance}, {self.context_guidance}; choose 0 to 10."
            )
