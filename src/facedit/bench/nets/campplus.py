"""Who speaks, by CAM++: a second judge of voices, for the default voice is chosen by the first.

A small ResNet over 80 mel bands, then densely connected time-delay layers whose output a mask made
of the context scales (Wang et al. 2023, "CAM++: A Fast and Efficient Network for Speaker
Verification Using Context-Aware Masking"; weights by 3D-Speaker, Apache-2.0).
"""

from __future__ import annotations

import functools
from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.bench.nets.filter_bank import log_filter_bank
from facedit.device import inference
from facedit.speech.sound_ops import speech_samples
from facedit.types import Float32, Sound
from facedit.weights.fetch import asset_path

ASSET = "campplus.bin"
EMBEDDING_SIZE = 192

_GROWTH, _BOTTLENECK, _FIRST = 32, 128, 128
_LAYERS, _DILATIONS = (12, 24, 16), (1, 2, 2)
_SEGMENT = 100


def likeness(first: Sound, second: Sound) -> float:
    """Compare the voices of two sounds: the cosine of their embeddings, -1 to 1.

    AssetMissing is raised if the weights are not installed.
    """
    return float(embed(first) @ embed(second))


def embed(sound: Sound) -> Float32:
    """Describe who speaks in a sound of half a second or more by a unit vector, shape (192,)."""
    bands = log_filter_bank(speech_samples(sound))
    bands = bands - bands.mean(axis=0)
    with inference():
        found = _net()(torch.from_numpy(bands.astype(np.float32)).T[None])[0].numpy()
    return np.asarray(found / np.linalg.norm(found), dtype=np.float32)


class Campplus(nn.Module):
    """The network; its parts bear the names of the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self.head = _Head()
        parts: list[tuple[str, nn.Module]] = [("tdnn", _Delayed(320, _FIRST))]
        width = _FIRST
        for number, (layers, dilation) in enumerate(zip(_LAYERS, _DILATIONS, strict=True), 1):
            parts.append((f"block{number}", _Dense(layers, width, dilation)))
            width = (width + layers * _GROWTH) // 2
            parts.append((f"transit{number}", _Transit(2 * width, width)))
        parts += [("out_nonlinear", _norm_relu(width)), ("dense", _Last(2 * width))]
        self.xvector = nn.Sequential(OrderedDict(parts))

    def forward(self, bands: Tensor) -> Tensor:
        """Embed mel bands, shape (B, 80, frames): (B, 192)."""
        return torch.as_tensor(self.xvector(self.head(bands)))


class _Residual(nn.Module):
    def __init__(self, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(32, 32, 3, (stride, 1), 1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 32, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)
        narrower = nn.Conv2d(32, 32, 1, (stride, 1), bias=False)
        self.shortcut = (
            nn.Sequential(narrower, nn.BatchNorm2d(32)) if stride > 1 else nn.Sequential()
        )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class _Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.layer1 = nn.Sequential(_Residual(2), _Residual(1))
        self.layer2 = nn.Sequential(_Residual(2), _Residual(1))
        self.conv2 = nn.Conv2d(32, 32, 3, (2, 1), 1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)

    def forward(self, bands: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(bands[:, None])))
        x = functional.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


def _norm_relu(width: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(width), relu=nn.ReLU()))


class _Delayed(nn.Module):
    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(width, out, 5, 2, 2, bias=False)
        self.nonlinear = _norm_relu(out)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.nonlinear(self.linear(x)))


class _Masked(nn.Module):
    """Scales a time-delay layer by what is heard in the whole and in each second."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(
            _BOTTLENECK, _GROWTH, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.linear1 = nn.Conv1d(_BOTTLENECK, _BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(_BOTTLENECK // 2, _GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        seconds = functional.avg_pool1d(x, _SEGMENT, _SEGMENT, ceil_mode=True)
        context = seconds.repeat_interleave(_SEGMENT, dim=2)[..., : x.shape[-1]]
        context = functional.relu(self.linear1(context + x.mean(-1, keepdim=True)))
        return torch.as_tensor(self.linear_local(x) * torch.sigmoid(self.linear2(context)))


class _DenseLayer(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _norm_relu(width)
        self.linear1 = nn.Conv1d(width, _BOTTLENECK, 1, bias=False)
        self.nonlinear2 = _norm_relu(_BOTTLENECK)
        self.cam_layer = _Masked(dilation)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x)))))


class _Dense(nn.ModuleDict):
    def __init__(self, layers: int, width: int, dilation: int) -> None:
        super().__init__(
            {
                f"tdnnd{number + 1}": _DenseLayer(width + number * _GROWTH, dilation)
                for number in range(layers)
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.values():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class _Transit(nn.Module):
    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.nonlinear = _norm_relu(width)
        self.linear = nn.Conv1d(width, out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.linear(self.nonlinear(x)))


class _Last(nn.Module):
    """Mean and spread over time, and a linear layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(width, EMBEDDING_SIZE, 1, bias=False)
        self.nonlinear = nn.Sequential(
            OrderedDict(batchnorm=nn.BatchNorm1d(EMBEDDING_SIZE, affine=False))
        )

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.cat([x.mean(-1), x.std(-1)], dim=1)
        return torch.as_tensor(self.nonlinear(self.linear(pooled[..., None])[..., 0]))


@functools.cache
def _net() -> Campplus:
    """Load the network once, after checking that the file is the one we know."""
    net = Campplus()
    net.load_state_dict(torch.load(asset_path(ASSET), map_location="cpu", weights_only=True))
    return net.eval().requires_grad_(False)
