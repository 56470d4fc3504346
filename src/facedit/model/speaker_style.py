"""Speaker conditioning (ours, an option): how large and how fast the kept motion is."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SpeakerStyle(nn.Module):
    """Embeds statistics of the kept motion, to be added to the flow time's embedding.

    People differ in how far and how fast they move. Frames can read that off kept frames by
    attention; here every block is told. No shipped weights have it; measured in
    docs/journal/training.md.
    """

    def __init__(self, dims: int, width: int) -> None:
        super().__init__()
        last = nn.Linear(width, width)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.mix = nn.Sequential(nn.Linear(3 * dims, width), nn.SiLU(), last)

    def forward(self, x_1: Tensor, mask: Tensor, valid: Tensor | None) -> Tensor:
        """Embed the kept motion, shape (B, width); arguments as of ``motion_statistics``."""
        return torch.as_tensor(self.mix(motion_statistics(x_1, mask, valid)))


def motion_statistics(x_1: Tensor, mask: Tensor, valid: Tensor | None) -> Tensor:
    """Return size and pace of kept motion per dim, and how much of it there is, shape (B, 3 D).

    They are the root mean squares of kept entries and of steps between kept neighbours, and the
    logarithm of one plus the kept entries over 4; each 0 where nothing is kept. Motion (B, T, D) is
    centred on its kept mean; the mask (B, T, D) is True where it is to be drawn, ``valid`` (B, T)
    where a frame exists (None: everywhere).
    """
    kept = ~mask if valid is None else ~mask & valid[..., None]
    motion = x_1.masked_fill(~kept, 0.0)
    pairs = kept[:, 1:] & kept[:, :-1]
    steps = (motion[:, 1:] - motion[:, :-1]).masked_fill(~pairs, 0.0)

    def rms(values: Tensor, counted: Tensor) -> Tensor:
        return (values.square().sum(dim=1) / counted.sum(dim=1).clamp_min(1)).sqrt()

    amount = kept.sum(dim=1).to(x_1.dtype).log1p() / 4
    return torch.cat([rms(motion, kept), rms(steps, pairs), amount], dim=-1)
