"""Picture features for Fréchet distances: MobileNetV2 before its classifier.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018; weights of
torchvision's ImageNet model (``mobilenet_v2-b0353104``, BSD-3-Clause).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from facedit.device import device_of, inference
from facedit.types import Float32, UInt8
from facedit.weights.fetch import asset_path

SIZE = 1280
"""Numbers in a feature vector."""

_ASSET = "mobilenet_v2-b0353104.pth"
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
    (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip
"""Table 2 of the paper: expansion, channels, repeats, stride of the first."""

_BATCH = 8


def _layer(inside: int, outside: int, side: int = 1, stride: int = 1, groups: int = 1) -> nn.Module:
    """A convolution, normalised and clipped."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, side, stride, side // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """Widen (``expansion`` times), filter each channel, narrow; a shortcut if the shape stays."""

    def __init__(self, inside: int, outside: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        layers = [_layer(inside, wide)] if expansion > 1 else []
        layers += [
            _layer(wide, wide, 3, stride, wide),
            nn.Conv2d(wide, outside, 1, bias=False),
            nn.BatchNorm2d(outside),
        ]
        self.conv = nn.Sequential(*layers)  # the name is the weights'
        self.shortcut = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's features."""
        out: Tensor = self.conv(x)
        return x + out if self.shortcut else out


class MobileNetV2(nn.Module):
    """The network up to the mean over places."""

    def __init__(self) -> None:
        super().__init__()
        layers = [_layer(3, 32, 3, 2)]
        inside = 32
        for expansion, outside, repeats, stride in _STAGES:
            for number in range(repeats):
                step = 1 if number else stride
                layers.append(InvertedResidual(inside, outside, step, expansion))
                inside = outside
        layers.append(_layer(inside, SIZE))
        self.features = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(_STD)[:, None, None], persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Describe pictures in [0, 1], (B, 3, H, W), of 32 pixels or more a side: (B, 1280)."""
        scaled = (pictures - self.get_buffer("mean")) / self.get_buffer("std")
        features: Tensor = self.features(scaled).mean(dim=(2, 3))
        return features


@dataclass(frozen=True, slots=True)
class PictureFeatures:
    """The loaded network."""

    net: MobileNetV2

    def describe(self, pictures: Sequence[UInt8]) -> Float32:
        """Describe RGB pictures of one size: features, shape (n, 1280)."""
        rows = [np.zeros((0, SIZE), np.float32)]
        with inference():
            for start in range(0, len(pictures), _BATCH):
                batch = torch.from_numpy(np.stack(pictures[start : start + _BATCH]))
                batch = batch.to(device_of(self.net)).permute(0, 3, 1, 2)
                rows.append(self.net(batch.float() / 255.0).cpu().numpy())
        return np.concatenate(rows).astype(np.float32)


def load_picture_features(device: torch.device | str = "cpu") -> PictureFeatures:
    """Load the network; ``AssetMissing`` if it is not installed, ``BadWeights`` if damaged."""
    state = torch.load(asset_path(_ASSET), map_location="cpu", weights_only=True)
    net = MobileNetV2()
    net.load_state_dict(
        {name: value for name, value in state.items() if name.startswith("features.")}
    )
    return PictureFeatures(net.to(device).eval().requires_grad_(False))
