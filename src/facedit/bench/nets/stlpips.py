"""ST-LPIPS: a perceptual distance that a shift by a pixel hardly moves.

AlexNet with its first convolution at stride 1 and blurred pooling in place of strides, and the
linear heads trained for it: Ghildyal and Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV
2022 (weights of ``stlpips-pytorch`` 0.0.2, BSD-2-Clause). Its figures are not those of LPIPS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.bench.nets.feature_distance import FeatureDistance, picture_distances
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


class ShiftTolerantAlexNet(nn.Module):
    """The trunk: five convolutions; blurred pooling after the first three levels."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inside, outside, side, padding=min(side // 2, 2))
            for _, inside, outside, side in _CONVOLUTIONS
        )
        row = torch.tensor([1.0, 2.0, 1.0]) / 4.0
        self.register_buffer("blur", (row[:, None] * row)[None, None], persistent=False)

    def forward(self, x: Tensor) -> list[Tensor]:
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
    """The loaded metric.

    Attributes:
        net: The network, frozen.
    """

    net: FeatureDistance

    def distances(self, ones: Sequence[UInt8], others: Sequence[UInt8]) -> Float64:
        """Compare pairs of pictures.

        Args:
            ones: RGB pictures of one size, each of shape (H, W, 3).
            others: As many of the same size.

        Returns:
            ST-LPIPS of each pair, 0 for equal pictures, about 1 for unrelated ones, shape (n,).
        """
        return picture_distances(self.net, ones, others)


def load_stlpips(device: torch.device | str = "cpu") -> StLpips:
    """Load the metric.

    Args:
        device: Where its network is to compute.

    Returns:
        It, with the fetched weights. (``AssetMissing`` if they are not installed, ``BadWeights``
        if they are damaged.)
    """
    state = torch.load(asset_path(_ASSET), map_location="cpu", weights_only=True)
    trunk = ShiftTolerantAlexNet()
    for layer, (name, *_) in zip(trunk.convolutions, _CONVOLUTIONS, strict=True):
        layer.load_state_dict({kind: state[f"{name}.{kind}"] for kind in ("weight", "bias")})
    net = FeatureDistance(trunk, [size for _, _, size, _ in _CONVOLUTIONS])
    for depth, head in enumerate(net.heads):
        head.data.copy_(state[f"lin{depth}.model.1.weight"].flatten())
    return StLpips(net.to(device).eval().requires_grad_(False))
