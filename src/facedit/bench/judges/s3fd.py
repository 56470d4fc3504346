"""S3FD, the face detector whose boxes fix the crops that SyncNet sees.

Zhang et al., "S3FD: Single Shot Scale-invariant Face Detector", ICCV 2017; ``sfd_face.pth``.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.bench.judges import vgg
from facedit.device import device_of, inference
from facedit.types import Float64, UInt8

_MEAN = (123.0, 117.0, 104.0)
_TAPS = (256, 512, 512, 1024, 512, 256)
_VARIANCES = (0.1, 0.2)
_LEAST, _MOST_BEFORE, _MOST = 0.05, 5000, 750


class _Normalised(nn.Module):
    """Features of unit length over the channels, times a learned gain."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        unit = x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10)
        return unit * self.weight[:, None, None]


class S3fd(nn.Module):
    """The network, under the parameter names of its file."""

    def __init__(self) -> None:
        super().__init__()
        self.vgg = vgg.convolutions()
        self.vgg["31"] = nn.Conv2d(512, 1024, 3, padding=6, dilation=6)
        self.vgg["33"] = nn.Conv2d(1024, 1024, 1)
        self.extras = nn.ModuleList(
            (nn.Conv2d(1024, 256, 1), nn.Conv2d(256, 512, 3, 2, 1),
             nn.Conv2d(512, 128, 1), nn.Conv2d(128, 256, 3, 2, 1))
        )  # fmt: skip
        self.L2Norm3_3, self.L2Norm4_3 = _Normalised(256), _Normalised(512)
        self.L2Norm5_3 = _Normalised(512)
        self.loc = nn.ModuleList(nn.Conv2d(width, 4, 3, padding=1) for width in _TAPS)
        self.conf = nn.ModuleList(
            nn.Conv2d(width, 2 if tap else 4, 3, padding=1) for tap, width in enumerate(_TAPS)
        )

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Look for faces in RGB pictures less their mean, (B, 3, H, W).

        Returns offsets (B, P, 4), chances of none and of a face (B, P, 2), and the boxes that they
        are offset from, as centre and size in shares of the picture (P, 4).
        """
        taps = self._taps(pictures)
        offsets, chances = [], []
        for tap, (x, where, what) in enumerate(zip(taps, self.loc, self.conf, strict=True)):
            offsets.append(where(x).movedim(1, -1).reshape(len(x), -1, 4))
            found = what(x)
            if tap == 0:  # three kinds of background
                found = torch.cat([found[:, :3].amax(1, keepdim=True), found[:, 3:]], 1)
            chances.append(found.movedim(1, -1).reshape(len(x), -1, 2))
        height, width = pictures.shape[-2:]
        priors = _priors([(x.shape[-2], x.shape[-1]) for x in taps], height, width)
        return torch.cat(offsets, 1), torch.cat(chances, 1).softmax(-1), priors.to(pictures.device)

    def _taps(self, x: Tensor) -> list[Tensor]:
        _, _, third, fourth, fifth = vgg.features(self.vgg, x, ceil=3)
        taps = [self.L2Norm3_3(third), self.L2Norm4_3(fourth), self.L2Norm5_3(fifth)]
        x = functional.max_pool2d(fifth, 2)
        x = functional.relu(self.vgg["33"](functional.relu(self.vgg["31"](x))))
        taps.append(x)
        for number, layer in enumerate(self.extras):
            x = functional.relu(layer(x))
            if number % 2:
                taps.append(x)
        return taps

    @inference()
    def detect(self, rgb: UInt8) -> Float64:
        """Find faces of a picture (H, W, 3).

        Returns a row each, the surest first: score, then left, top, right, bottom in shares of the
        picture, shape (n, 5).
        """
        picture = torch.from_numpy(rgb).to(device_of(self)).float()
        picture = (picture - picture.new_tensor(_MEAN)).movedim(-1, 0)[None]
        offsets, chances, priors = self(picture)
        size = priors[:, 2:]
        centre = priors[:, :2] + offsets[0, :, :2] * _VARIANCES[0] * size
        half = size * (offsets[0, :, 2:] * _VARIANCES[1]).exp() / 2
        boxes = torch.cat([chances[0, :, 1:], centre - half, centre + half], 1)
        found = boxes.cpu().numpy().astype(np.float64)
        found = found[found[:, 0] > _LEAST]
        found = found[np.argsort(-found[:, 0], kind="stable")][:_MOST_BEFORE]
        return apart(found, 0.3)[:_MOST]


def _priors(sizes: list[tuple[int, int]], height: int, width: int) -> Tensor:
    """Lay a square around the centre of every place of every tap."""
    found = []
    for tap, (rows, columns) in enumerate(sizes):
        stride, side = 4 * 2**tap, 16 * 2**tap
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centre = torch.stack(((x + 0.5) * stride / width, (y + 0.5) * stride / height), -1)
        extent = torch.tensor((side / width, side / height)).expand_as(centre)
        found.append(torch.cat([centre, extent], -1).reshape(-1, 4))
    return torch.cat(found)


def apart(boxes: Float64, most: float) -> Float64:
    """Keep of rows of score and box (n, 5), the surest first, those that overlap none before.

    ``most``: share of the union that may be common.
    """
    kept: list[int] = []
    for row in range(len(boxes)):
        if not kept or overlap(boxes[row, 1:], boxes[kept, 1:]).max() <= most:
            kept.append(row)
    return boxes[kept]


def overlap(box: Float64, others: Float64) -> Float64:
    """Return the common share of the union of a box (4,) and others (n, 4), shape (n,)."""
    least, most = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.maximum(most - least, 0).prod(-1)
    area = np.prod(box[2:] - box[:2]) + (others[:, 2:] - others[:, :2]).prod(-1)
    return np.asarray(common / (area - common), np.float64)
