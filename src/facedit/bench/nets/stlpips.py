"""ST-LPIPS: a perceptual distance that a shift by a pixel hardly moves.

The trunk is AlexNet with its first convolution at stride 1 and blurred pooling in place of strides:
Ghildyal and Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022 (weights of
``stlpips-pytorch`` 0.0.2, BSD-2-Clause). Its figures are not those of LPIPS.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.bench.nets.feature_distance import FeatureDistance
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


class ShiftTolerantTrunk(nn.Module):
    """Five convolutions with blurred pooling after the first three levels."""

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


def load_stlpips(device: torch.device | str = "cpu") -> FeatureDistance:
    """Load the metric; ``AssetMissing`` or ``BadWeights`` where it cannot be."""
    state = torch.load(asset_path(_ASSET), map_location="cpu", weights_only=True)
    trunk = ShiftTolerantTrunk()
    for layer, (name, *_) in zip(trunk.convolutions, _CONVOLUTIONS, strict=True):
        layer.load_state_dict({kind: state[f"{name}.{kind}"] for kind in ("weight", "bias")})
    heads = [state[f"lin{depth}.model.1.weight"] for depth in range(len(_CONVOLUTIONS))]
    return FeatureDistance(trunk, heads).to(device)
