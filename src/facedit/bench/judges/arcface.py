"""ArcFace: whose face it is. IDSIM is the cosine of two embeddings.

Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019: the
iresnet of arcface_torch, or InsightFace's ONNX file of it. Both are for non-commercial research.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from facedit.device import inference
from facedit.types import Float32, Float64, UInt8

SIDE = 112
TEMPLATE: Float64 = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655),
     (70.7299, 92.2041)]
)  # fmt: skip
"""Where the left eye in the picture, the right eye, nose tip and corners of the mouth go."""

DEPTHS = {"r50": (3, 4, 14, 3), "r100": (3, 13, 30, 3)}
"""Blocks of each stage."""

Embed = Callable[[Float32], Float32]
"""Embeds aligned RGB faces in [-1, 1], (B, 3, 112, 112): shape (B, 512)."""


class _Block(nn.Module):
    """Normalise, convolve, normalise, PReLU, convolve, normalise, add."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.bn2, self.prelu = nn.BatchNorm2d(after), nn.PReLU(after)
        self.conv2 = nn.Conv2d(after, after, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(after)
        self.downsample = (
            nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
            if stride > 1
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        inside = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        out: Tensor = self.bn3(self.conv2(inside)) + shortcut
        return out


class IResNet(nn.Module):
    """The network of ``backbone.pth``, under its parameter names; ``depths``: blocks by stage."""

    def __init__(self, depths: Sequence[int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.bn1, self.prelu = nn.BatchNorm2d(64), nn.PReLU(64)
        before = 64
        for stage, (count, width) in enumerate(zip(depths, (64, 128, 256, 512), strict=True), 1):
            blocks = [
                _Block(before, width, 2),
                *(_Block(width, width, 1) for _ in range(count - 1)),
            ]
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
            before = width
        self.bn2, self.fc = nn.BatchNorm2d(512), nn.Linear(512 * 7 * 7, 512)
        self.features = nn.BatchNorm1d(512)

    def forward(self, x: Tensor) -> Tensor:
        """Embed aligned faces in [-1, 1], (B, 3, 112, 112): shape (B, 512)."""
        x = self.prelu(self.bn1(self.conv1(x)))
        for stage in range(1, 5):
            x = self.get_submodule(f"layer{stage}")(x)
        out: Tensor = self.features(self.fc(self.bn2(x).flatten(1)))
        return out


def alignment(points: Float64 | Float32) -> Float64:
    """Find the similarity (2, 3) that brings points of a face onto the template, by least squares.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    1991; without reflection. ``points``: in pixels, as ``TEMPLATE``.
    """
    points = np.asarray(points, np.float64)
    own, wanted = points - points.mean(0), TEMPLATE - TEMPLATE.mean(0)
    u, strength, vh = np.linalg.svd(wanted.T @ own)
    sign = np.array([1.0, np.sign(np.linalg.det(u @ vh))])
    rotation = (u * sign) @ vh
    scale = (strength * sign).sum() / np.square(own).sum()
    shift = TEMPLATE.mean(0) - scale * rotation @ points.mean(0)
    return np.concatenate([scale * rotation, shift[:, None]], axis=1)


def aligned(rgb: UInt8, points: Float64 | Float32) -> UInt8:
    """Cut a face out as the network wants it, (112, 112, 3): bilinear, black outside."""
    warped = cv2.warpAffine(rgb, alignment(points), (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.uint8)


def scaled(faces: Sequence[UInt8]) -> Float32:
    """Turn RGB faces, each (112, 112, 3), into what networks take, (B, 3, 112, 112)."""
    stacked = np.stack(faces).transpose(0, 3, 1, 2)
    return np.asarray((stacked - np.float32(127.5)) / np.float32(127.5), np.float32)


def embed_by(net: IResNet) -> Embed:
    """Let a loaded network embed."""

    @inference()
    def embed(faces: Float32) -> Float32:
        found: Float32 = net(torch.from_numpy(faces).to(net.fc.weight.device)).cpu().numpy()
        return found

    return embed
