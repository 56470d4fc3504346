"""LivePortrait's warping: features are moved as the keypoints move.

Keypoints are in (x right, y down, z inwards) from -1 to 1, both ends inclusive, while features are
sampled by the half-pixel convention: the two do not agree, and the networks were trained that way.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.motion.liveportrait.keypoints import KEYPOINTS
from facedit.render.liveportrait.appearance import CHANNELS, DEPTH
from facedit.render.liveportrait.blocks import ConvBlock

_COMPRESSED = 4
_FLOWS = KEYPOINTS + 1
_WIDTHS = (64, 128, 256, 512, 1024)
_IN = _FLOWS * (_COMPRESSED + 1)
_OUT = 32 + _IN
_HEAT_VARIANCE = 0.01


@dataclass(frozen=True, slots=True)
class Warped:
    """What the decoder is given.

    Attributes:
        features: Shape (B, 256, H, W).
        occlusion: What can be seen of the source's features, 0 to 1, shape (B, 1, H, W).
        deformation: Where each place comes from, shape (B, 16, H, W, 3).
    """

    features: Tensor
    occlusion: Tensor
    deformation: Tensor


class WarpingModule(nn.Module):
    """Finds how the volume of features moves, and moves it."""

    def __init__(self) -> None:
        super().__init__()
        self.dense_motion_network = DenseMotion()
        self.third = ConvBlock(CHANNELS * DEPTH, 256, slope=0.01)
        self.fourth = nn.Conv2d(256, 256, 1)

    def forward(self, volume: Tensor, x_s: Tensor, x_d: Tensor) -> Warped:
        """Move a volume.

        Args:
            volume: The source's features, shape (B, 32, 16, H, W); H and W are multiples of 32.
            x_s: The source's keypoints, shape (B, 21, 3).
            x_d: Where they are to be.

        Returns:
            The features to decode.
        """
        deformation, occlusion = self.dense_motion_network(volume, x_s, x_d)
        x = functional.grid_sample(volume, deformation, align_corners=False).flatten(1, 2)
        return Warped(self.fourth(self.third(x)) * occlusion, occlusion, deformation)


class DenseMotion(nn.Module):
    """Weighs at each place how it moves: with one of the keypoints, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.compress = nn.Conv3d(CHANNELS, _COMPRESSED, 1)
        self.norm = nn.BatchNorm3d(_COMPRESSED)
        self.hourglass = Hourglass()
        self.mask = nn.Conv3d(_OUT, _FLOWS, 7, padding=3)
        self.occlusion = nn.Conv2d(_OUT * DEPTH, 1, 7, padding=3)

    def forward(self, volume: Tensor, x_s: Tensor, x_d: Tensor) -> tuple[Tensor, Tensor]:
        """Return the deformation, (B, D, H, W, 3), and the occlusion, (B, 1, H, W)."""
        compressed = functional.relu(self.norm(self.compress(volume)))
        batch, _, *sides = compressed.shape
        grid = grid_of(sides, volume)
        flows = torch.cat((grid.expand(batch, 1, *grid.shape), _moves(grid, x_s, x_d)), 1)
        repeated = compressed[:, None].expand(-1, _FLOWS, -1, -1, -1, -1).flatten(0, 1)
        moved = functional.grid_sample(repeated, flows.flatten(0, 1), align_corners=False)
        moved = moved.view(batch, _FLOWS, _COMPRESSED, *sides)
        heat = _heat(grid, x_d) - _heat(grid, x_s)
        heat = torch.cat((torch.zeros_like(heat[:, :1]), heat), 1)
        x = self.hourglass(torch.cat((heat[:, :, None], moved), 2).flatten(1, 2))
        mask = self.mask(x).softmax(1)
        deformation = torch.einsum("bkdhw,bkdhwc->bdhwc", mask, flows)
        return deformation, self.occlusion(x.flatten(1, 2)).sigmoid()


class Hourglass(nn.Module):
    """Halves the sides five times and doubles them again, beside what was seen on the way."""

    def __init__(self) -> None:
        super().__init__()
        downs = zip((_IN, *_WIDTHS), _WIDTHS, strict=False)
        into = [_WIDTHS[-1], *(2 * width for width in _WIDTHS[-2::-1])]
        ups = zip(into, (*_WIDTHS[-2::-1], 32), strict=True)
        self.encoder = nn.ModuleDict(
            {
                "down_blocks": nn.ModuleList(ConvBlock(a, b, 3) for a, b in downs),
            }
        )
        self.decoder = nn.ModuleDict(
            {
                "up_blocks": nn.ModuleList(ConvBlock(a, b, 3) for a, b in ups),
                "conv": nn.Conv3d(_OUT, _OUT, 3, padding=1),
                "norm": nn.BatchNorm3d(_OUT),
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform a volume of 110 channels into one of 142."""
        seen = [x]
        for block in self.encoder["down_blocks"].children():
            seen.append(functional.avg_pool3d(block(seen[-1]), (1, 2, 2)))
        x = seen.pop()
        for block in self.decoder["up_blocks"].children():
            x = functional.interpolate(x, scale_factor=(1, 2, 2))
            x = torch.cat((block(x), seen.pop()), 1)
        return functional.relu(self.decoder["norm"](self.decoder["conv"](x)))


def grid_of(sides: list[int], like: Tensor) -> Tensor:
    """Return the (x, y, z) of each place of a volume of sides (D, H, W), shape (D, H, W, 3)."""
    axes = [torch.linspace(-1, 1, side, dtype=like.dtype, device=like.device) for side in sides]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")[::-1], -1)


def _moves(grid: Tensor, x_s: Tensor, x_d: Tensor) -> Tensor:
    """Return where each place comes from if it moves with a keypoint, (B, 21, D, H, W, 3)."""
    return grid + (x_s - x_d)[:, :, None, None, None]


def _heat(grid: Tensor, keypoints: Tensor) -> Tensor:
    """Return how near each place is to each keypoint, 0 to 1, shape (B, 21, D, H, W)."""
    distance = (grid - keypoints[:, :, None, None, None]).square().sum(-1)
    return (-0.5 * distance / _HEAT_VARIANCE).exp()
