"""The convolutions of VGG16 (Simonyan and Zisserman 2014), as torchvision numbers its layers."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

LEVELS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
"""Numbers of the convolutions between two pools."""

WIDTHS = (64, 128, 256, 512, 512)
"""Channels of each level."""


def convolutions() -> nn.ModuleDict:
    """Make the convolutions by their numbers, as text."""
    made, before = nn.ModuleDict(), 3
    for numbers, width in zip(LEVELS, WIDTHS, strict=True):
        for number in numbers:
            made[str(number)] = nn.Conv2d(before, width, 3, padding=1)
            before = width
    return made


def features(layers: nn.ModuleDict, x: Tensor, ceil: int = -1) -> list[Tensor]:
    """Return what each of five levels gives of pictures (B, 3, H, W), before its pool.

    ``ceil``: before which level the pool rounds up.
    """
    found: list[Tensor] = []
    for level, numbers in enumerate(LEVELS):
        if level:
            x = functional.max_pool2d(x, 2, ceil_mode=level == ceil)
        for number in numbers:
            x = functional.relu(layers[str(number)](x))
        found.append(x)
    return found
