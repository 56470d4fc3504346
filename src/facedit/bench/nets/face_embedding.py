"""Who a face is: dlib's ResNet-29 face embedding, rebuilt in PyTorch.

128 numbers per face; faces of one person lie nearer than 0.6 to each other, mostly (King 2017,
"High Quality Face Recognition with Deep Metric Learning"). The network sees an aligned picture of
the face: dlib fits a similarity from five landmarks (outer and inner eye corners, base of the nose)
to fixed places, ``(padding + place) / (2 padding + 1)`` of a square of 150 pixels (dlib,
``get_face_chip_details``); the 478 landmarks hold the same five points. The weights are those of
``@vladmandic/face-api`` 1.7.15 (MIT; dlib's own are in the public domain), most of them in 8 bits:
``value = scale * q + min``. Distances to dlib's own embeddings are about 0.04.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.device import device_of, inference
from facedit.errors import BadWeights
from facedit.render.geometry import fit_similarity
from facedit.types import Float32, Float64, UInt8
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


CHIP = 150
"""Side of the chip in pixels."""

_PADDING = 0.25
_PLACES = (
    (0.8595674595992, 0.2134981538014),
    (0.6460604764104, 0.2289674387677),
    (0.1205750620789, 0.2137274526848),
    (0.3340850613712, 0.2290642403242),
    (0.4901123135679, 0.6277975316475),
)
_POINTS = (263, 362, 33, 133, 2)
"""The landmarks at those places: eye corners (outer, inner; subject's left eye first), nose."""


def chip_transform(landmarks: Float32) -> Float64:
    """Return the similarity (2, 3) from the picture to the chip, by least squares."""
    places = (np.array(_PLACES) + _PADDING) / (2 * _PADDING + 1) * CHIP
    every = tuple(range(len(_POINTS)))
    return fit_similarity(landmarks[list(_POINTS)], places.astype(np.float32), every)


def face_chip(picture: UInt8, landmarks: Float32) -> UInt8:
    """Cut the chip, (150, 150, 3), out of a picture; places outside the picture are black."""
    matrix = chip_transform(landmarks)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    shrink = int(1.0 / scale) if scale > 0 else 1
    if shrink > 1:  # sampling a large face at few places would alias
        height, width = picture.shape[0] // shrink, picture.shape[1] // shrink
        cut = np.ascontiguousarray(picture[: height * shrink, : width * shrink])
        picture = np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA))
        enlarge = np.array([[shrink, 0, (shrink - 1) / 2], [0, shrink, (shrink - 1) / 2]])
        linear = matrix[:, :2] @ enlarge
        matrix = np.concatenate([linear[:, :2], (linear[:, 2] + matrix[:, 2])[:, None]], axis=1)
    chip = cv2.warpAffine(np.ascontiguousarray(picture), matrix, (CHIP, CHIP))
    return np.asarray(chip, np.uint8)


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
