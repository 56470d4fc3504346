"""Flow matching on the linear path (Lipman et al. 2023; rectified flow, Liu et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def path(noise: Tensor, data: Tensor, t: Tensor) -> Tensor:
    """Return ``x_t = (1 - t) x_0 + t x_1``.

    Args:
        noise: ``x_0``, shape (B, T, D).
        data: ``x_1``, shape (B, T, D).
        t: Flow time, shape (B,).

    Returns:
        The point on the path, shape (B, T, D).
    """
    weight = t[:, None, None]
    return (1 - weight) * noise + weight * data


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
    velocity: Tensor, noise: Tensor, data: Tensor, weights: Tensor, total: Tensor | None = None
) -> Tensor:
    """Return the mean squared error to ``x_1 - x_0`` over weighted entries.

    Args:
        velocity: Predicted velocity, shape (B, T, D).
        noise: ``x_0``.
        data: ``x_1``.
        weights: 0 outside the mask, the dim's weight inside, shape (B, T, D).
        total: As for ``masked_mean``.

    Returns:
        A scalar.
    """
    return masked_mean((velocity - (data - noise)).square(), weights, total)


def smoothness_loss(
    estimate: Tensor,
    data: Tensor,
    hidden: Tensor,
    t: Tensor,
    weights: Tensor,
    total: Tensor | None = None,
) -> Tensor:
    """Return the squared error of frame differences, seams included, weighted by t.

    Kept entries of the estimate are replaced by the data first, so that a pair which straddles a
    seam measures the step from the real neighbour to the drawn frame.

    Args:
        estimate: One-step clean estimate, shape (B, T, D).
        data: Clean motion, shape (B, T, D).
        hidden: True where the motion is drawn, shape (B, T, D).
        t: Flow time, shape (B,); early estimates are blurred by nature and count less.
        weights: Weight of each entry, shape (B, T, D); 0 for frames that do not exist.
        total: As for ``masked_mean``.

    Returns:
        A scalar.
    """
    joined = torch.where(hidden, estimate, data)
    error = (joined.diff(dim=1) - data.diff(dim=1)).square()
    return masked_mean(error * t[:, None, None], _pair_weights(hidden, weights), total)


def _pair_weights(hidden: Tensor, weights: Tensor) -> Tensor:
    """Weigh the pairs of frames of which at least one is drawn, shape (B, T - 1, D)."""
    touched = hidden[:, 1:] | hidden[:, :-1]
    return touched * torch.minimum(weights[:, 1:], weights[:, :-1])


@dataclass(frozen=True, slots=True)
class Totals:
    """What the terms of a batch's loss are divided by, so that parts of it can be added up.

    Attributes:
        velocity: Sum of the weights of hidden entries, a scalar.
        smoothness: Sum of the weights of pairs, a scalar.
        sync: Frames that the sync term counts, a scalar; None without that term.
    """

    velocity: Tensor
    smoothness: Tensor
    sync: Tensor | None = None


def loss_totals(hidden: Tensor, dim_weights: Tensor, valid: Tensor) -> Totals:
    """Return what the loss of a batch is divided by.

    Args:
        hidden: True where the motion is drawn, shape (B, T, D).
        dim_weights: Weight per motion dim, shape (D,).
        valid: True where a frame exists, shape (B, T).

    Returns:
        The sums over the whole batch.
    """
    weights = dim_weights * valid[..., None]
    return Totals((weights * hidden).sum(), _pair_weights(hidden, weights).sum())


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


def flow_loss(
    velocity: Tensor,
    x_t: Tensor,
    t: Tensor,
    noise: Tensor,
    data: Tensor,
    hidden: Tensor,
    dim_weights: Tensor,
    valid: Tensor,
    smoothness: float,
    totals: Totals | None = None,
) -> FlowLoss:
    """Return the loss of a batch, inside the mask only.

    Args:
        velocity: Predicted velocity, shape (B, T, D).
        x_t: Point on the path, shape (B, T, D).
        t: Flow time, shape (B,).
        noise: ``x_0``, shape (B, T, D).
        data: ``x_1``, shape (B, T, D).
        hidden: True where the motion is drawn, shape (B, T, D).
        dim_weights: Weight per motion dim, shape (D,).
        valid: True where a frame exists, shape (B, T).
        smoothness: Factor of the smoothness term.
        totals: Of the whole batch, if this is a part of one: then the parts' losses add up to the
            whole's.

    Returns:
        The terms.
    """
    velocity = velocity.float()
    weights = dim_weights * valid[..., None]
    entries, pairs = (totals.velocity, totals.smoothness) if totals else (None, None)
    main = velocity_loss(velocity, noise, data, weights * hidden, entries)
    estimate = clean_estimate(x_t, velocity, t)
    smooth = smoothness_loss(estimate, data, hidden, t, weights, pairs)
    return FlowLoss(main, smooth, main + smoothness * smooth)
