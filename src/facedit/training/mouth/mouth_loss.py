"""Losses of the mouth network: weighted L1, deep features, and a small conditional PatchGAN.

The features are the first blocks of a VGG16 with blurred pooling, as in shift-tolerant LPIPS
(Ghildyal and Liu, ECCV 2022), whose weights are fetched by the user; without them the loss falls
back on a Laplacian pyramid. The gradient of the adversarial term is scaled against that of the
reconstruction, as in VQGAN (Esser et al., CVPR 2021), but at the output picture, where it costs
nothing.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.errors import BadWeights
from facedit.tensors import read_torch

_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


class FeatureTrunk(nn.Module):
    """First blocks of VGG16 with blurred pooling; frozen."""

    _CONVOLUTIONS = (
        ("slice1.0", 3, 64), ("slice1.2", 64, 64),
        ("slice2.6", 64, 128), ("slice2.8", 128, 128),
        ("slice3.12", 128, 256),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inside, outside, 3, padding=1) for _, inside, outside in self._CONVOLUTIONS
        )
        row = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("blur", (row[:, None] * row)[None, None] / 16.0)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.register_buffer("std", torch.tensor(_STD)[:, None, None])
        self.requires_grad_(False)

    @classmethod
    def from_file(cls, path: Path) -> FeatureTrunk:
        """Read the ``vgg_shift_tolerant`` weights of ``stlpips-pytorch``, unpickling no code."""
        state, trunk = read_torch(path), cls()
        try:
            for layer, (name, _, _) in zip(trunk.convolutions, cls._CONVOLUTIONS, strict=True):
                layer.load_state_dict(
                    {kind: state[f"net.{name}.{kind}"] for kind in ("weight", "bias")}
                )
        except (RuntimeError, KeyError) as error:
            raise BadWeights(f"{path} holds no vgg_shift_tolerant weights: {error}.") from error
        return trunk

    def _pool(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(x, 2, stride=1)
        x = functional.pad(x, (1, 1, 1, 1), mode="reflect")
        blur = self.get_buffer("blur").to(x.dtype).expand(x.shape[1], 1, 3, 3)
        return functional.conv2d(x, blur, stride=2, groups=x.shape[1])

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return unit-length features at three depths of pictures in [0, 1], (B, 3, H, W)."""
        x = (x - self.get_buffer("mean")) / self.get_buffer("std")
        taps = []
        for number, layer in enumerate(self.convolutions):
            if number in (2, 4):
                x = self._pool(x)
            x = functional.relu(layer(x))
            if number in (1, 3, 4):
                taps.append(functional.normalize(x.float(), dim=1, eps=1e-4))
        return taps


def feature_distance(trunk: FeatureTrunk | None, fake: Tensor, real: Tensor) -> Tensor:
    """Return how different pictures in [0, 1], shape (B, 3, H, W), look per sample, shape (B,).

    By the trunk's features, or without one by a Laplacian pyramid.
    """
    if trunk is None:
        return _laplacian_distance(fake, real)
    with torch.no_grad():
        wanted = trunk(real)
    total = fake.new_zeros(len(fake))
    for have, want in zip(trunk(fake), wanted, strict=True):
        total = total + (have - want).square().sum(dim=1).mean(dim=(1, 2))
    return total


def _laplacian_distance(fake: Tensor, real: Tensor) -> Tensor:
    """Mean absolute difference of three Laplacian bands."""
    total = fake.new_zeros(len(fake))
    difference = fake - real
    for _ in range(3):
        small = functional.avg_pool2d(difference, 2)
        band = difference - functional.interpolate(small, scale_factor=2.0, mode="bilinear")
        total = total + band.abs().mean(dim=(1, 2, 3))
        difference = small
    return 4.0 * total


def weighted_l1(fake: Tensor, real: Tensor, raster: Tensor, lips: Tensor) -> Tensor:
    """Return the mean absolute error per sample, shape (B,), with more weight round the mouth.

    Pictures and raster have the shape (B, 3, H, W); ``lips``, shape (B,), is the weight of lips,
    opening and 4 px around, per sample; elsewhere it is 1.
    """
    mouth = functional.max_pool2d(raster[:, :2].amax(dim=1, keepdim=True), 9, 1, 4)
    weight = 1.0 + (lips - 1.0)[:, None, None, None] * mouth
    return ((fake - real).abs() * weight).mean(dim=(1, 2, 3)) / weight.mean(dim=(1, 2, 3))


def change_error(fake: Tensor, real: Tensor, raster: Tensor, lips: Tensor) -> Tensor:
    """Return the error of the change between the two frames of each pair, that is, flicker.

    Pairs of consecutive frames lie one behind the other, shape (2 P, 3, H, W). The mean absolute
    error of the difference of the two, shape (P,), is weighted like ``weighted_l1`` by the mouths
    of both.
    """
    first, second = slice(0, None, 2), slice(1, None, 2)
    return weighted_l1(
        fake[second] - fake[first],
        real[second] - real[first],
        torch.maximum(raster[first], raster[second]),
        lips[first],
    )


class PatchCritic(nn.Module):
    """PatchGAN on a window round the mouth, given the drawn lips (Isola et al., CVPR 2017)."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        spectral = torch.nn.utils.parametrizations.spectral_norm
        self.layers = nn.Sequential(
            spectral(nn.Conv2d(6, channels, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            spectral(nn.Conv2d(channels, 2 * channels, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            spectral(nn.Conv2d(2 * channels, 4 * channels, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * channels, 1, 3, 1, 1),
        )

    def forward(self, picture: Tensor, raster: Tensor) -> Tensor:
        """Return how real each patch looks, pictures in [0, 1], shape (B, 1, H/8, W/8)."""
        out: Tensor = self.layers(torch.cat([2.0 * picture - 1.0, raster], dim=1))
        return out.float()


def crop_windows(picture: Tensor, corners: Tensor, side: int) -> Tensor:
    """Cut a square out of each picture from its corner (row, column), shape (B, C, side, side)."""
    cut = [
        one[:, row : row + side, column : column + side]
        for one, (row, column) in zip(picture, corners.tolist(), strict=True)
    ]
    return torch.stack(cut)
