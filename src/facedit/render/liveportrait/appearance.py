"""LivePortrait's appearance extractor: a picture's features as a volume."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from facedit.render.liveportrait.blocks import ConvBlock, ResidualBlock3d

CHANNELS, DEPTH = 32, 16
"""Of the volume."""


class AppearanceExtractor(nn.Module):
    """Computed once for each picture that is animated."""

    def __init__(self) -> None:
        super().__init__()
        self.first = ConvBlock(3, 64)
        self.down_blocks = nn.ModuleList([ConvBlock(64, 128), ConvBlock(128, 256)])
        self.second = nn.Conv2d(256, CHANNELS * DEPTH, 1)
        self.resblocks_3d = nn.Sequential()
        for number in range(6):
            self.resblocks_3d.add_module(f"3dr{number}", ResidualBlock3d(CHANNELS))

    def forward(self, pictures: Tensor) -> Tensor:
        """Compute features.

        Args:
            pictures: RGB from 0 to 1, shape (B, 3, H, W); H and W are multiples of 128.

        Returns:
            Shape (B, 32, 16, H / 4, W / 4).
        """
        x = self.first(pictures)
        for block in self.down_blocks:
            x = functional.avg_pool2d(block(x), 2)
        x = self.second(x)
        volume: Tensor = self.resblocks_3d(x.view(len(x), CHANNELS, DEPTH, *x.shape[2:]))
        return volume
