"""A perceptual distance of two pictures: weighted differences of a network's unit features.

``d(a, b) = sum over depths l of mean over places of w_l . (f_l(a) - f_l(b))^2``, where ``f_l`` are
the features at depth ``l``, of unit length over the channels, and ``w_l`` are trained weights
(Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR
2018). What it may be called depends on the trunk and the weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from facedit.device import device_of
from facedit.types import Float64, UInt8

_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_TINY = 1e-10
_BATCH = 4
"""Pairs at a time: more would only need more memory on a CPU."""


class FeatureDistance(nn.Module):
    """The distance by one trunk.

    Args:
        trunk: Takes scaled pictures, shape (B, 3, H, W), and returns features of several depths.
        channels: Number of channels at each depth.
    """

    def __init__(self, trunk: nn.Module, channels: Sequence[int]) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = nn.ParameterList(nn.Parameter(torch.zeros(size)) for size in channels)
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None], persistent=False)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Compare pictures.

        Args:
            one: Pictures in [-1, 1], shape (B, 3, H, W).
            other: As many pictures of the same size.

        Returns:
            Distances, 0 for equal pictures, shape (B,).
        """
        both = (torch.cat([one, other]) - self.get_buffer("shift")) / self.get_buffer("scale")
        total = one.new_zeros(len(one))
        for features, head in zip(self.trunk(both), self.heads, strict=True):
            unit = features / (features.square().sum(dim=1, keepdim=True).sqrt() + _TINY)
            difference = (unit[: len(one)] - unit[len(one) :]).square()
            total = total + torch.einsum("bchw,c->bhw", difference, head).mean(dim=(1, 2))
        return total


def picture_distances(
    net: FeatureDistance, ones: Sequence[UInt8], others: Sequence[UInt8]
) -> Float64:
    """Compare pairs of pictures.

    Args:
        net: The network, frozen.
        ones: RGB pictures of one size, each of shape (H, W, 3).
        others: As many of the same size.

    Returns:
        A distance per pair, shape (n,).
    """
    found = []
    with torch.inference_mode():
        for start in range(0, len(ones), _BATCH):
            pair = [
                torch.from_numpy(np.stack(side[start : start + _BATCH])).to(device_of(net))
                for side in (ones, others)
            ]
            one, other = (side.permute(0, 3, 1, 2).float() / 127.5 - 1.0 for side in pair)
            found.append(net(one, other).cpu())
    if not found:
        return np.zeros(0)
    return np.asarray(torch.cat(found).numpy(), np.float64)
