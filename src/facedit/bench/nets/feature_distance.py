"""A perceptual distance of two pictures: weighted differences of a network's unit features.

``d(a, b) = sum over depths l of mean over places of w_l . (f_l(a) - f_l(b))^2``, where ``f_l`` are
the features at depth ``l``, of unit length over the channels, and ``w_l`` trained weights: Zhang et
al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018. What it
may be called depends on the trunk and the weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from facedit.device import device_of, inference
from facedit.types import Float64, UInt8

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_TINY = 1e-10
_BATCH = 4
"""Pairs at a time: more would only need more memory on a CPU."""


class FeatureDistance(nn.Module):
    """The distance by one trunk, which gives features at some depths of scaled pictures.

    ``heads``: of each depth the weights of its channels.
    """

    def __init__(self, trunk: nn.Module, heads: Sequence[Tensor]) -> None:
        super().__init__()
        self.trunk = trunk
        for depth, head in enumerate(heads):
            self.register_buffer(f"head{depth}", head.flatten())
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None])
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None])
        self.eval().requires_grad_(False)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Compare pictures in [-1, 1] (B, 3, H, W) pairwise: distances (B,), 0 for equal ones."""
        both = (torch.cat([one, other]) - self.get_buffer("shift")) / self.get_buffer("scale")
        total = one.new_zeros(len(one))
        for depth, features in enumerate(self.trunk(both)):
            unit = features / (features.square().sum(dim=1, keepdim=True).sqrt() + _TINY)
            difference = (unit[: len(one)] - unit[len(one) :]).square()
            head = self.get_buffer(f"head{depth}")
            total = total + torch.einsum("bchw,c->bhw", difference, head).mean(dim=(1, 2))
        return total

    @inference()
    def distances(self, ones: Sequence[UInt8], others: Sequence[UInt8]) -> Float64:
        """Compare RGB pictures of one size, each (H, W, 3), pairwise, shape (n,)."""
        found = [np.zeros(0, np.float32)]
        for start in range(0, len(ones), _BATCH):
            pair = [
                torch.from_numpy(np.stack(side[start : start + _BATCH])).to(device_of(self))
                for side in (ones, others)
            ]
            one, other = (side.permute(0, 3, 1, 2).float() / 127.5 - 1.0 for side in pair)
            found.append(self(one, other).cpu().numpy())
        return np.concatenate(found).astype(np.float64)
