"""Parts of the motion transformer: rotary attention, adaptive layer norm, local convolutions.

Shapes: ``B`` clips, ``T`` motion frames, ``S`` speech frames, ``W`` width, ``H`` heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facedit.model.band import Band
from facedit.model.biases import FrameBias, alibi_slopes
from facedit.model.config import ModelConfig


def timestep_features(t: Tensor, channels: int = 256) -> Tensor:
    """Encode flow time (...) in [0, 1] as sinusoids of ``1000 t``, shape (..., channels).

    Cosines then sines (Vaswani et al. 2017, as in F5-TTS); the number of channels is even.
    """
    half = channels // 2
    rates = torch.exp(-math.log(10_000) * torch.arange(half, device=t.device) / (half - 1))
    angles = 1000.0 * t.float()[..., None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def rotary_tables(frames: int, head_size: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosines and sines of rotary position embedding, shape (frames, head_size / 2) each.

    Su et al. 2021; the head size is even. They are of the kind, and in the place, of ``like``.
    """
    half = head_size // 2
    rates = 10_000.0 ** (-torch.arange(half, device=like.device) / half)
    angles = torch.arange(frames, device=like.device)[:, None] * rates
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def apply_rotary(x: Tensor, tables: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate pairs of channels of queries or keys (B, H, T, head size) by angles growing with T.

    So dot products depend on frame distances only; the tables are ``rotary_tables``'.
    """
    cos, sin = tables
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Apply adaptive layer norm's shift and scale, (B or 1, W), to frames (B, T, W)."""
    return torch.addcmul(shift[:, None], x, 1 + scale[:, None])


class Heads(nn.Module):
    """Heads of attention, of ``inner`` channels together."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, inner)
        self.key_value = nn.Linear(width, 2 * inner)
        self.out = nn.Linear(inner, width)

    def queries(self, x: Tensor) -> Tensor:
        """Return the queries of frames (B, T, W), shape (B, H, T, head size)."""
        query: Tensor = self.query(x).unflatten(-1, (self.heads, -1))
        return query.transpose(1, 2)

    def keys_values(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values of frames (B, S, W), shape (B, H, S, head size) each."""
        key, value = self.key_value(source).unflatten(-1, (2 * self.heads, -1)).chunk(2, dim=2)
        return key.transpose(1, 2), value.transpose(1, 2)

    def joined(self, mixed: Tensor) -> Tensor:
        """Bring what the heads found (B, H, T, head size) together, shape (B, T, W)."""
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out


class Attention(Heads):
    """Multi-head attention among frames, with rotary positions and an additive bias."""

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor], bias: Tensor | None) -> Tensor:
        """Let frames (B, T, W) attend to each other.

        The additive bias broadcasts to (B, H, T, T).
        """
        query, (key, value) = self.queries(x), self.keys_values(x)
        query, key = apply_rotary(query, rotary), apply_rotary(key, rotary)
        return self.joined(F.scaled_dot_product_attention(query, key, value, bias))


@dataclass(frozen=True, slots=True)
class SpeechKeys:
    """What motion frames attend to, whatever they are: speech, cut for a band.

    Attributes:
        key: Shape (B, H N, S, head size), N blocks of S frames each.
        value: Likewise.
        bias: Shape (B or 1, H N, L, S), for L queries a block.
        band: How frames are cut.
    """

    key: Tensor
    value: Tensor
    bias: Tensor
    band: Band


class CrossAttention(Heads):
    """Multi-head attention of motion frames to the speech around them, under a banded bias."""

    def speech_keys(self, speech: Tensor, relative: Tensor, valid: Tensor | None) -> SpeechKeys:
        """Prepare speech (B, T, W); ``relative`` and ``valid`` are as of ``Band.bias``."""
        band = Band.of(speech.shape[1], relative.shape[1] // 2)
        key, value = self.keys_values(speech)
        bias = band.bias(relative, valid).to(key.dtype)
        return SpeechKeys(band.keys(key), band.keys(value), bias, band)

    def forward(self, x: Tensor, speech: SpeechKeys) -> Tensor:
        """Let frames (B, T, W) attend to speech."""
        query = speech.band.queries(self.queries(x))
        mixed = F.scaled_dot_product_attention(query, speech.key, speech.value, speech.bias)
        return self.joined(speech.band.joined(mixed))


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


@dataclass(frozen=True, slots=True)
class BlockConditions:
    """What a block is given beside frames and flow time: the same at every Euler step.

    Attributes:
        bias: Of attention among frames, broadcast to (B, H, T, T); None for none.
        speech: For cross-attention; None without it.
    """

    bias: Tensor | None
    speech: SpeechKeys | None


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
        self.attention = Attention(width, heads, width)
        self.slopes = nn.Parameter(alibi_slopes(heads)) if config.alibi else None
        seam = config.seam_window
        self.seam = nn.Parameter(torch.zeros(heads, seam)) if seam else None
        self.cross: CrossAttention | None = None
        if config.cross_attention:
            crossing = config.cross_heads or heads
            self.cross = CrossAttention(width, crossing, crossing * (width // heads))
            self.relative = nn.Parameter(torch.zeros(crossing, 2 * config.cross_window + 1))
        self.feed_forward = nn.Sequential(
            nn.Linear(width, config.ff_mult * width),
            nn.GELU(approximate="tanh"),
            nn.Linear(config.ff_mult * width, width),
        )
        self.dropout = nn.Dropout(config.dropout)

    def conditions(self, speech: Tensor, frames: FrameBias) -> BlockConditions:
        """Prepare speech (B, T, W) for cross-attention, and biases for frames such as these."""
        bias = frames.among_frames(self.slopes, self.seam)
        bias = None if bias is None else bias.to(speech.dtype)
        if self.cross is None:
            return BlockConditions(bias, None)
        return BlockConditions(bias, self.cross.speech_keys(speech, self.relative, frames.valid))

    def forward(
        self,
        x: Tensor,
        modulation: Tensor,
        rotary: tuple[Tensor, Tensor],
        given: BlockConditions,
    ) -> Tensor:
        """Refine the frames ``x`` (B, T, W).

        ``modulation`` holds shift, scale and gate of each branch, side by side, (B or 1, 6 or 9 W).
        """
        shift, scale, gate, *rest = modulation.chunk(9 if self.cross else 6, dim=-1)
        attended = self.attention(modulate(self.norm(x), shift, scale), rotary, given.bias)
        x = torch.addcmul(x, gate[:, None], self.dropout(attended))
        if self.cross is not None:
            shift, scale, gate, *rest = rest
            attended = self.cross(modulate(self.norm(x), shift, scale), given.speech)
            x = torch.addcmul(x, gate[:, None], self.dropout(attended))
        shift, scale, gate = rest
        changed = self.feed_forward(modulate(self.norm(x), shift, scale))
        return torch.addcmul(x, gate[:, None], self.dropout(changed))
