"""ST-LPIPS: a perceptual distance that a shift by a pixel hardly moves.

``d(a, b) = sum over depths l of mean over places of w_l . (f_l(a) - f_l(b))^2``, where ``f_l`` are
a network's features at depth ``l``, of unit length over the channels, and ``w_l`` trained weights
(Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018). Here
the network is AlexNet with its first convolution at stride 1 and blurred pooling in place of
strides: Ghildyal and Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022 (weights of
``stlpips-pytorch`` 0.0.2, BSD-2-Clause). Its figures are not those of LPIPS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.device import device_of, inference
from facedit.types import Float64, UInt8
from facedit.weights.fetch import asset_path

_ASSET = "stlpips_alex.pth"
_CONVOLUTIONS = (
    ("net.slice1.0", 3, 64, 11),
    ("net.slice2.5", 64, 192, 5),
    ("net.slice3.9", 192, 384, 3),
    ("net.slice4.11", 384, 256, 3),
    ("net.slice5.13", 256, 256, 3),
)
"""Name in the weights, channels in, channels out, side of the kernel."""

_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_TINY = 1e-10
_BATCH = 4
"""Pairs at a time: more would only need more memory on a CPU."""


class ShiftTolerantDistance(nn.Module):
    """Five convolutions with blurred pooling after the first three levels, and a head a depth."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inside, outside, side, padding=min(side // 2, 2))
            for _, inside, outside, side in _CONVOLUTIONS
        )
        self.heads = nn.ParameterList(
            nn.Parameter(torch.zeros(size)) for _, _, size, _ in _CONVOLUTIONS
        )
        row = torch.tensor([1.0, 2.0, 1.0]) / 4.0
        self.register_buffer("blur", (row[:, None] * row)[None, None], persistent=False)
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None], persistent=False)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Compare pictures in [-1, 1] (B, 3, H, W) pairwise: distances (B,), 0 for equal ones."""
        both = (torch.cat([one, other]) - self.get_buffer("shift")) / self.get_buffer("scale")
        total = one.new_zeros(len(one))
        for features, head in zip(self._features(both), self.heads, strict=True):
            unit = features / (features.square().sum(dim=1, keepdim=True).sqrt() + _TINY)
            difference = (unit[: len(one)] - unit[len(one) :]).square()
            total = total + torch.einsum("bchw,c->bhw", difference, head).mean(dim=(1, 2))
        return total

    def _features(self, x: Tensor) -> list[Tensor]:
        """Return the features at five depths of scaled pictures, shape (B, 3, H, W)."""
        first, second, third, fourth, fifth = self.convolutions
        taps = [functional.relu(self._halve(first(x)))]
        taps.append(functional.relu(second(self._pool(taps[-1]))))
        taps.append(functional.relu(third(self._pool(taps[-1]))))
        taps.append(functional.relu(fourth(taps[-1])))
        taps.append(functional.relu(fifth(taps[-1])))
        return taps

    def _pool(self, x: Tensor) -> Tensor:
        return self._halve(functional.max_pool2d(x, 3, stride=1))

    def _halve(self, x: Tensor) -> Tensor:
        """Blur with a binomial filter and take every second place."""
        x = functional.pad(x, (2, 2, 2, 2), mode="reflect")
        blur = self.get_buffer("blur").expand(x.shape[1], 1, 3, 3)
        return functional.conv2d(x, blur, stride=2, groups=x.shape[1])


@dataclass(frozen=True, slots=True)
class StLpips:
    """The loaded metric."""

    net: ShiftTolerantDistance

    def distances(self, ones: Sequence[UInt8], others: Sequence[UInt8]) -> Float64:
        """Compare RGB pictures of one size pairwise: 0 for equal, about 1 for unrelated ones."""
        found = [np.zeros(0, np.float32)]
        with inference():
            for start in range(0, len(ones), _BATCH):
                pair = [
                    torch.from_numpy(np.stack(side[start : start + _BATCH])).to(device_of(self.net))
                    for side in (ones, others)
                ]
                one, other = (side.permute(0, 3, 1, 2).float() / 127.5 - 1.0 for side in pair)
                found.append(self.net(one, other).cpu().numpy())
        return np.concatenate(found).astype(np.float64)


def load_stlpips(device: torch.device | str = "cpu") -> StLpips:
    """Load the metric; ``AssetMissing`` or ``BadWeights`` where it cannot be."""
    state = torch.load(asset_path(_ASSET), map_location="cpu", weights_only=True)
    net = ShiftTolerantDistance()
    for layer, (name, *_) in zip(net.convolutions, _CONVOLUTIONS, strict=True):
        layer.load_state_dict({kind: state[f"{name}.{kind}"] for kind in ("weight", "bias")})
    for depth, head in enumerate(net.heads):
        head.data.copy_(state[f"lin{depth}.model.1.weight"].flatten())
    return StLpips(net.to(device).eval().requires_grad_(False))
