"""LivePortrait's small networks: stitching at the shoulders, and retargeting of eyes and lips."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from facedit.motion.liveportrait.keypoints import KEYPOINTS

_FACE = 3 * KEYPOINTS


class KeypointNetwork(nn.Module):
    """Offsets of the keypoints from the keypoints and a few numbers beside them."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.mlp = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """Compute the offsets, shape (B, out)."""
        offsets: Tensor = self.mlp(x)
        return offsets


def stitching_network() -> KeypointNetwork:
    """Make the network that keeps the shoulders where they are."""
    return KeypointNetwork(2 * _FACE, 128, 128, 64, _FACE + 2)


def lip_network() -> KeypointNetwork:
    """Make the network that opens lips as far as asked."""
    return KeypointNetwork(_FACE + 2, 128, 128, 64, _FACE)


def eye_network() -> KeypointNetwork:
    """Make the network that opens eyes as far as asked."""
    return KeypointNetwork(_FACE + 3, 256, 256, 128, 128, 64, _FACE)


def stitched(network: KeypointNetwork, x_s: Tensor, x_d: Tensor) -> Tensor:
    """Move keypoints so that the crop fits its surroundings, shape (B, 21, 3) each."""
    delta = network(torch.cat((x_s.flatten(1), x_d.flatten(1)), 1))
    moved: Tensor = x_d + delta[:, :_FACE].view_as(x_d)
    moved[..., :2] += delta[:, None, _FACE:]
    return moved


def retargeted(network: KeypointNetwork, x_s: Tensor, ratios: Tensor) -> Tensor:
    """Return how the source's keypoints ``x_s`` move for wanted eyes or lips, shape (B, 21, 3).

    ``ratios`` are opening over width: the source's of the lips or of both eyes, then the wanted
    one, shape (B, 2) or (B, 3).
    """
    delta: Tensor = network(torch.cat((x_s.flatten(1), ratios), 1))
    return delta.view_as(x_s)
