"""Our motion model at any setting, with parts taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedit.bench.systems.system import TRACKS, Heard, InfillTask, Pictures, System
from facedit.device import device_of
from facedit.model.checkpoint import MotionModel, load_model, weights_path
from facedit.model.infill import Task, infill_batch
from facedit.speech.encoders.encoders import encoder_of
from facedit.types import Float32
from facedit.weights.fetch import sha256_of


@dataclass(frozen=True, slots=True)
class Setting:
    """How our model is used.

    Attributes:
        weights: Name of shipped weights, or a file.
        steps: Euler steps; the weights' own if None, as for the following.
        temperature: Factor on the starting noise of the whole face.
        guidance: Speech guidance; 0 takes the speech away.
        level_guidance: Share of speech guidance above 1 that also moves the motion's level.
        settle: Share of the level error taken off at seams.
        context: Show the motion around the span; without it everything is hidden.
        sound: ``own``, or ``other``: another clip's sound.
        render: Make pictures; without them only the motion is measured.
    """

    weights: str = "default"
    steps: int | None = None
    temperature: float | None = None
    guidance: float | None = None
    level_guidance: float | None = None
    settle: float | None = None
    context: bool = True
    sound: Heard = "own"
    render: bool = True


Load = Callable[[Path], MotionModel]
"""Loads motion weights."""


def ours(name: str, about: str, setting: Setting, load: Load = load_model) -> System:
    """Make a system of our model; ``AssetMissing`` or ``BadWeights`` if its weights are no use."""
    weights = weights_path(setting.weights)
    model = load(weights)
    own = model.sampler
    noise = own if setting.temperature is None else own.at_temperature(setting.temperature)
    settings = replace(
        noise,
        steps=own.steps if setting.steps is None else setting.steps,
        speech_guidance=own.speech_guidance if setting.guidance is None else setting.guidance,
        level_guidance=(
            own.level_guidance if setting.level_guidance is None else setting.level_guidance
        ),
        settle=own.settle if setting.settle is None else setting.settle,
    )
    chosen = replace(model, sampler=settings)

    def draw(task: InfillTask, takes: int) -> Float32:
        return complete(chosen, task, takes, context=setting.context, sound=setting.sound)

    origin = f"{sha256_of(weights)[:16]} {settings} {setting.sound}"
    pictures: Pictures = "rendered" if setting.render else "none"
    return System(
        name, about, pictures, TRACKS, draw, settings.temperature > 0,
        origin=origin, space=model.space,
    )  # fmt: skip


def complete(
    model: MotionModel, task: InfillTask, takes: int, *, context: bool, sound: Heard
) -> Float32:
    """Let the model complete a task: motion, kept entries as they were, shape (takes, T, D)."""
    speech = task.hear(sound, encoder_of(model.encoder, device_of(model.net)))
    kept = np.nan_to_num(task.motion)
    mask = task.mask if context else np.ones_like(task.mask)
    tasks = [Task(kept, mask, speech, task.seed + take) for take in range(takes)]
    drawn = np.stack(infill_batch(model, tasks, model.sampler))
    return np.where(task.mask, drawn, kept).astype(np.float32)
