"""Drawing motion: Euler steps with sway, guidance, kept entries pinned (pure functions)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from facedit.errors import UsageError

Field = Callable[[Tensor, Tensor], Tensor]
"""``(x_t (B, T, D), t (B,)) -> velocity (B, T, D)``."""


LEVEL_REACH = 12
"""Frames to each side over which the level of a motion is taken (about a second in all)."""


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
        settle: Share of the level error at a seam that is taken off afterwards (``seams.py``).
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


def sway_schedule(steps: int, sway: float) -> list[float]:
    """Return the flow times of an Euler run: ``t + s (cos(pi t / 2) - 1 + t)`` (F5-TTS).

    Args:
        steps: Euler steps.
        sway: Coefficient s; 0 gives an even schedule.

    Returns:
        ``steps + 1`` ascending times from 0 to 1.
    """
    even = [step / steps for step in range(steps + 1)]
    bent = [t + sway * (math.cos(math.pi / 2 * t) - 1 + t) for t in even]
    return [0.0, *bent[1:-1], 1.0]


def draw_noise(frames: int, dims: int, seeds: Sequence[int]) -> Tensor:
    """Draw the starting noise of each clip from its own generator.

    Args:
        frames: Motion frames.
        dims: Motion dims.
        seeds: One seed per clip: what else is in the batch never changes a clip.

    Returns:
        Standard normal noise, shape (len(seeds), frames, dims).
    """
    return torch.stack(
        [torch.randn(frames, dims, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    )


def guided(
    full: Tensor,
    no_speech: Tensor | None,
    no_context: Tensor | None,
    hidden: Tensor,
    settings: SamplerSettings,
) -> Tensor:
    """Combine velocities by classifier-free guidance (Ho & Salimans 2022), a scale per condition.

    Guidance is linear, so it enlarges what speech says of the level of a face as much as what it
    says of its course. Of a stranger the level is mostly a guess, which it is wrong to enlarge;
    ``level_guidance`` (ours) takes a share of that part out.

    Args:
        full: Velocity with every condition, shape (B, T, D).
        no_speech: Velocity without speech; None if its scale is 1.
        no_context: Velocity without kept motion; None if its scale is 1.
        hidden: True where motion is drawn, shape (B, T, D).
        settings: Holds the scales w; ``v + (w - 1) (v - v_without)`` is added per condition.

    Returns:
        The guided velocity.
    """
    out = full
    if no_speech is not None:
        said = full - no_speech
        if settings.speech_guidance > 1 and settings.level_guidance < 1:
            said = said - (1 - settings.level_guidance) * level_of(said, hidden)
        out = out + (settings.speech_guidance - 1) * said
    if no_context is not None:
        out = out + (settings.context_guidance - 1) * (full - no_context)
    return out


def level_of(values: Tensor, hidden: Tensor, reach: int = LEVEL_REACH) -> Tensor:
    """Return the mean over the hidden frames around each frame.

    Args:
        values: Shape (B, T, D).
        hidden: True where values count, shape (B, T, D).
        reach: Frames to each side.

    Returns:
        Shape (B, T, D); 0 where nothing around is hidden.
    """
    width = 2 * reach + 1

    def total(of: Tensor) -> Tensor:
        return functional.avg_pool1d(of.mT, width, 1, reach).mT * width

    counted = hidden.to(values.dtype)
    return total(values * counted) / total(counted).clamp_min(1.0)


def euler(
    field: Field, truth: Tensor, hidden: Tensor, noise: Tensor, settings: SamplerSettings
) -> Tensor:
    """Integrate the field from noise to motion, with kept entries pinned to their noised truth.

    The loss covers hidden entries only, so the field on kept entries is untrained and must never
    move them; at the end they are the truth, bit for bit.

    Args:
        field: The velocity.
        truth: Clean motion; entries under ``hidden`` are ignored, shape (B, T, D).
        hidden: True where motion is drawn, shape (B, T, D).
        noise: Standard normal noise, shape (B, T, D); scaled by the temperature here.
        settings: Steps, sway and temperature.

    Returns:
        The motion, shape (B, T, D).
    """
    start = settings.temperature * noise
    x = start
    for now, then in pairwise(sway_schedule(settings.steps, settings.sway)):
        x = torch.where(hidden, x, (1 - now) * start + now * truth)
        x = x + (then - now) * field(x, x.new_full((len(x),), now))
    return torch.where(hidden, x, truth)
