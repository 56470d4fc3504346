"""LPIPS v0.1: weighted differences of a network's unit features, by AlexNet or by VGG16.

``d(a, b) = sum over depths l of mean over places of w_l . (f_l(a) - f_l(b))^2``: Zhang et al., "The
Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018. Trunks are
torchvision's, heads those of the package ``lpips``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.bench.judges import vgg
from facedit.device import device_of, inference
from facedit.types import Float64, UInt8

_ALEX = ((0, 3, 64, 11, 4, 2), (3, 64, 192, 5, 1, 2), (6, 192, 384, 3, 1, 1),
         (8, 384, 256, 3, 1, 1), (10, 256, 256, 3, 1, 1))  # fmt: skip
"""Number, channels in and out, side, stride and padding."""

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_BATCH = 4


class AlexTrunk(nn.Module):
    """The convolutions of torchvision's AlexNet (Krizhevsky 2014)."""

    widths = tuple(one[2] for one in _ALEX)

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.ModuleDict({str(one[0]): nn.Conv2d(*one[1:]) for one in _ALEX})

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features at five depths."""
        taps: list[Tensor] = []
        for depth, layer in enumerate(self.features.values()):
            if depth in (1, 2):
                x = functional.max_pool2d(x, 3, stride=2)
            x = functional.relu(layer(x))
            taps.append(x)
        return taps


class VggTrunk(nn.Module):
    """The convolutions of torchvision's VGG16."""

    widths = vgg.WIDTHS

    def __init__(self) -> None:
        super().__init__()
        self.features = vgg.convolutions()

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features at five depths."""
        return vgg.features(self.features, x)


class Lpips(nn.Module):
    """The distance by one trunk.

    Args:
        trunk: Gives features at five depths of scaled pictures.
        heads: Of each depth the weights of its channels.
    """

    def __init__(self, trunk: AlexTrunk | VggTrunk, heads: Sequence[Tensor]) -> None:
        super().__init__()
        self.trunk = trunk
        for depth, head in enumerate(heads):
            self.register_buffer(f"head{depth}", head.reshape(-1))
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None])
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None])

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Compare pictures in [-1, 1], (B, 3, H, W), pairwise: shape (B,)."""
        both = (torch.cat([one, other]) - self.get_buffer("shift")) / self.get_buffer("scale")
        total = one.new_zeros(len(one))
        for depth, found in enumerate(self.trunk(both)):
            unit = found / (found.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)
            apart = (unit[: len(one)] - unit[len(one) :]).square()
            head = self.get_buffer(f"head{depth}")
            total = total + torch.einsum("bchw,c->bhw", apart, head).mean(dim=(1, 2))
        return total

    @inference()
    def distances(self, ones: Sequence[UInt8], others: Sequence[UInt8]) -> Float64:
        """Compare RGB pictures of one size, each (H, W, 3), pairwise: 0 for equal ones, (n,)."""
        found = [np.zeros(0, np.float32)]
        for start in range(0, len(ones), _BATCH):
            one, other = (
                torch.from_numpy(np.stack(side[start : start + _BATCH]))
                .to(device_of(self)).permute(0, 3, 1, 2).float() / 127.5 - 1.0
                for side in (ones, others)
            )  # fmt: skip
            found.append(self(one, other).cpu().numpy())
        return np.concatenate(found).astype(np.float64)
