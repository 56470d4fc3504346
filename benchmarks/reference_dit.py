"""A plain diffusion transformer of equal width and depth, to measure ours against.

``dit_speed.py`` does. As F5-TTS describes its own: kept frames and text (here speech) are joined at
the input, frames attend to each other only, under adaptive layer norm; rotary positions, a
feed-forward of twice the width, PyTorch's fused attention. Its text network, which it computes once
a draw, is left out.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ReferenceBlock(nn.Module):
    """Self-attention and feed-forward, each under shift, scale and gate of the flow time."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.modulation = nn.Linear(width, 6 * width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 2 * width),
            nn.GELU(approximate="tanh"),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, condition: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
        """Refine frames (B, T, W) under a condition (B, W)."""
        parts = self.modulation(F.silu(condition)).chunk(6, dim=-1)
        shift, scale, gate, shift_ff, scale_ff, gate_ff = (part[:, None] for part in parts)
        seen = self.norm(x) * (1 + scale) + shift
        query, key, value = (
            layer(seen).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        mixed = F.scaled_dot_product_attention(turned(query, rotary), turned(key, rotary), value)
        x = x + gate * self.dropout(self.out(mixed.transpose(1, 2).flatten(2)))
        return x + gate_ff * self.feed_forward(self.norm(x) * (1 + scale_ff) + shift_ff)


def turned(x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate pairs of neighbouring channels (B, H, T, C) by cosines and sines (T, C)."""
    cos, sin = rotary
    pairs = x.unflatten(-1, (-1, 2))
    other = torch.stack([-pairs[..., 1], pairs[..., 0]], dim=-1).flatten(-2)
    return x * cos + other * sin


class ReferenceDiT(nn.Module):
    """Takes what ``facedit.model.dit.DiT`` takes."""

    def __init__(
        self, dims: int, speech: int, layers: int, width: int, heads: int, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.head_size = width // heads
        self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.embed = nn.Linear(2 * dims + speech, width)
        self.position = nn.Sequential(
            nn.Conv1d(width, width, 31, padding=15, groups=16),
            nn.Mish(),
            nn.Conv1d(width, width, 31, padding=15, groups=16),
            nn.Mish(),
        )
        self.blocks = nn.ModuleList(ReferenceBlock(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.modulation = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, dims)

    def forward(
        self,
        x_t: Tensor,
        t: Tensor,
        x_1: Tensor,
        mask: Tensor,
        speech: Tensor,
        *,
        valid: Tensor | None = None,
        drop_speech: Tensor | None = None,
    ) -> Tensor:
        """Predict the velocity."""
        if drop_speech is not None:
            speech = speech.masked_fill(drop_speech[:, None, None], 0.0)
        given = torch.cat([x_t, x_1.masked_fill(mask, 0.0), speech], dim=-1)
        x = self.embed(given.to(self.embed.weight.dtype))
        x = x + self.position(x.transpose(1, 2)).transpose(1, 2)
        condition = self.time(self.sinusoids(t).to(x.dtype))
        half = torch.arange(0, self.head_size, 2, device=x.device) / self.head_size
        frames = torch.arange(x.shape[1], device=x.device)
        angles = (frames[:, None] * 10_000.0**-half).repeat_interleave(2, dim=-1)
        rotary = (angles.cos().to(x.dtype), angles.sin().to(x.dtype))
        for block in self.blocks:
            x = block(x, condition, rotary)
        scale, shift = self.modulation(F.silu(condition)).chunk(2, dim=-1)
        return self.out(self.norm(x) * (1 + scale[:, None]) + shift[:, None]).to(x_t.dtype)

    @staticmethod
    def sinusoids(t: Tensor) -> Tensor:
        """Encode flow time (B,), shape (B, 256)."""
        rates = torch.exp(-math.log(10_000) * torch.arange(128, device=t.device) / 127)
        angles = 1000 * t[:, None] * rates
        return torch.cat([angles.sin(), angles.cos()], dim=-1)

    def draw(self, x_0: Tensor, x_1: Tensor, mask: Tensor, speech: Tensor) -> Tensor:
        """Draw as F5-TTS by default: 32 Euler steps, sway -1, guidance 2, both sides as a batch.

        One side is without kept frames and speech. All (1, T, ...).
        """
        x = x_0
        twice, sound = x_1.repeat(2, 1, 1), speech.repeat(2, 1, 1)
        hidden = torch.cat([mask, torch.ones_like(mask)])
        dropped = torch.tensor([False, True], device=x.device)
        even = [step / 32 for step in range(33)]
        times = [t - (math.cos(math.pi / 2 * t) - 1 + t) for t in even]
        for t, after in pairwise(times):
            both = self(
                x.repeat(2, 1, 1), x.new_full((2,), t), twice, hidden, sound, drop_speech=dropped
            )
            full, none = both.chunk(2)
            x = x + (after - t) * (full + (full - none) * (2.0 - 1.0))
        return torch.where(mask, x, x_1)
