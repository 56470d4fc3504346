"""Parts of the motion transformer: rotary attention, adaptive layer norm, local convolutions.

Shapes: ``B`` clips, ``T`` motion frames, ``S`` speech frames, ``W`` width, ``H`` heads.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facedit.model.biases import FrameBias, alibi_slopes, banded_bias
from facedit.model.config import ModelConfig


def timestep_features(t: Tensor, channels: int = 256) -> Tensor:
    """Encode flow time (B,) in [0, 1] as sinusoids of ``1000 t``, shape (B, channels).

    Cosines then sines (Vaswani et al. 2017, as in F5-TTS); the number of channels is even.
    """
    half = channels // 2
    rates = torch.exp(-math.log(10_000) * torch.arange(half, device=t.device) / (half - 1))
    angles = 1000.0 * t.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def rotary_tables(frames: int, head_size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return cosines and sines of rotary position embedding, shape (frames, head_size / 2) each.

    Su et al. 2021; the head size is even.
    """
    half = head_size // 2
    rates = 10_000.0 ** (-torch.arange(half, device=device) / half)
    angles = torch.arange(frames, device=device)[:, None] * rates
    return angles.cos(), angles.sin()


def apply_rotary(x: Tensor, tables: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate pairs of channels of queries or keys (B, H, T, head size) by angles growing with T.

    So dot products depend on frame distances only; the tables are ``rotary_tables``'.
    """
    cos, sin = tables[0].to(x.dtype), tables[1].to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Apply adaptive layer norm's shift and scale, (B, W), to frames (B, T, W)."""
    return x * (1 + scale[:, None]) + shift[:, None]


class Attention(nn.Module):
    """Multi-head attention with optional rotary positions and an additive bias."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self,
        x: Tensor,
        source: Tensor,
        bias: Tensor | None = None,
        rotary: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Let the queries' frames ``x`` (B, T, W) attend to those of ``source`` (B, S, W).

        ``source`` is ``x`` itself for self-attention; the additive bias broadcasts to (B, H, T, S),
        the rotary tables serve both sides.
        """
        query = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        key, value = self.key_value(source).unflatten(-1, (2 * self.heads, -1)).chunk(2, dim=2)
        key, value = key.transpose(1, 2), value.transpose(1, 2)
        if rotary is not None:
            query, key = apply_rotary(query, rotary), apply_rotary(key, rotary)
        # Written out: on CPU and at 30 to 100 frames this is about twice as fast as the fused op.
        scores = (query @ key.transpose(-1, -2)) * query.shape[-1] ** -0.5
        scores = scores if bias is None else scores + bias
        mixed = scores.softmax(dim=-1).to(value.dtype) @ value
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out


class ConvPosition(nn.Module):
    """Convolutional position embedding: two grouped convolutions with Mish (as in F5-TTS)."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        groups = math.gcd(width, 16)
        self.first = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=groups)
        self.second = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=groups)

    def forward(self, x: Tensor, valid: Tensor | None) -> Tensor:
        """Return the embedding to add to ``x``, both (B, T, W).

        ``valid`` (B, T) is False in padding; None if there is none.
        """
        keep = 1.0 if valid is None else valid[:, None].to(x.dtype)
        mixed = F.mish(self.first(x.transpose(1, 2) * keep)) * keep
        out: Tensor = F.mish(self.second(mixed)).transpose(1, 2)
        return out


class SpeechWindow(nn.Module):
    """Local summary of speech: a per-frame network, then one convolution with a residual."""

    def __init__(self, speech_dims: int, width: int, window: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(speech_dims, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.conv = nn.Conv1d(width, width, 2 * window + 1, padding=window)

    def forward(self, speech: Tensor, valid: Tensor | None) -> Tensor:
        """Summarise projected speech (B, T, speech dims) around each frame, shape (B, T, width).

        ``valid`` (B, T) is False in padding; None if there is none.
        """
        local: Tensor = self.net(speech)
        if valid is not None:
            local = local * valid[..., None].to(local.dtype)
        out: Tensor = local + F.silu(self.conv(local.transpose(1, 2))).transpose(1, 2)
        return out


class Block(nn.Module):
    """Transformer block with adaLN-zero (Peebles & Xie 2023): each branch starts as nothing.

    Frames attend to each other, then to speech if ``config.cross_attention``; ``biases`` says how
    attention is biased.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, heads = config.width, config.heads
        self.modulation = nn.Linear(width, 3 * (3 if config.cross_attention else 2) * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attention = Attention(width, heads)
        self.slopes = nn.Parameter(alibi_slopes(heads)) if config.alibi else None
        seam = config.seam_window
        self.seam = nn.Parameter(torch.zeros(heads, seam)) if seam else None
        self.cross: Attention | None = None
        if config.cross_attention:
            self.cross = Attention(width, heads)
            self.relative = nn.Parameter(torch.zeros(heads, 2 * config.cross_window + 1))
        self.feed_forward = nn.Sequential(
            nn.Linear(width, config.ff_mult * width),
            nn.GELU(approximate="tanh"),
            nn.Linear(config.ff_mult * width, width),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        speech: Tensor,
        rotary: tuple[Tensor, Tensor],
        frames: FrameBias,
    ) -> Tensor:
        """Refine the frames ``x`` (B, T, W).

        ``condition`` is the activated time embedding (B, W), ``speech`` (B, T, W) is for
        cross-attention, ``frames`` says which of them are padding and which lie at a seam.
        """
        shift, scale, gate, *rest = self.modulation(condition).chunk(9 if self.cross else 6, dim=-1)
        normed = modulate(self.norm(x), shift, scale)
        bias = frames.among_frames(self.slopes, self.seam)
        attended = self.attention(normed, normed, bias, rotary)
        x = x + gate[:, None] * self.dropout(attended)
        if self.cross is not None:
            shift, scale, gate, *rest = rest
            bias = frames.hiding_padding(banded_bias(self.relative, x.shape[1]))
            attended = self.cross(modulate(self.norm(x), shift, scale), speech, bias)
            x = x + gate[:, None] * self.dropout(attended)
        shift, scale, gate = rest
        changed = self.feed_forward(modulate(self.norm(x), shift, scale))
        out: Tensor = x + gate[:, None] * self.dropout(changed)
        return out
