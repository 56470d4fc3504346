"""The cover network: which pixels of a lower face show something in front of it.

Input is a small picture of the lower face and what is usual there in this clip (the median of its
frames), so that a beard, a scar or a moustache is told from a hand by being there always. A small
U-Net of our own; there is no published model behind it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.errors import AssetMissing, BadWeights
from facedit.tensors import read_tensors

WEIGHTS_FORMAT = "facedit-cover-1"
"""Kind and version of a weights file."""

_CHANNELS = (24, 40, 64)


class _Block(nn.Module):
    """Two convolutions with a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.GroupNorm(4, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block, shape (B, C, H, W)."""
        hidden = functional.silu(self.norm(self.first(x)))
        return functional.silu(x + self.second(hidden))


class CoverNetwork(nn.Module):
    """U-Net at 1/2, 1/4 and 1/8 of the picture."""

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth = _CHANNELS
        self.enter = nn.Conv2d(24, half, 3, padding=1)
        self.fine = _Block(half)
        self.to_middle = nn.Conv2d(half, quarter, 3, stride=2, padding=1)
        self.middle = _Block(quarter)
        self.to_coarse = nn.Conv2d(quarter, eighth, 3, stride=2, padding=1)
        self.coarse = nn.Sequential(_Block(eighth), _Block(eighth))
        self.from_coarse = nn.Conv2d(eighth, quarter, 1)
        self.out_middle = _Block(quarter)
        self.from_middle = nn.Conv2d(quarter, half, 1)
        self.out_fine = _Block(half)
        self.head = nn.Conv2d(half, 4, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits of being covered (B, 64, 64) for pictures (B, 6, 64, 64) in [0, 1].

        Channels are the frame's colours, then the usual ones.
        """
        x = functional.pixel_unshuffle(2.0 * pictures - 1.0, 2)
        half = self.fine(functional.silu(self.enter(x)))
        quarter = self.middle(functional.silu(self.to_middle(half)))
        eighth = self.coarse(functional.silu(self.to_coarse(quarter)))
        up = functional.interpolate(self.from_coarse(eighth), scale_factor=2.0, mode="nearest")
        quarter = self.out_middle(quarter + up)
        up = functional.interpolate(self.from_middle(quarter), scale_factor=2.0, mode="nearest")
        half = self.out_fine(half + up)
        return functional.pixel_shuffle(self.head(half), 2)[:, 0]


def save_cover_network(network: CoverNetwork, path: Path, **notes: str) -> None:
    """Write a network's weights; notes are further metadata, such as steps and licence."""
    from safetensors.torch import save_file

    tensors = {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(tensors, str(path), metadata={"format": WEIGHTS_FORMAT, **notes})


def load_cover_network(path: Path, device: torch.device | str = "cpu") -> CoverNetwork:
    """Read a network in evaluation mode and float32.

    AssetMissing is raised if the file is not there, BadWeights if it is no cover network of this
    version.
    """
    if not path.is_file():
        raise AssetMissing(f"Cover network {path.name} is not there: install facedit again.")
    header, tensors = read_tensors(path)
    if header.get("format") != WEIGHTS_FORMAT:
        raise BadWeights(
            f"{path.name} is of format {header.get('format')!r}, expected {WEIGHTS_FORMAT!r}."
        )
    network = CoverNetwork()
    try:
        network.load_state_dict({name: value.float() for name, value in tensors.items()})
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise BadWeights(f"{path.name} is damaged or does not fit the code: {reason}") from error
    return network.to(device).eval()
