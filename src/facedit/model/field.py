"""The velocity on a canvas: the network with and without its conditions, blended over windows."""

from __future__ import annotations

import torch
from torch import Tensor

from facedit.model.checkpoint import MotionModel
from facedit.model.flow import VelocityField, guided
from facedit.model.sampler_settings import SamplerSettings
from facedit.model.windows import Window


def windowed_field(
    model: MotionModel,
    windows: list[Window],
    x_1: Tensor,
    mask: Tensor,
    speech: Tensor,
    settings: SamplerSettings,
) -> VelocityField:
    """Return the guided velocity on a canvas of any length, blended over windows.

    Motion is normalised; ``x_1`` and ``mask`` (True where motion is drawn) have shape (1 or B, T,
    D), projected speech (1 or B, T, S). The field takes ``x_t`` (B, T, D) and is 0 at frames that
    no window holds.
    """
    indices = [torch.from_numpy(window.frames).to(x_1.device) for window in windows]
    shares = [torch.from_numpy(window.weights).to(x_1.device)[:, None] for window in windows]

    def field(x_t: Tensor, t: Tensor) -> Tensor:
        total, weight = torch.zeros_like(x_t), x_t.new_zeros(x_t.shape[1], 1)
        for index, share in zip(indices, shares, strict=True):
            part = guided_velocity(
                model, x_t[:, index], t, x_1[:, index], mask[:, index], speech[:, index], settings
            )
            total.index_add_(1, index, part * share)
            weight.index_add_(0, index, share)
        return total / weight.clamp_min(1e-8)

    return field


def guided_velocity(
    model: MotionModel,
    x_t: Tensor,
    t: Tensor,
    x_1: Tensor,
    mask: Tensor,
    speech: Tensor,
    settings: SamplerSettings,
) -> Tensor:
    """Evaluate the network with and without its conditions, as far as guidance needs it: (B, T, D).

    ``x_t`` has shape (B, T, D), flow time (B,), the others are as of ``windowed_field``; entries of
    ``x_1`` under the mask are ignored.
    """
    count = len(x_t)
    x_1, mask = x_1.expand_as(x_t), mask.expand_as(x_t)
    speech = speech.expand(count, -1, -1)
    full: Tensor = model.net(x_t, t, x_1, mask, speech)
    no_speech = no_context = None
    if settings.speech_guidance != 1:
        everywhere = torch.ones(count, dtype=torch.bool, device=x_t.device)
        no_speech = model.net(x_t, t, x_1, mask, speech, drop_speech=everywhere)
    if settings.context_guidance != 1:
        no_context = model.net(x_t, t, x_1, torch.ones_like(mask), speech)
    return guided(full, no_speech, no_context, mask, settings)
