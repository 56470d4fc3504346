"""WavLM: from a 16 kHz wave to the hidden states of every layer, 50 a second.

Chen, Wang, Chen, Wu et al. 2022, "WavLM: Large-Scale Self-Supervised Pre-Training for Full Stack
Speech Processing". Seven convolutions, a convolution that tells positions, and a transformer whose
attention has a gated relative position bias. ``Base`` normalises after each part of a layer,
``Large`` before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

KERNELS, STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)
"""Of the convolutions: 400 samples of sound a state, a state every 320 samples."""

BUCKETS, FARTHEST = 320, 800
"""Of the position bias: distances in ticks share a bucket the more, the larger they are."""

_POSITION_KERNEL, _POSITION_GROUPS = 128, 16


@dataclass(frozen=True, slots=True)
class WavLMSize:
    """The size of a network.

    Attributes:
        layers: Transformer layers.
        width: Channels of a state.
        heads: Attention heads.
        feed_forward: Channels inside a layer's feed-forward part.
        conv_channels: Channels of the convolutions.
        pre_norm: The form of ``Large``: normalised before attention and feed-forward, LayerNorm
            after every convolution, and a wave of zero mean and unit variance.
    """

    layers: int
    width: int
    heads: int
    feed_forward: int
    conv_channels: int
    pre_norm: bool


class WavLM(nn.Module):
    """The encoder, without heads and without the masking of its training; random at first."""

    def __init__(self, size: WavLMSize) -> None:
        super().__init__()
        self.size = size
        channels, width = size.conv_channels, size.width
        self.convs = nn.ModuleList(
            nn.Conv1d(channels if i else 1, channels, kernel, stride, bias=False)
            for i, (kernel, stride) in enumerate(zip(KERNELS, STRIDES, strict=True))
        )
        self.conv_norms = nn.ModuleList(
            [nn.LayerNorm(channels) for _ in KERNELS]
            if size.pre_norm
            else [nn.GroupNorm(channels, channels)]
        )
        self.conv_norm = nn.LayerNorm(channels)
        self.projection = nn.Linear(channels, width)
        self.position = nn.Conv1d(
            width, width, _POSITION_KERNEL, padding=_POSITION_KERNEL // 2, groups=_POSITION_GROUPS
        )
        self.position_bias = nn.Embedding(BUCKETS, size.heads)
        self.layers = nn.ModuleList(Layer(size) for _ in range(size.layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, wave: Tensor, last: int | None = None) -> list[Tensor]:
        """Compute hidden states of 16 kHz amplitudes (B, N), ``normalised`` for ``Large``.

        Up to layer ``last``, all if None: the input of the first layer and the output of each,
        shape (B, (N - 400) // 320 + 1, width). (``norm`` of the last one is the output of a
        pre-norm network.)
        """
        x = self.projection(self.conv_norm(self.local(wave).mT))
        x = x + functional.gelu(self.position(x.mT)[..., :-1]).mT
        if not self.size.pre_norm:
            x = self.norm(x)
        buckets = relative_buckets(x.shape[1], x.device)
        bias = self.position_bias(buckets).permute(2, 0, 1)
        states = [x]
        for layer in self.layers[:last]:
            states.append(layer(states[-1], bias))
        return states

    def local(self, wave: Tensor) -> Tensor:
        """Compute what the convolutions hear, shape (B, channels, ticks)."""
        x = wave[:, None]
        for i, conv in enumerate(self.convs):
            x = conv(x)
            if self.size.pre_norm:
                x = self.conv_norms[i](x.mT).mT
            elif i == 0:
                x = self.conv_norms[0](x)
            x = functional.gelu(x)
        return x


class Layer(nn.Module):
    """A transformer layer; all share one position bias, each gates it by what it hears."""

    def __init__(self, size: WavLMSize) -> None:
        super().__init__()
        self.heads, self.pre_norm = size.heads, size.pre_norm
        width = size.width
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.gate = nn.Linear(width // size.heads, 8)
        self.gate_scale = nn.Parameter(torch.ones(1, size.heads, 1, 1))
        self.attention_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.widen = nn.Linear(width, size.feed_forward)
        self.narrow = nn.Linear(size.feed_forward, width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Attend and transform: states (B, T, width), position bias (heads, T, T)."""
        if self.pre_norm:
            x = x + self.attend(self.attention_norm(x), bias)
            return x + self.transform(self.norm(x))
        x = self.attention_norm(x + self.attend(x, bias))
        normed: Tensor = self.norm(x + self.transform(x))
        return normed

    def attend(self, x: Tensor, bias: Tensor) -> Tensor:
        """Attend with the position bias, gated per head and query."""
        heads = self._split(x)
        a, b = self.gate(heads).view(*heads.shape[:-1], 2, 4).sum(-1).sigmoid().split(1, dim=-1)
        gate = a * (b * self.gate_scale - 1.0) + 2.0
        query, key, value = (self._split(part(x)) for part in (self.query, self.key, self.value))
        attended = functional.scaled_dot_product_attention(query, key, value, gate * bias)
        mixed: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return mixed

    def _split(self, x: Tensor) -> Tensor:
        """Split states into heads, (B, heads, T, width / heads)."""
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def transform(self, x: Tensor) -> Tensor:
        """Transform each state by itself."""
        narrowed: Tensor = self.narrow(functional.gelu(self.widen(x)))
        return narrowed


def relative_buckets(ticks: int, device: torch.device | str = "cpu") -> Tensor:
    """Return the position bias's bucket of each query and key, shape (ticks, ticks)."""
    at = torch.arange(ticks, device=device)
    return bucket_of(at[None, :] - at[:, None])


def bucket_of(offset: Tensor) -> Tensor:
    """Return the bucket of a key at an offset in ticks from the query.

    Half of the buckets are for keys after the query. Of each half, one half holds single distances,
    the other ever wider ranges up to ``FARTHEST``.
    """
    half = BUCKETS // 2
    exact = half // 2
    distance = offset.abs()
    far = (distance.clamp(min=1).float() / exact).log() / math.log(FARTHEST / exact)
    wide = (exact + (far * (half - exact)).long()).clamp(max=half - 1)
    return torch.where(distance < exact, distance, wide) + half * (offset > 0)


def normalised(wave: Tensor) -> Tensor:
    """Give a wave, shape (B, N), zero mean and unit variance, as ``Large`` wants it."""
    return functional.layer_norm(wave, wave.shape[-1:])
