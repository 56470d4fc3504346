"""I3D: what happens in a clip. FVD is the Fréchet distance of its features over clips.

Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017; Unterthiner et al., "Towards
Accurate Generative Models of Video: A New Metric & Challenges", 2018. Two networks go by this name
and their figures do not compare: that of published tables is ``i3d_torchscript.pt`` (made by
StyleGAN-V, called as there); ``rgb_imagenet.pt`` of pytorch-i3d is measured under its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.device import inference
from facedit.errors import BadWeights
from facedit.types import Float64, UInt8

FRAMES = 16
"""Pictures of a clip, as most tables have it."""

_MIXED = {
    "3b": (192, 64, 96, 128, 16, 32, 32), "3c": (256, 128, 128, 192, 32, 96, 64),
    "4b": (480, 192, 96, 208, 16, 48, 64), "4c": (512, 160, 112, 224, 24, 64, 64),
    "4d": (512, 128, 128, 256, 24, 64, 64), "4e": (512, 112, 144, 288, 32, 64, 64),
    "4f": (528, 256, 160, 320, 32, 128, 128), "5b": (832, 256, 160, 320, 32, 128, 128),
    "5c": (832, 384, 192, 384, 48, 128, 128),
}  # fmt: skip
"""Channels into each block, and of its convolutions."""


def load_torchscript(path: Path, device: torch.device | str = "cpu") -> nn.Module:
    """Load the network of published tables; a TorchScript file is a program: trust its source.

    BadWeights is raised if the file cannot be read.
    """
    load: Callable[..., nn.Module] = torch.jit.load
    try:
        return load(str(path), map_location=device).eval()
    except (RuntimeError, ValueError, OSError) as error:
        raise BadWeights(f"{path} holds no TorchScript network.") from error


@inference()
def features_of(net: nn.Module, frames: Sequence[UInt8], device: torch.device | str) -> Float64:
    """Describe a clip of ``FRAMES`` RGB pictures of one size, each (H, W, 3): shape (400,)."""
    clip = torch.from_numpy(np.stack(frames)).permute(3, 0, 1, 2)[None].float().to(device)
    if isinstance(net, InceptionI3d):
        size = (len(frames), *_SIZE)
        clip = functional.interpolate(clip / 127.5 - 1, size, mode="trilinear")
        found = net(clip).mean(2)
    else:
        found = net(clip, rescale=True, resize=True, return_features=True)
    return np.asarray(found[0].cpu().numpy(), np.float64)


_SIZE = (224, 224)


def _padded(x: Tensor, kernel: Sequence[int], stride: Sequence[int], value: float = 0.0) -> Tensor:
    """Pad as TensorFlow does for outputs of size / stride: the odd one behind."""
    around: list[int] = []
    for size, k, s in zip(x.shape[2:], kernel, stride, strict=True):
        total = max(k - s if size % s == 0 else k - size % s, 0)
        around = [total // 2, total - total // 2, *around]
    return functional.pad(x, around, value=value)


def _pooled(x: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
    return functional.max_pool3d(_padded(x, kernel, stride), kernel, stride)


class _Unit(nn.Module):
    """Convolution, batch normalisation, ReLU; or the convolution alone."""

    def __init__(
        self, before: int, after: int, side: int = 1, stride: int = 1, *, bare: bool = False
    ) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(before, after, side, stride, bias=bare)
        self.bn = None if bare else nn.BatchNorm3d(after, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv3d(_padded(x, self.conv3d.kernel_size, self.conv3d.stride))
        return x if self.bn is None else functional.relu(self.bn(x))


class _Mixed(nn.Module):
    def __init__(self, before: int, *out: int) -> None:
        super().__init__()
        self.b0 = _Unit(before, out[0])
        self.b1a, self.b1b = _Unit(before, out[1]), _Unit(out[1], out[2], 3)
        self.b2a, self.b2b = _Unit(before, out[3]), _Unit(out[3], out[4], 3)
        self.b3b = _Unit(before, out[5])

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.b3b(_pooled(x, (3, 3, 3), (1, 1, 1)))
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), pooled], 1)


class InceptionI3d(nn.Module):
    """The network of ``rgb_imagenet.pt``, under its parameter names."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv3d_1a_7x7 = _Unit(3, 64, 7, 2)
        self.Conv3d_2b_1x1, self.Conv3d_2c_3x3 = _Unit(64, 64), _Unit(64, 192, 3)
        for name, widths in _MIXED.items():
            self.add_module(f"Mixed_{name}", _Mixed(*widths))
        self.logits = _Unit(1024, 400, bare=True)

    def pooled(self, x: Tensor) -> Tensor:
        """Describe clips in [-1, 1], (B, 3, T, 224, 224): shape (B, 1024, T', 1, 1)."""
        x = _pooled(self.Conv3d_1a_7x7(x), (1, 3, 3), (1, 2, 2))
        x = _pooled(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x)), (1, 3, 3), (1, 2, 2))
        for name in _MIXED:
            if name == "4b":
                x = _pooled(x, (3, 3, 3), (2, 2, 2))
            elif name == "5b":
                x = _pooled(x, (2, 2, 2), (2, 2, 2))
            x = self.get_submodule(f"Mixed_{name}")(x)
        return functional.avg_pool3d(x, (2, 7, 7), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of clips, shape (B, 400, T')."""
        found: Tensor = self.logits(self.pooled(x))
        return found[..., 0, 0]
