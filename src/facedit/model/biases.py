"""Additive biases of attention: our reading of FacEDiT's "biased attention".

Shapes: ``B`` clips, ``T`` motion frames, ``H`` heads. Biases are broadcast to ``(B, H, T, T)``,
queries before keys; ``-inf`` hides a key. ``band.py`` has that of speech. All that is learnt here
can be 0, which is no bias: so a network without biases can go on with them from where it is
(``warm_start.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


def alibi_slopes(heads: int) -> Tensor:
    """Return the slopes that ALiBi begins with, ``2 ** (-8 (h + 1) / heads)``, shape (H,)."""
    # Plain numbers: arithmetic on the meta device would import the whole of torch's compiler.
    return torch.tensor([2.0 ** (-8.0 * (head + 1) / heads) for head in range(heads)])


def alibi_bias(slopes: Tensor, frames: int) -> Tensor:
    """Return the symmetric ALiBi bias ``-m_h |i - j|`` of slopes (H,), shape (H, frames, frames).

    Press et al. 2022, made two-sided.
    """
    return -slopes[:, None, None] * frame_offsets(frames, slopes.device).abs()


def frame_offsets(frames: int, device: torch.device) -> Tensor:
    """Return ``key index - query index`` for two aligned sequences, shape (frames, frames)."""
    index = torch.arange(frames, device=device)
    return index - index[:, None]


def seam_nearness(hidden: Tensor, reach: int) -> Tensor:
    """Say how near each kept frame lies to a hidden one, shape (B, T) as ``hidden``.

    ``reach`` next to one, one less for each frame further away; 0 for hidden frames and from
    ``reach + 1`` frames away on.
    """
    there = hidden.float()[:, None]
    rings = [F.max_pool1d(there, 2 * r + 1, 1, r)[:, 0] for r in range(1, reach + 1)]
    return (torch.stack(rings).sum(dim=0) * ~hidden).long()


def seam_bias(learnt: Tensor, hidden: Tensor, nearness: Tensor) -> Tensor:
    """Let hidden frames attend more, or less, to the kept ones at a seam, shape (B, H, T, T).

    ``learnt`` holds a bias per head and nearness 1 .. reach, shape (H, reach); hidden frames (B, T)
    and ``nearness`` (B, T) are as of ``seam_nearness``.
    """
    keys = F.pad(learnt, (1, 0))[:, nearness].transpose(0, 1)
    return hidden[:, None, :, None] * keys[:, :, None]


def padding_bias(valid: Tensor) -> Tensor:
    """Hide padded keys: ``valid`` (B, T) gives a bias (B, 1, T, T).

    A padded query still sees itself so that no row is empty.
    """
    frames = valid.shape[1]
    seen = valid[:, None, :] | torch.eye(frames, dtype=torch.bool, device=valid.device)
    return torch.zeros(seen.shape, device=valid.device).masked_fill(~seen, float("-inf"))[:, None]


@dataclass(frozen=True, slots=True)
class FrameBias:
    """What biases depend on beside weights, worked out once for all blocks.

    Attributes:
        hidden: True in frames of which something is to be drawn, shape (B, T).
        valid: True where a frame exists, shape (B, T); None without padding.
        nearness: Of ``seam_nearness``, shape (B, T); None without a seam bias.
        padding: Hides padded frames, shape (B, 1, T, T); None without padding.
    """

    hidden: Tensor
    valid: Tensor | None
    nearness: Tensor | None
    padding: Tensor | None

    @classmethod
    def of(cls, mask: Tensor, valid: Tensor | None, reach: int) -> FrameBias:
        """Prepare biases for a mask (B, T, D), True where motion is to be drawn.

        ``valid`` (B, T) is False in padding; seams reach ``reach`` frames into what is kept.
        """
        hidden = mask.any(dim=-1)
        nearness = seam_nearness(hidden, reach) if reach else None
        return cls(hidden, valid, nearness, None if valid is None else padding_bias(valid))

    def among_frames(self, slopes: Tensor | None, seam: Tensor | None) -> Tensor | None:
        """Return the bias of self-attention by slopes (H,) and seam (H, reach), or None."""
        bias = None if slopes is None else alibi_bias(slopes, self.hidden.shape[1])
        if seam is not None and self.nearness is not None:
            at_seams = seam_bias(seam, self.hidden, self.nearness)
            bias = at_seams if bias is None else bias + at_seams
        if self.padding is None:
            return bias
        return self.padding if bias is None else bias + self.padding
