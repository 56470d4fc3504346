"""Conditional flow matching for infilling: path, loss, guidance, solver.

The linear path of Lipman et al. 2023 and Liu et al. 2023, with the names of the papers:

* ``x_0``: standard normal noise; ``x_1``: motion, centred and scaled; both (B, T, D).
* ``t``: flow time in [0, 1], 0 is noise, shape (B,).
* ``x_t = (1 - t) x_0 + t x_1``; the network is to say its velocity ``dx_t/dt = x_1 - x_0``.
* ``mask``: True where motion is to be drawn, shape (B, T, D). All else is kept.

Of FacEDiT's own we know that much from its abstract: flow matching, infilling under a mask, and
"temporal smoothness constraints". Its path, guidance, solver and the form of the smoothness term
are unknown to us: what stands here is the field's where a source is named, and ours elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from facedit.model.sampler_settings import SamplerSettings

VelocityField = Callable[[Tensor, float], Tensor]
"""``(x_t (B, T, D), t) -> velocity (B, T, D)``: the network with its conditions fixed."""

LEVEL_REACH = 12
"""Frames to each side over which the level of a motion is taken (about a second in all)."""


def path(x_0: Tensor, x_1: Tensor, t: Tensor | float) -> Tensor:
    """Return ``x_t = (1 - t) x_0 + t x_1``.

    Args:
        x_0: Noise, shape (B, T, D).
        x_1: Motion, shape (B, T, D).
        t: Flow time, shape (B,), or one for all.

    Returns:
        The point on the path, shape (B, T, D).
    """
    weight = t[:, None, None] if isinstance(t, Tensor) else t
    return (1 - weight) * x_0 + weight * x_1


def clean_estimate(x_t: Tensor, velocity: Tensor, t: Tensor) -> Tensor:
    """Return the one-step clean estimate ``x_1_hat = x_t + (1 - t) v``, shape (B, T, D)."""
    return x_t + (1 - t[:, None, None]) * velocity


def masked_mean(values: Tensor, weights: Tensor, total: Tensor | None = None) -> Tensor:
    """Return the weighted mean of all entries; 0 if every weight is 0.

    Args:
        values: Any shape.
        weights: Not negative, broadcast to the shape of ``values``.
        total: What to divide by if ``values`` are a part of what the mean is over; the sum of
            ``weights`` if None.

    Returns:
        A scalar.
    """
    weights = weights.to(values.dtype).expand_as(values)
    total = weights.sum() if total is None else total
    return (values * weights).sum() / total.clamp_min(1e-8)


def velocity_loss(
    velocity: Tensor, x_0: Tensor, x_1: Tensor, weights: Tensor, total: Tensor | None = None
) -> Tensor:
    """Return the mean squared error to ``x_1 - x_0`` over weighted entries.

    Args:
        velocity: Predicted velocity, shape (B, T, D).
        x_0: Noise.
        x_1: Motion.
        weights: 0 outside the mask, the dim's weight inside, shape (B, T, D).
        total: As for ``masked_mean``.

    Returns:
        A scalar.
    """
    return masked_mean((velocity - (x_1 - x_0)).square(), weights, total)


def smoothness_loss(
    estimate: Tensor,
    x_1: Tensor,
    mask: Tensor,
    t: Tensor,
    weights: Tensor,
    total: Tensor | None = None,
) -> Tensor:
    """Return the squared error of frame differences, seams included, weighted by t.

    Kept entries of the estimate are replaced by the motion first, so that a pair which straddles a
    seam measures the step from the real neighbour to the drawn frame.

    Args:
        estimate: One-step clean estimate, shape (B, T, D).
        x_1: Motion, shape (B, T, D).
        mask: True where the motion is drawn, shape (B, T, D).
        t: Flow time, shape (B,); early estimates are blurred by nature and count less.
        weights: Weight of each entry, shape (B, T, D); 0 for frames that do not exist.
        total: As for ``masked_mean``.

    Returns:
        A scalar.
    """
    joined = torch.where(mask, estimate, x_1)
    error = (joined.diff(dim=1) - x_1.diff(dim=1)).square()
    return masked_mean(error * t[:, None, None], _pair_weights(mask, weights), total)


def _pair_weights(mask: Tensor, weights: Tensor) -> Tensor:
    """Weigh the pairs of frames of which at least one is drawn, shape (B, T - 1, D)."""
    touched = mask[:, 1:] | mask[:, :-1]
    return touched * torch.minimum(weights[:, 1:], weights[:, :-1])


@dataclass(frozen=True, slots=True)
class Totals:
    """What the terms of a batch's loss are divided by, so that parts of it can be added up.

    Attributes:
        velocity: Sum of the weights of masked entries, a scalar.
        smoothness: Sum of the weights of pairs, a scalar.
        sync: Frames that the sync term counts, a scalar; None without that term.
    """

    velocity: Tensor
    smoothness: Tensor
    sync: Tensor | None = None


def loss_totals(mask: Tensor, dim_weights: Tensor, valid: Tensor) -> Totals:
    """Return what the loss of a batch is divided by.

    Args:
        mask: True where the motion is drawn, shape (B, T, D).
        dim_weights: Weight per motion dim, shape (D,).
        valid: True where a frame exists, shape (B, T).

    Returns:
        The sums over the whole batch.
    """
    weights = dim_weights * valid[..., None]
    return Totals((weights * mask).sum(), _pair_weights(mask, weights).sum())


@dataclass(frozen=True, slots=True)
class FlowLoss:
    """The terms of the training loss.

    Attributes:
        velocity: Flow-matching term, a scalar.
        smoothness: Smoothness term before its factor, a scalar.
        total: Their weighted sum, a scalar.
        sync: Sync term before its factor, a scalar; None without it.
    """

    velocity: Tensor
    smoothness: Tensor
    total: Tensor
    sync: Tensor | None = None


@dataclass(frozen=True, slots=True)
class FlowBatch:
    """Motions on their way from noise.

    Attributes:
        x_0: Noise, shape (B, T, D).
        x_1: Motion, shape (B, T, D).
        t: Flow time, shape (B,).
        mask: True where the motion is drawn, shape (B, T, D).
        valid: True where a frame exists, shape (B, T).
    """

    x_0: Tensor
    x_1: Tensor
    t: Tensor
    mask: Tensor
    valid: Tensor

    @property
    def x_t(self) -> Tensor:
        """Point on the path, shape (B, T, D)."""
        return path(self.x_0, self.x_1, self.t)


def flow_loss(
    velocity: Tensor,
    batch: FlowBatch,
    dim_weights: Tensor,
    smoothness: float,
    totals: Totals | None = None,
) -> FlowLoss:
    """Return the loss of a batch, inside the mask only.

    Args:
        velocity: Predicted velocity at ``batch.x_t``, shape (B, T, D).
        batch: What it should lead to.
        dim_weights: Weight per motion dim, shape (D,).
        smoothness: Factor of the smoothness term.
        totals: Of the whole batch, if this is a part of one: then the parts' losses add up to the
            whole's.

    Returns:
        The terms.
    """
    velocity, mask = velocity.float(), batch.mask
    weights = dim_weights * batch.valid[..., None]
    entries, pairs = (totals.velocity, totals.smoothness) if totals else (None, None)
    main = velocity_loss(velocity, batch.x_0, batch.x_1, weights * mask, entries)
    estimate = clean_estimate(batch.x_t, velocity, batch.t)
    smooth = smoothness_loss(estimate, batch.x_1, mask, batch.t, weights, pairs)
    return FlowLoss(main, smooth, main + smoothness * smooth)


def guided(
    full: Tensor,
    no_speech: Tensor | None,
    no_context: Tensor | None,
    mask: Tensor,
    settings: SamplerSettings,
) -> Tensor:
    """Combine velocities by classifier-free guidance (Ho & Salimans 2022), a scale per condition.

    Guidance is linear, so it enlarges what speech says of the level of a face as much as what it
    says of its course. Of a stranger the level is mostly a guess, which it is wrong to enlarge;
    ``level_guidance`` (ours; as rescaled guidance of Lin et al. 2024 does with the spread) takes a
    share of that part out.

    Args:
        full: Velocity with every condition, shape (B, T, D).
        no_speech: Velocity without speech; None if its scale is 1.
        no_context: Velocity without kept motion; None if its scale is 1.
        mask: True where motion is drawn, shape (B, T, D).
        settings: Holds the scales w; ``v + (w - 1) (v - v_without)`` is added per condition.

    Returns:
        The guided velocity.
    """
    out = full
    if no_speech is not None:
        by_speech = full - no_speech
        if settings.speech_guidance > 1 and settings.level_guidance < 1:
            by_speech = by_speech - (1 - settings.level_guidance) * level_of(by_speech, mask)
        out = out + (settings.speech_guidance - 1) * by_speech
    if no_context is not None:
        out = out + (settings.context_guidance - 1) * (full - no_context)
    return out


def level_of(values: Tensor, mask: Tensor, reach: int = LEVEL_REACH) -> Tensor:
    """Return the mean over the masked frames around each frame.

    Args:
        values: Shape (B, T, D).
        mask: True where values count, shape (B, T, D).
        reach: Frames to each side.

    Returns:
        Shape (B, T, D); 0 where nothing around is masked.
    """
    width = 2 * reach + 1

    def total(of: Tensor) -> Tensor:
        return functional.avg_pool1d(of.mT, width, 1, reach).mT * width

    counted = mask.to(values.dtype)
    return total(values * counted) / total(counted).clamp_min(1.0)


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


def euler(
    field: VelocityField, x_1: Tensor, mask: Tensor, x_0: Tensor, settings: SamplerSettings
) -> Tensor:
    """Integrate the field from noise to motion, with kept entries pinned to the path.

    The loss covers masked entries only, so the field on kept entries is untrained and must never
    move them; at the end they are ``x_1``, bit for bit.

    Args:
        field: The velocity.
        x_1: Motion; entries under ``mask`` are ignored, shape (B, T, D).
        mask: True where motion is to be drawn, shape (B, T, D).
        x_0: Noise to begin with, shape (B, T, D).
        settings: Steps and sway.

    Returns:
        The motion, shape (B, T, D).
    """
    x_t = x_0
    for t, t_next in pairwise(sway_schedule(settings.steps, settings.sway)):
        x_t = torch.where(mask, x_t, path(x_0, x_1, t))
        x_t = x_t + (t_next - t) * field(x_t, t)
    return torch.where(mask, x_t, x_1)
