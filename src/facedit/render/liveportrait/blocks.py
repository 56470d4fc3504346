"""What LivePortrait's networks are built of; tensors are called as in the official files."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

_CONVS = {2: nn.Conv2d, 3: nn.Conv3d}
_NORMS = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


class ConvBlock(nn.Module):
    """A convolution, batch norm, and a rectifier.

    Args:
        before: Channels in.
        after: Channels out.
        dims: 2 for pictures, 3 for volumes.
        slope: Of the rectifier below 0.
    """

    def __init__(
        self, before: int, after: int, dims: Literal[2, 3] = 2, slope: float = 0.0
    ) -> None:
        super().__init__()
        self.conv = _CONVS[dims](before, after, 3, padding=1)
        self.norm = _NORMS[dims](after)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """Transform features, shape (B, C, ...)."""
        return functional.leaky_relu(self.norm(self.conv(x)), self.slope)


class ResidualBlock3d(nn.Module):
    """Two convolutions of a volume, each behind its norm, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm3d(channels), nn.BatchNorm3d(channels)
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Transform a volume, shape (B, C, D, H, W)."""
        y = self.conv1(functional.relu(self.norm1(x)))
        y = self.conv2(functional.relu(self.norm2(y)))
        added: Tensor = x + y
        return added
