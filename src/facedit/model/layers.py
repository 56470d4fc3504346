"""Parts of the motion transformer: rotary attention, biases, adaptive layer norm, local convs.

Shapes: ``B`` clips, ``T`` motion frames, ``S`` speech frames, ``W`` width, ``H`` heads.
Additive attention biases are broadcast to ``(B, H, T, S)``; ``-inf`` hides a key.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def timestep_features(t: Tensor, channels: int = 256) -> Tensor:
    """Encode flow time as sinusoids of ``1000 t`` (Vaswani et al. 2017, as in F5-TTS).

    Args:
        t: Flow time in [0, 1], shape (B,).
        channels: Even number of channels.

    Returns:
        Cosines then sines, shape (B, channels).
    """
    half = channels // 2
    rates = torch.exp(-math.log(10_000) * torch.arange(half, device=t.device) / (half - 1))
    angles = 1000.0 * t.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def rotary_tables(frames: int, head_size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the cosines and sines of rotary position embedding (Su et al. 2021).

    Args:
        frames: Length of the sequence.
        head_size: Even channels per head.
        device: Where the tables live.

    Returns:
        Two tensors of shape (frames, head_size / 2).
    """
    half = head_size // 2
    rates = 10_000.0 ** (-torch.arange(half, device=device) / half)
    angles = torch.arange(frames, device=device)[:, None] * rates
    return angles.cos(), angles.sin()


def apply_rotary(x: Tensor, tables: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate pairs of channels by an angle that grows with the frame index.

    Args:
        x: Queries or keys, shape (B, H, T, head size).
        tables: From ``rotary_tables``.

    Returns:
        The rotated tensor, same shape: dot products depend on frame distances only.
    """
    cos, sin = tables[0].to(x.dtype), tables[1].to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def alibi_bias(heads: int, frames: int, device: torch.device) -> Tensor:
    """Return the symmetric ALiBi bias ``-m_h |i - j|`` (Press et al. 2022, made two-sided).

    Args:
        heads: Attention heads; head h has the slope ``2 ** (-8 (h + 1) / heads)``.
        frames: Length of the sequence.
        device: Where the bias lives.

    Returns:
        The bias, shape (heads, frames, frames).
    """
    slopes = 2.0 ** (-8.0 * torch.arange(1, heads + 1, device=device) / heads)
    index = torch.arange(frames, device=device)
    return -slopes[:, None, None] * (index[:, None] - index).abs()


def frame_offsets(frames: int, device: torch.device) -> Tensor:
    """Return ``key index - query index`` for two aligned sequences, shape (frames, frames)."""
    index = torch.arange(frames, device=device)
    return index - index[:, None]


def banded_bias(relative: Tensor, frames: int) -> Tensor:
    """Return the cross-attention bias: learnt inside the band, ``-inf`` outside it.

    Args:
        relative: Bias per head and offset ``-w .. w`` (zeros give the plain band), shape
            (H, 2 w + 1).
        frames: Length of both sequences.

    Returns:
        The bias, shape (H, frames, frames).
    """
    window = relative.shape[1] // 2
    offsets = frame_offsets(frames, relative.device)
    inside = offsets.abs() <= window
    values = relative[:, (offsets + window).clamp(0, 2 * window)]
    return values.masked_fill(~inside, float("-inf"))


def padding_bias(valid: Tensor) -> Tensor:
    """Hide padded keys; a padded query still sees itself so that no row is empty.

    Args:
        valid: True where a frame exists, shape (B, T).

    Returns:
        The bias, shape (B, 1, T, T).
    """
    frames = valid.shape[1]
    seen = valid[:, None, :] | torch.eye(frames, dtype=torch.bool, device=valid.device)
    return torch.zeros(seen.shape, device=valid.device).masked_fill(~seen, float("-inf"))[:, None]


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
        """Attend.

        Args:
            x: Queries' frames, shape (B, T, W).
            source: Keys' and values' frames, shape (B, S, W); ``x`` itself for self-attention.
            bias: Additive bias, broadcast to (B, H, T, S).
            rotary: Tables for both sides, or None.

        Returns:
            The attended frames, shape (B, T, W).
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
        """Return the embedding to add to ``x``.

        Args:
            x: Frames, shape (B, T, W).
            valid: True where a frame exists, shape (B, T), or None for all.

        Returns:
            The embedding, shape (B, T, W).
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
        """Summarise the speech around each frame.

        Args:
            speech: Projected speech features, shape (B, T, speech dims).
            valid: True where a frame exists, shape (B, T), or None for all.

        Returns:
            The summary, shape (B, T, width).
        """
        local: Tensor = self.net(speech)
        if valid is not None:
            local = local * valid[..., None].to(local.dtype)
        out: Tensor = local + F.silu(self.conv(local.transpose(1, 2))).transpose(1, 2)
        return out


class Block(nn.Module):
    """Transformer block with adaLN-zero (Peebles & Xie 2023): each branch starts as nothing.

    Frames attend to each other, then to speech if ``cross_window`` is given, within that many
    frames to each side; ``alibi`` lets attention among frames fall with their distance.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        ff_mult: int,
        cross_window: int | None,
        alibi: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.alibi = alibi
        branches = 2 if cross_window is None else 3
        self.modulation = nn.Linear(width, 3 * branches * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attention = Attention(width, heads)
        self.cross: Attention | None = None
        if cross_window is not None:
            self.cross = Attention(width, heads)
            self.relative = nn.Parameter(torch.zeros(heads, 2 * cross_window + 1))
        self.feed_forward = nn.Sequential(
            nn.Linear(width, ff_mult * width),
            nn.GELU(approximate="tanh"),
            nn.Linear(ff_mult * width, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        speech: Tensor,
        rotary: tuple[Tensor, Tensor],
        padding: Tensor | None,
    ) -> Tensor:
        """Refine the frames.

        Args:
            x: Frames, shape (B, T, W).
            condition: Activated time embedding, shape (B, W).
            speech: Speech frames for cross-attention, shape (B, T, W).
            rotary: Rotary tables.
            padding: Bias that hides padded frames, or None.

        Returns:
            Frames, shape (B, T, W).
        """
        shift, scale, gate, *rest = self.modulation(condition).chunk(9 if self.cross else 6, dim=-1)
        normed = modulate(self.norm(x), shift, scale)
        bias = alibi_bias(self.attention.heads, x.shape[1], x.device) if self.alibi else None
        attended = self.attention(normed, normed, _sum(bias, padding), rotary)
        x = x + gate[:, None] * self.dropout(attended)
        if self.cross is not None:
            shift, scale, gate, *rest = rest
            bias = _sum(banded_bias(self.relative, x.shape[1]), padding)
            attended = self.cross(modulate(self.norm(x), shift, scale), speech, bias)
            x = x + gate[:, None] * self.dropout(attended)
        shift, scale, gate = rest
        changed = self.feed_forward(modulate(self.norm(x), shift, scale))
        out: Tensor = x + gate[:, None] * self.dropout(changed)
        return out


def _sum(bias: Tensor | None, padding: Tensor | None) -> Tensor | None:
    """Add up biases of which either may be missing."""
    return padding if bias is None else bias if padding is None else bias + padding
