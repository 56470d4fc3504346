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
    """Terms of the loss, scalars.

    Attributes:
        frames: InfoNCE over single frames, both ways.
        windows: InfoNCE over stretches.
        frame_right: Share of the frames whose nearest speech is their own.
        window_right: Share of the stretches whose nearest shift is 0 in their own clip.
    """

    frames: Tensor
    windows: Tensor
    frame_right: Tensor
    window_right: Tensor


def sync_loss(
    motion: Tensor,
    speech: Tensor,
    valid: Tensor,
    stretches: Tensor,
    scales: tuple[Tensor, Tensor],
    reach: int,
) -> SyncLoss:
    """Compare every motion frame of a batch with every speech frame; embeddings are unit (B, T, E).

    ``valid``: true where a frame exists, shape (B, T); ``stretches``: first and last plus one frame
    of each, shape (B, 2); ``scales``: logarithms of the factors on cosines of frames, and on mean
    cosines of stretches; ``reach``: largest shift within the clip that a stretch is compared at.
    """
    count, length, _ = motion.shape
    factors = [scale.exp().clamp(max=100) for scale in scales]
    alike = torch.einsum("bte,cue->btcu", motion, speech)
    there = valid.reshape(-1)
    logits = factors[0] * alike.reshape(count * length, count * length)[there][:, there]
    own = torch.arange(len(logits), device=motion.device)
    frames = (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2
    within, others = _stretch_means(alike, valid, stretches, reach)
    target = torch.full((count,), reach, device=motion.device)
    windows = functional.cross_entropy(factors[1] * torch.cat([within, others], dim=1), target)
    return SyncLoss(
        frames,
        windows,
        (logits.argmax(dim=1) == own).float().mean(),
        (within.argmax(dim=1) == reach).float().mean(),
    )


def _stretch_means(
    alike: Tensor, valid: Tensor, stretches: Tensor, reach: int
) -> tuple[Tensor, Tensor]:
    """Return the mean cosine of each stretch of lips with speech, of cosines (B, T, B, T).

    With its own clip's speech at shifts of -reach to reach, shape (B, 2 reach + 1), and with the
    other clips' at the same frames, shape (B, B); far below -1 where less than half of the stretch
    has a partner.
    """
    count, length = valid.shape
    device = alike.device
    rows = torch.arange(length, device=device)
    inside = (rows >= stretches[:, :1]) & (rows < stretches[:, 1:])
    partner = rows[:, None] + torch.arange(-reach, reach + 1, device=device)
    reached = partner.clamp(0, length - 1)
    exists = (partner >= 0) & (partner < length) & valid[:, reached] & inside[:, :, None]
    own = alike.diagonal(dim1=0, dim2=2).permute(2, 0, 1)
    at_shift = own.gather(2, reached.expand(count, -1, -1))
    pairs = exists.sum(dim=1)
    within = (at_shift * exists).sum(dim=1) / pairs.clamp(min=1)
    within = within.masked_fill(2 * pairs < inside.sum(dim=1, keepdim=True), _NEVER)
    both = inside[:, :, None] & valid.T[None]
    same_frame = alike.diagonal(dim1=1, dim2=3).permute(0, 2, 1)
    shared = both.sum(dim=1)
    others = (same_frame * both).sum(dim=1) / shared.clamp(min=1)
    others = others.masked_fill(2 * shared < inside.sum(dim=1, keepdim=True), _NEVER)
    return within, others.masked_fill(torch.eye(count, dtype=torch.bool, device=device), _NEVER)
