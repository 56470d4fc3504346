"""LPIPS v0.1 on AlexNet, when the user has its two files of weights.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018:
torchvision's ImageNet AlexNet and the linear heads of the package ``lpips``. The arithmetic is that
of ``nets/feature_distance.py``, which was checked against other weights of the same family. Not
checked, for want of the trunk's weights: that figures agree with the package's own.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.bench.nets.feature_distance import FeatureDistance, picture_distances
from facedit.errors import BadWeights
from facedit.types import Float64, UInt8

_CONVOLUTIONS = (
    ("features.0", 3, 64, 11, 4, 2),
    ("features.3", 64, 192, 5, 1, 2),
    ("features.6", 192, 384, 3, 1, 1),
    ("features.8", 384, 256, 3, 1, 1),
    ("features.10", 256, 256, 3, 1, 1),
)
"""Name in the weights, channels in, channels out, side, stride, padding."""


class AlexNet(nn.Module):
    """The convolutions of torchvision's AlexNet (Krizhevsky 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inside, outside, side, stride, padding)
            for _, inside, outside, side, stride, padding in _CONVOLUTIONS
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features at five depths of scaled pictures, shape (B, 3, H, W)."""
        taps: list[Tensor] = []
        for depth, layer in enumerate(self.convolutions):
            if depth in (1, 2):
                x = functional.max_pool2d(x, 3, stride=2)
            x = functional.relu(layer(x))
            taps.append(x)
        return taps


@dataclass(frozen=True, slots=True)
class Lpips:
    """The loaded metric.

    Attributes:
        net: The network, frozen.
    """

    net: FeatureDistance

    def distances(self, ones: Sequence[UInt8], others: Sequence[UInt8]) -> Float64:
        """Compare pairs of pictures.

        Args:
            ones: RGB pictures of one size, 32 pixels or more a side, each of shape (H, W, 3).
            others: As many of the same size.

        Returns:
            LPIPS of each pair, 0 for equal pictures, shape (n,).
        """
        return picture_distances(self.net, ones, others)


def load_lpips(alexnet: Path, heads: Path) -> Lpips:
    """Load the metric from the user's files.

    Args:
        alexnet: State of torchvision's AlexNet (``alexnet-owt-*.pth``).
        heads: State of the linear heads (``weights/v0.1/alex.pth`` of the package ``lpips``).

    Returns:
        The metric.

    Raises:
        BadWeights: If a file cannot be read or holds something else.
    """
    trunk, linear = _state(alexnet), _state(heads)
    net = FeatureDistance(AlexNet(), [one[2] for one in _CONVOLUTIONS])
    state = {}
    for depth, (name, *_) in enumerate(_CONVOLUTIONS):
        for kind in ("weight", "bias"):
            state[f"trunk.convolutions.{depth}.{kind}"] = trunk.get(f"{name}.{kind}")
        head = linear.get(f"lin{depth}.model.1.weight")
        state[f"heads.{depth}"] = head.flatten() if isinstance(head, Tensor) else None
    try:
        net.load_state_dict(state)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise BadWeights(
            f"{alexnet.name} and {heads.name} are not the weights of AlexNet and of LPIPS v0.1."
        ) from error
    return Lpips(net.eval().requires_grad_(False))


def _state(path: Path) -> dict[str, Any]:
    """Read tensors by name; code in the file is never run."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise BadWeights(f"{path} cannot be read as weights.") from error
    return dict(state) if isinstance(state, dict) else {}
