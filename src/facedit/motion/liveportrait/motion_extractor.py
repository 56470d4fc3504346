"""LivePortrait's motion extractor: ConvNeXt V2 tiny with a head per part of the motion.

Tensors are called as in the official file, without the leading ``detector.``. The backbone is that
of Woo et al. 2023, "ConvNeXt V2".
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.motion.liveportrait.keypoints import KEYPOINTS, FaceMotion, degrees_of, rotation_of

DEPTHS, WIDTHS = (3, 3, 9, 3), (96, 192, 384, 768)
"""Blocks and channels of the four stages."""

HEADS = {"kp": 63, "scale": 1, "pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63}
"""Outputs and their sizes."""

_EPS = 1e-6


class MotionExtractor(nn.Module):
    """Reads a face's motion from its crop."""

    def __init__(self) -> None:
        super().__init__()
        stem = nn.Sequential(nn.Conv2d(3, WIDTHS[0], 4, 4), ChannelNorm(WIDTHS[0]))
        downs = (
            nn.Sequential(ChannelNorm(before), nn.Conv2d(before, after, 2, 2))
            for before, after in pairwise(WIDTHS)
        )
        self.downsample_layers = nn.ModuleList([stem, *downs])
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(depth)))
            for depth, width in zip(DEPTHS, WIDTHS, strict=True)
        )
        self.norm = nn.LayerNorm(WIDTHS[-1], eps=_EPS)
        for name, size in HEADS.items():
            self.add_module(f"fc_{name}", nn.Linear(WIDTHS[-1], size))

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Compute the raw outputs, by the names of ``HEADS``.

        Args:
            pictures: RGB from 0 to 1, shape (B, 3, 256, 256).

        Returns:
            Shape (B, size) each.
        """
        x = pictures
        for down, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(down(x))
        x = self.norm(x.mean((-2, -1)))
        return {name: self.get_submodule(f"fc_{name}")(x) for name in HEADS}

    def motion_of(self, pictures: Tensor) -> FaceMotion:
        """Read the motion of pictures, RGB from 0 to 1, shape (B, 3, 256, 256)."""
        raw = self(pictures)
        angles = (degrees_of(raw[name]) for name in ("pitch", "yaw", "roll"))
        shape = (len(pictures), KEYPOINTS, 3)
        flat = functional.pad(raw["t"][:, :2], (0, 1))
        return FaceMotion(
            raw["kp"].view(shape), raw["exp"].view(shape), rotation_of(*angles), flat, raw["scale"]
        )


class Block(nn.Module):
    """A depthwise convolution, then two dense layers on each place, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=_EPS)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.grn = ResponseNorm(4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Transform features, shape (B, C, H, W)."""
        y = self.norm(self.dwconv(x).movedim(1, -1))
        y = self.pwconv2(self.grn(functional.gelu(self.pwconv1(y))))
        added: Tensor = x + y.movedim(-1, 1)
        return added


class ResponseNorm(nn.Module):
    """Global response normalisation: channels compete by their size over the whole picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, channels))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise features, shape (B, H, W, C)."""
        size = torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True)
        share = size / (size.mean(-1, keepdim=True) + _EPS)
        normed: Tensor = self.gamma * (x * share) + self.beta + x
        return normed


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of pictures, shape (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each place."""
        normed: Tensor = super().forward(x.movedim(1, -1))
        return normed.movedim(-1, 1)
