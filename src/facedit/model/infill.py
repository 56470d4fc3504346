"""Draw the hidden entries of a motion: the border between NumPy and the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from facedit.model.checkpoint import MotionModel
from facedit.model.normalise import kept_centre
from facedit.model.sample import Field, SamplerSettings, draw_noise, euler, guided
from facedit.model.windows import Window, plan_windows
from facedit.types import Bool, Float32


def infill(
    model: MotionModel,
    motion: Float32,
    mask: Bool,
    speech: Float32,
    *,
    seed: int,
    takes: int = 1,
    steps: int | None = None,
    guidance: float | None = None,
    context_guidance: float | None = None,
    temperature: float | None = None,
) -> Float32:
    """Draw the hidden entries of a motion from speech and what is kept.

    Editing, dubbing and generation are this one call with different masks. Entries that are kept
    come back bit for bit.

    Args:
        model: From ``load_model``.
        motion: Standardised motion; hidden entries may hold anything, NaN too, shape (T, D).
        mask: True where motion is to be drawn, shape (T, D).
        speech: Features of ``model.encoder`` on the same frames, shape (T, C).
        seed: Seed of take 0; take k is drawn with ``seed + k``, independent of other takes.
        takes: Versions to draw.
        steps: Euler steps; the checkpoint's own default if None, as for the following.
        guidance: Speech guidance; 1 is none.
        context_guidance: Guidance by the kept motion; 1 is none.
        temperature: Factor on the starting noise.

    Returns:
        Motion, shape (takes, T, D). ``SamplerSettings``' error passes through.

    Raises:
        ValueError: If shapes disagree, or kept motion or speech is not finite.
    """
    frames, dims = motion.shape
    wanted = model.net.config.motion_dims, model.projection.matrix.shape[0]
    if mask.shape != motion.shape or dims != wanted[0] or speech.shape != (frames, wanted[1]):
        raise ValueError(
            f"motion {motion.shape}, mask {mask.shape} and speech {speech.shape} do not fit a "
            f"model of {wanted[0]} motion and {wanted[1]} speech dims."
        )
    if not (np.isfinite(motion[~mask]).all() and np.isfinite(speech).all()):
        raise ValueError("kept motion and speech must be finite.")
    out = np.repeat(motion.astype(np.float32)[None], takes, axis=0)
    if not mask.any():
        return out
    settings = _settings(model.sampler, steps, guidance, context_guidance, temperature)
    windows = plan_windows(np.asarray(mask.any(axis=1)))
    seen = np.unique(np.concatenate([window.frames for window in windows]))
    centre = kept_centre(motion[seen], mask[seen])
    device = next(model.net.parameters()).device
    hidden = torch.from_numpy(mask).to(device)[None]
    known = np.where(mask, 0.0, (motion - centre) * model.motion_scale).astype(np.float32)
    truth = torch.from_numpy(known).to(device)[None]
    heard = torch.from_numpy(model.projection(speech)).to(device)[None]
    noise = draw_noise(frames, dims, [seed + take for take in range(takes)]).to(device)
    field = windowed_field(model, windows, truth, hidden, heard, settings)
    with torch.inference_mode(), few_threads(model):
        drawn = euler(field, truth, hidden, noise, settings).cpu().numpy()
    # The caller's own numbers where kept: the round trip through the scale would cost a bit.
    return np.where(mask, drawn / model.motion_scale + centre, out).astype(np.float32)


SMALL = 50_000_000
"""Weights up to which one CPU thread is best."""


@contextmanager
def few_threads(model: MotionModel) -> Iterator[None]:
    """Run a small network on one CPU thread, then put the number of threads back.

    Its matrices are too small to share out: on an idle machine a second thread gains little, on a
    busy one threads wait for each other (measured: 0.3 s became 5 s). The number of threads is the
    process's, so do not draw from several Python threads at once while relying on it.

    Args:
        model: The model.

    Yields:
        Nothing.
    """
    before = torch.get_num_threads()
    small = sum(parameter.numel() for parameter in model.net.parameters()) <= SMALL
    if small:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _settings(
    base: SamplerSettings,
    steps: int | None,
    guidance: float | None,
    context_guidance: float | None,
    temperature: float | None,
) -> SamplerSettings:
    return replace(
        base,
        steps=base.steps if steps is None else steps,
        speech_guidance=base.speech_guidance if guidance is None else guidance,
        context_guidance=(base.context_guidance if context_guidance is None else context_guidance),
        temperature=base.temperature if temperature is None else temperature,
    )


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
        truth: Normalised motion, shape (1, T, D).
        hidden: True where motion is drawn, shape (1, T, D).
        speech: Projected speech, shape (1, T, S).
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
    return guided(full, no_speech, no_context, settings)
