"""The mouth network: which real picture to copy from at each pixel, and what to add.

Input is one base and three reference pictures, all warped to the target landmarks in the canonical
crop, the lips drawn as a raster, and how far each source's mouth was open. Output is a softmax over
the four pictures (copy weights) and an RGB residual. Both are smooth enough to be enlarged to the
clip's own resolution and applied there to natively warped pictures, so that skin and teeth keep
the sharpness of the video. The idea and its first size come from the project's own prototype; there
is no published model behind it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.errors import AssetMissing, BadWeights, UsageError
from facedit.fields import build
from facedit.render.mouth_inputs import PICTURES
from facedit.tensors import described, empty, read_tensors
from facedit.weights.hub import pretrained_file, write_card

SOURCES = PICTURES
"""Pictures to copy from: the base and three references."""

RASTER_CHANNELS = 3
"""Channels of the drawn target: lips, opening of the mouth, outlines."""

WEIGHTS_FORMAT = "facedit-mouth-1"
"""Kind and version of a weights file."""

PRETRAINED = "mouth.safetensors"
"""Name of the file in a folder or repository of weights."""


@dataclass(frozen=True, slots=True)
class MouthNetworkConfig:
    """Size of the network.

    Attributes:
        size: Side of the canonical canvas in pixels; a multiple of 8.
        channels: Channels at 1/2, 1/4 and 1/8 of the canvas.
        detail: Channels at the full canvas.
        sharpness: Factor on the logits of the copy weights; larger picks rather than mixes.
        residual: Largest residual, as a share of the range from black to white.
    """

    size: int = 96
    channels: tuple[int, int, int] = (48, 128, 192)
    detail: int = 24
    sharpness: float = 1.0
    residual: float = 0.6

    def __post_init__(self) -> None:
        """Check the sizes, so that a forged file cannot ask for any amount of memory."""
        if not all(8 <= count <= 1024 and count % 8 == 0 for count in (self.size, *self.channels)):
            raise UsageError(f"size and channels must be multiples of 8 up to 1024: {self}.")
        if not 1 <= self.detail <= 1024:
            raise UsageError(f"detail is {self.detail}; choose 1 to 1024.")


class ResidualBlock(nn.Module):
    """Two convolutions with a shortcut, from ``inside`` to ``outside`` channels."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, padding=1)
        self.norm = nn.GroupNorm(8, outside)
        self.second = nn.Conv2d(outside, outside, 3, padding=1)
        self.shortcut = nn.Conv2d(inside, outside, 1) if inside != outside else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block, shape (B, C, H, W)."""
        hidden = functional.silu(self.norm(self.first(x)))
        return functional.silu(self.shortcut(x) + self.second(hidden))


class MouthNetwork(nn.Module):
    """U-Net from warped pictures and a raster to copy weights and a residual."""

    def __init__(self, config: MouthNetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config or MouthNetworkConfig()
        half, quarter, eighth = self.config.channels
        inputs = 3 * SOURCES + RASTER_CHANNELS + SOURCES
        detail = self.config.detail
        self.enter = ResidualBlock(4 * inputs, half)
        self.down_quarter = nn.Conv2d(half, quarter, 4, stride=2, padding=1)
        self.quarter = ResidualBlock(quarter, quarter)
        self.down_eighth = nn.Conv2d(quarter, eighth, 4, stride=2, padding=1)
        self.eighth = nn.Sequential(ResidualBlock(eighth, eighth), ResidualBlock(eighth, eighth))
        self.up_quarter = ResidualBlock(eighth + quarter, quarter)
        self.up_half = ResidualBlock(quarter + half, half)
        self.unfold = nn.Conv2d(half, 4 * detail, 1)
        self.fine = nn.Conv2d(detail + inputs, detail, 3, padding=1)
        self.head = nn.Conv2d(detail, SOURCES + 3, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        if self.head.bias is not None:
            nn.init.zeros_(self.head.bias)

    @classmethod
    def from_pretrained(cls, where: str | Path, *, revision: str | None = None) -> MouthNetwork:
        """Load weights that ``save_pretrained`` wrote: of a folder, or ``OWNER/NAME`` of the hub.

        AssetMissing is raised if there are none, BadWeights if they are no good.
        """
        return load_network(pretrained_file(where, PRETRAINED, revision))

    def save_pretrained(self, folder: str | Path, **notes: str) -> None:
        """Write the weights and a card into a folder, which is made, as the hub takes them."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        save_network(self, Path(folder) / PRETRAINED, **notes)
        write_card(Path(folder), "Mouth network", notes)

    def forward(self, pictures: Tensor, raster: Tensor, gaps: Tensor) -> tuple[Tensor, Tensor]:
        """Decide what to copy and what to add: weights (B, 4, S, S), and a residual (B, 3, S, S).

        Pictures (B, 4, 3, S, S) are base and references in [0, 1], warped to the target; the raster
        (B, 3, S, S) is the target's lips drawn in [0, 1]; gaps (B, 4) are the opening of each
        source's own mouth over its eye distance.
        """
        batch, _, _, height, width = pictures.shape
        planes = (8.0 * gaps)[:, :, None, None].expand(batch, SOURCES, height, width)
        x = torch.cat([2.0 * pictures.flatten(1, 2) - 1.0, raster, planes], dim=1)
        half = self.enter(functional.pixel_unshuffle(x, 2))
        quarter = self.quarter(self.down_quarter(half))
        eighth = self.eighth(self.down_eighth(quarter))
        up = functional.interpolate(eighth, scale_factor=2.0, mode="nearest")
        quarter = self.up_quarter(torch.cat([up, quarter], dim=1))
        up = functional.interpolate(quarter, scale_factor=2.0, mode="nearest")
        half = self.up_half(torch.cat([up, half], dim=1))
        fine = functional.pixel_shuffle(self.unfold(half), 2)
        fine = functional.silu(self.fine(torch.cat([fine, x], dim=1)))
        out = self.head(fine).float()
        weights = torch.softmax(self.config.sharpness * out[:, :SOURCES], dim=1)
        return weights, self.config.residual * torch.tanh(out[:, SOURCES:])


