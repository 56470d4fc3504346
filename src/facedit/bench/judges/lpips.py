"""The trunks of LPIPS v0.1 (``FeatureDistance`` by them): torchvision's AlexNet and VGG16."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from facedit.bench.judges import vgg

_ALEX = ((0, 3, 64, 11, 4, 2), (3, 64, 192, 5, 1, 2), (6, 192, 384, 3, 1, 1),
         (8, 384, 256, 3, 1, 1), (10, 256, 256, 3, 1, 1))  # fmt: skip
"""Number, channels in and out, side, stride and padding."""


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
