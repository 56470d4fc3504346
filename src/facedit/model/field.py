"""The velocity on a canvas: the network with and without its conditions, blended over windows."""

from __future__ import annotations

import torch
from torch import Tensor

from facedit.model.checkpoint import MotionModel
from facedit.model.sample import Field, SamplerSettings, guided
from facedit.model.windows import Window


def windowed_field(
    model: MotionModel,
    windows: list[Window],
    truth: Tensor,
    hidden: Tensor,
    speech: Tensor,
    settings: SamplerSettings,
) -> Field:
    """Return the guided velocity on a canvas of any length, blended over windows.

    Args:
        model: The model.
        windows: What the network sees at once.
        truth: Normalised motion, shape (1 or B, T, D).
        hidden: True where motion is drawn, shape (1 or B, T, D).
        speech: Projected speech, shape (1 or B, T, S).
        settings: Guidance scales.

    Returns:
        The field over ``x_t`` (B, T, D); 0 at frames that no window holds.
    """
    indices = [torch.from_numpy(window.frames).to(truth.device) for window in windows]
    shares = [torch.from_numpy(window.weights).to(truth.device)[:, None] for window in windows]

    def field(x: Tensor, t: Tensor) -> Tensor:
        total, weight = torch.zeros_like(x), x.new_zeros(x.shape[1], 1)
        for index, share in zip(indices, shares, strict=True):
            part = guided_velocity(
                model, x[:, index], t, truth[:, index], hidden[:, index], speech[:, index], settings
            )
            total.index_add_(1, index, part * share)
            weight.index_add_(0, index, share)
        return total / weight.clamp_min(1e-8)

    return field


def guided_velocity(
    model: MotionModel,
    x_t: Tensor,
    t: Tensor,
    truth: Tensor,
    hidden: Tensor,
    speech: Tensor,
    settings: SamplerSettings,
) -> Tensor:
    """Evaluate the network with and without its conditions, as far as guidance needs it.

    Args:
        model: The model.
        x_t: Motion on the path, shape (B, T, D).
        t: Flow time, shape (B,).
        truth: Normalised kept motion, shape (1 or B, T, D).
        hidden: True where motion is drawn, shape (1 or B, T, D).
        speech: Projected speech, shape (1 or B, T, S).
        settings: Guidance scales.

    Returns:
        The velocity, shape (B, T, D).
    """
    count = len(x_t)
    kept, hidden = truth.expand_as(x_t), hidden.expand_as(x_t)
    speech = speech.expand(count, -1, -1)
    full: Tensor = model.net(x_t, t, kept, hidden, speech)
    no_speech = no_context = None
    if settings.speech_guidance != 1:
        deaf = torch.ones(count, dtype=torch.bool, device=x_t.device)
        no_speech = model.net(x_t, t, kept, hidden, speech, drop_speech=deaf)
    if settings.context_guidance != 1:
        no_context = model.net(x_t, t, kept, torch.ones_like(hidden), speech)
    return guided(full, no_speech, no_context, hidden, settings)
