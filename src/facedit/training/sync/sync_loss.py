"""What the sync network learns: to tell the right moment from the others, and from other clips.

InfoNCE (van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018)
twice: over single frames, and over the mean similarity of a whole stretch, which is what the
measure reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_NEVER = -1e4


@dataclass(frozen=True, slots=True)
class SyncLoss:
    """Terms of the loss.

    Attributes:
        frames: InfoNCE over single frames, both ways.
        windows: InfoNCE over stretches.
        frame_right: Share of the frames whose nearest speech is their own.
        window_right: Share of the stretches whose nearest shift is 0 in their own clip.
    """

    frames: Tensor
    windows: Tensor
    frame_right: float
    window_right: float


def sync_loss(
    motion: Tensor,
    speech: Tensor,
    valid: Tensor,
    stretches: Tensor,
    frame_scale: Tensor,
    window_scale: Tensor,
    reach: int,
) -> SyncLoss:
    """Compare every motion frame of a batch with every speech frame.

    Args:
        motion: Unit embeddings, shape (B, T, E).
        speech: Unit embeddings, shape (B, T, E).
        valid: True where a frame exists, shape (B, T).
        stretches: First and last plus one frame of each stretch, shape (B, 2).
        frame_scale: Logarithm of the factor on cosines of frames.
        window_scale: Logarithm of the factor on mean cosines of stretches.
        reach: Largest shift within the clip that a stretch is compared at.

    Returns:
        The terms.
    """
    count, length, _ = motion.shape
    alike = torch.einsum("bte,cue->btcu", motion, speech)
    there = valid.reshape(-1)
    flat = alike.reshape(count * length, count * length)[there][:, there]
    logits = frame_scale.exp().clamp(max=100) * flat
    device = motion.device
    own = torch.arange(len(logits), device=device)
    frames = (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2
    frame_right = (logits.argmax(dim=1) == own).float().mean()

    rows = torch.arange(length, device=device)
    inside = (rows >= stretches[:, :1]) & (rows < stretches[:, 1:])
    shifts = torch.arange(-reach, reach + 1, device=device)
    partner = rows[:, None] + shifts
    reached = partner.clamp(0, length - 1)
    exists = (partner >= 0) & (partner < length) & valid[:, reached] & inside[:, :, None]
    within = alike.diagonal(dim1=0, dim2=2).permute(2, 0, 1)
    at_shift = within.gather(2, reached.expand(count, -1, -1))
    pairs = exists.sum(dim=1)
    means = (at_shift * exists).sum(dim=1) / pairs.clamp(min=1)
    enough = 2 * pairs >= inside.sum(dim=1, keepdim=True)
    means = means.masked_fill(~enough, _NEVER)
    # Other clips at the same frames.
    both = inside[:, :, None] & valid.T[None]
    other = alike.diagonal(dim1=1, dim2=3).permute(0, 2, 1)
    shared = both.sum(dim=1)
    others = (other * both).sum(dim=1) / shared.clamp(min=1)
    others = others.masked_fill(2 * shared < inside.sum(dim=1, keepdim=True), _NEVER)
    others = others.masked_fill(torch.eye(count, dtype=torch.bool, device=device), _NEVER)
    target = torch.full((count,), reach, device=device)
    scores = window_scale.exp().clamp(max=100) * torch.cat([means, others], dim=1)
    windows = functional.cross_entropy(scores, target)
    window_right = (means.argmax(dim=1) == reach).float().mean()
    return SyncLoss(frames, windows, float(frame_right), float(window_right))
