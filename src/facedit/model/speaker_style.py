"""Speaker conditioning: how large and how fast the visible motion is."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Habits(nn.Module):
    """Sums up kept motion into a vector that is added to the flow time's embedding.

    People differ in how far and how fast they move. Frames can read that off kept frames by
    attention; here every block is told (ours, an option; measured in docs/journal/training.md).
    """

    def __init__(self, dims: int, width: int) -> None:
        super().__init__()
        last = nn.Linear(width, width)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.mix = nn.Sequential(nn.Linear(3 * dims, width), nn.SiLU(), last)

    def forward(self, kept: Tensor, hidden: Tensor, valid: Tensor | None) -> Tensor:
        """Sum up the kept motion.

        Args:
            kept: Motion, hidden entries may hold anything, shape (B, T, D).
            hidden: True where motion is to be drawn, shape (B, T, D).
            valid: True where a frame exists, shape (B, T); None if all do.

        Returns:
            Shape (B, width).
        """
        return torch.as_tensor(self.mix(habits(kept, hidden, valid)))


def habits(kept: Tensor, hidden: Tensor, valid: Tensor | None) -> Tensor:
    """Return size and pace of kept motion per dim, and how much of it there is.

    Args:
        kept: Motion centred on its kept mean, shape (B, T, D).
        hidden: True where motion is to be drawn, shape (B, T, D).
        valid: True where a frame exists, shape (B, T); None if all do.

    Returns:
        Root mean squares of kept entries and of steps between kept neighbours, and the logarithm of
        one plus the kept entries over 4; each 0 where nothing is kept. Shape (B, 3 D).
    """
    known = ~hidden if valid is None else ~hidden & valid[..., None]
    motion = kept.masked_fill(~known, 0.0)
    pairs = known[:, 1:] & known[:, :-1]
    steps = (motion[:, 1:] - motion[:, :-1]).masked_fill(~pairs, 0.0)

    def rms(values: Tensor, there: Tensor) -> Tensor:
        return (values.square().sum(dim=1) / there.sum(dim=1).clamp_min(1)).sqrt()

    much = known.sum(dim=1).to(kept.dtype).log1p() / 4
    return torch.cat([rms(motion, known), rms(steps, pairs), much], dim=-1)