def combine(pictures: Tensor, weights: Tensor, residual: Tensor) -> Tensor:
    """Copy and add: a picture (B, 3, H, W), not clipped.

    Pictures (B, 4, 3, H, W) are base and references in [0, 1], the copy weights have shape (B, 4,
    H, W), the residual (B, 3, H, W).
    """
    return (pictures * weights[:, :, None]).sum(dim=1) + residual


def default_weights() -> Path:
    """Return where the shipped weights lie (whether or not they are there)."""
    return Path(str(files("facedit").joinpath("weights/mouth.safetensors")))


def save_network(network: MouthNetwork, path: Path, **notes: str) -> None:
    """Write a network's weights and size; notes are further metadata, such as steps and licence."""
    from safetensors.torch import save_file

    tensors = {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in network.state_dict().items()
    }
    header = {"format": WEIGHTS_FORMAT, "config": json.dumps(asdict(network.config)), **notes}
    save_file(tensors, str(path), metadata=header)


def load_network(path: Path | None = None, device: torch.device | str = "cpu") -> MouthNetwork:
    """Read a network, the shipped one by default, in evaluation mode and float32.

    AssetMissing is raised if the file is not there, BadWeights if it is no mouth network of this
    version.
    """
    path = path or default_weights()
    if not path.is_file():
        raise AssetMissing(
            f"Mouth network {path.name} is not there: install facedit again, or train one."
        )
    header, tensors = read_tensors(path)
    if header.get("format") != WEIGHTS_FORMAT:
        raise BadWeights(
            f"{path.name} is of format {header.get('format')!r}, expected {WEIGHTS_FORMAT!r}."
        )
    try:
        config = build(MouthNetworkConfig, described(header, "config"), "config", BadWeights)
        network = empty(lambda: MouthNetwork(config))
        state = {name: value.float() for name, value in tensors.items()}
        network.load_state_dict(state, assign=True)
    except (BadWeights, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadWeights(f"{path.name} is damaged or does not fit the code: {reason}") from error
    return network.to(device).eval()
