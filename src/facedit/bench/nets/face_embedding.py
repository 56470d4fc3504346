"""Who a face is: dlib's ResNet-29 face embedding, rebuilt in PyTorch.

128 numbers per face; faces of one person lie nearer than 0.6 to each other, mostly (King 2017,
"High Quality Face Recognition with Deep Metric Learning"). The weights are those of
``@vladmandic/face-api`` 1.7.15 (MIT; dlib's own are in the public domain), most of them in 8 bits:
``value = scale * q + min``. Distances to dlib's own embeddings are about 0.04.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.bench.nets.face_chip import face_chip
from facedit.device import device_of, inference
from facedit.errors import BadWeights
from facedit.types import Float32, UInt8
from facedit.weights.fetch import asset_path

SIZE = 128
"""Numbers in an embedding."""

SAME_PERSON = 0.6
"""Distance below which dlib takes two faces for one person's."""

_WEIGHTS, _MANIFEST = "face_recognition_model.bin", "face_recognition_model.json"
_MEAN_RGB = (122.782, 117.001, 104.298)
_STAGES = (
    ("conv32_1", 32, 32), ("conv32_2", 32, 32), ("conv32_3", 32, 32),
    ("conv64_down", 32, 64), ("conv64_1", 64, 64), ("conv64_2", 64, 64), ("conv64_3", 64, 64),
    ("conv128_down", 64, 128), ("conv128_1", 128, 128), ("conv128_2", 128, 128),
    ("conv256_down", 128, 256), ("conv256_1", 256, 256), ("conv256_2", 256, 256),
    ("conv256_down_out", 256, 256),
)  # fmt: skip
"""Residual blocks: name, channels in, channels out; ``down`` halves the picture."""


class ScaledConvolution(nn.Module):
    """A convolution and a scale and offset per channel; a step above 1 pads nothing."""

    def __init__(self, inside: int, outside: int, side: int = 3, stride: int = 1) -> None:
        super().__init__()
        padding = side // 2 if stride == 1 else 0
        self.convolution = nn.Conv2d(inside, outside, side, stride, padding)
        self.scale = nn.Parameter(torch.ones(outside))
        self.offset = nn.Parameter(torch.zeros(outside))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scaled convolution of ``x``."""
        scaled: Tensor = self.convolution(x) * self.scale[:, None, None]
        return scaled + self.offset[:, None, None]

    def load(self, tensors: Mapping[str, Float32], name: str) -> None:
        """Take the weights that the file has under a name."""
        filters = np.ascontiguousarray(tensors[f"{name}/conv/filters"].transpose(3, 2, 0, 1))
        self.convolution.weight.data.copy_(torch.from_numpy(filters))
        if self.convolution.bias is not None:
            self.convolution.bias.data.copy_(torch.from_numpy(tensors[f"{name}/conv/bias"]))
        self.scale.data.copy_(torch.from_numpy(tensors[f"{name}/scale/weights"]))
        self.offset.data.copy_(torch.from_numpy(tensors[f"{name}/scale/biases"]))


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut, whose missing channels are zero.

    A halving block (``down``) has a shortcut that is a mean of 2 x 2.
    """

    def __init__(self, inside: int, outside: int, *, down: bool) -> None:
        super().__init__()
        self.down = down
        self.first = ScaledConvolution(inside, outside, stride=2 if down else 1)
        self.second = ScaledConvolution(outside, outside)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's features."""
        main: Tensor = self.second(functional.relu(self.first(x)))
        if self.down:
            x = functional.avg_pool2d(x, 2)
            x = functional.pad(x, (0, 0, 0, 0, 0, main.shape[1] - x.shape[1]))
            missing = (x.shape[3] - main.shape[3], x.shape[2] - main.shape[2])
            main = functional.pad(main, (0, missing[0], 0, missing[1]))
        return functional.relu(main + x)


class FaceNet(nn.Module):
    """The embedding network."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ScaledConvolution(3, 32, side=7, stride=2)
        self.blocks = nn.ModuleList(
            ResidualBlock(inside, outside, down="down" in name) for name, inside, outside in _STAGES
        )
        self.last = nn.Linear(256, SIZE, bias=False)
        self.register_buffer("mean", torch.tensor(_MEAN_RGB)[:, None, None], persistent=False)

    def forward(self, chips: Tensor) -> Tensor:
        """Embed chips of faces, RGB from 0 to 255, (B, 3, 150, 150): embeddings, shape (B, 128)."""
        x = functional.relu(self.stem((chips - self.get_buffer("mean")) / 256.0))
        x = functional.max_pool2d(x, 3, stride=2)
        for block in self.blocks:
            x = block(x)
        embedding: Tensor = self.last(x.mean(dim=(2, 3)))
        return embedding


@dataclass(frozen=True, slots=True)
class FaceEmbedding:
    """The loaded embedding."""

    net: FaceNet

    def embed(self, pictures: Sequence[UInt8], landmarks: Float32) -> Float32:
        """Embed the face of each RGB picture, whose landmarks (n, 478, 3) are finite: (n, 128).

        Euclidean distances between embeddings mean something; they are not of unit length.
        """
        rows = [np.zeros((0, SIZE), np.float32)]
        with inference():
            for picture, points in zip(pictures, landmarks, strict=True):
                chip = torch.from_numpy(face_chip(picture, points)).permute(2, 0, 1)
                batch = chip[None].float().to(device_of(self.net))
                rows.append(self.net(batch).cpu().numpy())
        return np.concatenate(rows).astype(np.float32)


def load_face_embedding(device: torch.device | str = "cpu") -> FaceEmbedding:
    """Load the embedding; ``AssetMissing`` if it is not installed, ``BadWeights`` if damaged."""
    tensors = _tensors(asset_path(_WEIGHTS), asset_path(_MANIFEST))
    net = FaceNet()
    net.stem.load(tensors, "conv32_down")
    for block, (name, *_) in zip(net.blocks, _STAGES, strict=True):
        assert isinstance(block, ResidualBlock)
        block.first.load(tensors, f"{name}/conv1")
        block.second.load(tensors, f"{name}/conv2")
    net.last.weight.data.copy_(torch.from_numpy(tensors["fc"].T.copy()))
    return FaceEmbedding(net.to(device).eval().requires_grad_(False))


def _tensors(weights: Path, manifest: Path) -> dict[str, Float32]:
    """Read the tensors that the manifest lists, one behind the other."""
    data = weights.read_bytes()
    found: dict[str, Float32] = {}
    start = 0
    for entry in json.loads(manifest.read_text(encoding="utf-8"))[0]["weights"]:
        packing = entry.get("quantization")
        stored = np.dtype(np.uint8 if packing else "<f4")
        count = int(np.prod(entry["shape"]))
        values = np.frombuffer(data, stored, count, start).astype(np.float32)
        start += count * stored.itemsize
        if packing:
            values = values * np.float32(packing["scale"]) + np.float32(packing["min"])
        found[entry["name"]] = values.reshape(entry["shape"])
    if start != len(data):
        raise BadWeights(f"{weights.name} has {len(data)} bytes, its manifest lists {start}.")
    return found
