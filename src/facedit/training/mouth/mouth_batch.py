"""Samples of the mouth network as tensors, and what the network draws from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from facedit.device import device_of, inference
from facedit.render.network import MouthNetwork, combine
from facedit.training.mouth.mouth_samples import MouthSample


@dataclass(frozen=True, slots=True)
class MouthBatch:
    """Samples as tensors, pictures in [0, 1].

    Attributes:
        pictures: Warped base and references, shape (B, 4, 3, S, S).
        raster: Drawn targets, shape (B, 3, S, S).
        gaps: Lip openings of the sources, shape (B, 4).
        truth: The target pictures, shape (B, 3, S, S).
        referenced: Whether the sample has references, shape (B,).
        own: Whether they show the person themselves, shape (B,).
    """

    pictures: Tensor
    raster: Tensor
    gaps: Tensor
    truth: Tensor
    referenced: Tensor
    own: Tensor

    def to(self, device: torch.device) -> MouthBatch:
        """Return the same on a device."""
        return MouthBatch(*(getattr(self, one.name).to(device) for one in fields(self)))


def collate(samples: Sequence[MouthSample]) -> MouthBatch:
    """Stack samples into tensors."""

    def stack(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(np.stack(arrays))).float() / 255.0

    return MouthBatch(
        pictures=stack([one.pictures for one in samples]).permute(0, 1, 4, 2, 3),
        raster=stack([one.raster for one in samples]).permute(0, 3, 1, 2),
        gaps=torch.from_numpy(np.stack([one.gaps for one in samples])),
        truth=stack([one.truth for one in samples]).permute(0, 3, 1, 2),
        referenced=torch.tensor([one.referenced for one in samples]),
        own=torch.tensor([one.own for one in samples]),
    )


def drawn_by(
    network: MouthNetwork, samples: Sequence[MouthSample], residual: float
) -> tuple[Tensor, MouthBatch]:
    """Let a network draw samples without learning from them; ``residual`` is the share that counts.

    Returns pictures of shape (B, 3, S, S), and the samples on the network's device.
    """
    device = device_of(network)
    batch = collate(samples).to(device)
    with inference():
        with torch.autocast(device.type, torch.bfloat16):
            weights, rest = network(batch.pictures, batch.raster, batch.gaps)
        return combine(batch.pictures, weights.float(), residual * rest.float()), batch
