"""Two small convolutional encoders that bring lips and speech into one space.

A frame of lip motion and the speech of the same moment are to have near embeddings, others far
ones. The idea is SyncNet's (Chung & Zisserman, "Out of Time: Automated Lip Sync in the Wild",
2016), but the input is tracked motion instead of pixels and speech features instead of MFCC, and
each motion frame has an embedding of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.errors import UsageError

KERNELS = (5, 5, 3)
"""Widths of the convolutions: an embedding sees 11 frames (0.44 s)."""

LARGEST = 2048
"""Most channels of any layer."""

START_SCALE = 10.0
"""Factor on cosines in the softmax before training."""


@dataclass(frozen=True, slots=True)
class SyncNetworkConfig:
    """Size of the network: dims of lip motion, projected speech and embeddings; channels inside."""

    motion_dims: int
    speech_dims: int
    motion_width: int = 192
    speech_width: int = 192
    embedding: int = 64
    dropout: float = 0.15

    def __post_init__(self) -> None:
        """Check the ranges, so that a forged file cannot ask for any amount of memory."""
        sizes = (
            self.motion_dims, self.speech_dims, self.motion_width, self.speech_width,
            self.embedding,
        )  # fmt: skip
        if not all(1 <= size <= LARGEST for size in sizes) or not 0 <= self.dropout < 1:
            raise UsageError(f"sizes must be from 1 to {LARGEST}, dropout from 0 to 1: {self}.")


class Block(nn.Module):
    """Convolution over time, normalisation over channels, GELU; added to its input where it fits.

    The kernel is odd.
    """

    def __init__(self, channels: int, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv1d(
            channels, width, kernel, padding=kernel // 2, padding_mode="replicate"
        )
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, T) to (B, W, T)."""
        out: Tensor = self.norm(self.conv(x).transpose(1, 2)).transpose(1, 2)
        out = self.dropout(functional.gelu(out))
        return x + out if out.shape == x.shape else out


class Encoder(nn.Module):
    """A sequence to one unit vector per frame."""

    def __init__(self, dims: int, width: int, embedding: int, dropout: float) -> None:
        super().__init__()
        sizes = [dims] + [width] * len(KERNELS)
        self.blocks = nn.Sequential(
            *(
                Block(before, after, kernel, dropout)
                for before, after, kernel in zip(sizes, sizes[1:], KERNELS, strict=False)
            )
        )
        self.head = nn.Conv1d(width, embedding, 1)

    def forward(self, values: Tensor) -> Tensor:
        """Encode sequences (B, T, C) to unit vectors (B, T, E)."""
        out = self.head(self.blocks(values.transpose(1, 2))).transpose(1, 2)
        return functional.normalize(out, dim=-1)


class SyncNetwork(nn.Module):
    """Encoders of lips and speech, and the softmax's learnt factors."""

    def __init__(self, config: SyncNetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.motion = Encoder(
            config.motion_dims, config.motion_width, config.embedding, config.dropout
        )
        self.speech = Encoder(
            config.speech_dims, config.speech_width, config.embedding, config.dropout
        )
        start = torch.tensor(START_SCALE).log()
        self.frame_scale = nn.Parameter(start.clone())
        self.window_scale = nn.Parameter(start.clone())
