"""FVD on I3D features, when the user has the network as TorchScript.

Unterthiner et al., "Towards Accurate Generative Models of Video: A New Metric & Challenges", 2018:
the Fréchet distance of 400 features of an I3D network trained on Kinetics-400. The file is the
``i3d_torchscript.pt`` that StyleGAN-V made and others use, called as they do (pictures from 0 to
255, rescaled and resized by the network itself). A TorchScript file is a program: load one only
from a source you trust. Not checked, for want of the file: that figures agree with published ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facedit.bench.gaussians import frechet_distance
from facedit.errors import BadWeights
from facedit.types import Float64, UInt8

FEWEST_FRAMES = 10
"""The network halves time three times and then averages: shorter clips give it nothing."""


@dataclass(frozen=True, slots=True)
class I3d:
    """The loaded network.

    Attributes:
        net: The TorchScript module.
    """

    net: Any

    def describe(self, frames: Sequence[UInt8]) -> Float64:
        """Describe a clip.

        Args:
            frames: RGB pictures of one size, each of shape (H, W, 3).

        Returns:
            Features, shape (400,).

        Raises:
            ValueError: If there are fewer than ``FEWEST_FRAMES``.
        """
        if len(frames) < FEWEST_FRAMES:
            raise ValueError(
                f"FVD needs {FEWEST_FRAMES} frames a clip; this one has {len(frames)}."
            )
        clip = torch.from_numpy(np.stack(frames)).permute(3, 0, 1, 2)[None].float()
        with torch.inference_mode():
            features = self.net(clip, rescale=True, resize=True, return_features=True)
        return np.asarray(features[0].numpy(), np.float64)


def load_i3d(path: Path) -> I3d:
    """Load the network from the user's file.

    Args:
        path: The TorchScript file.

    Returns:
        The network.

    Raises:
        BadWeights: If the file cannot be read.
    """
    if not path.is_file():
        raise BadWeights(f"{path} is no file: FVD needs i3d_torchscript.pt.")
    try:
        load: Any = torch.jit.load
        return I3d(load(str(path), map_location="cpu").eval())
    except (RuntimeError, ValueError) as error:
        raise BadWeights(f"{path} holds no TorchScript network.") from error


def fvd(made: Float64, own: Float64) -> float:
    """Return the Fréchet video distance of two sets of clips.

    Args:
        made: Features of a system's clips, shape (n, 400), n > 1.
        own: Features of real clips, shape (m, 400), m > 1.

    Returns:
        The squared Fréchet distance, 0 or more. Biased upwards when clips are few.
    """
    sides = [(side.mean(axis=0), np.cov(side, rowvar=False)) for side in (made, own)]
    return float(frechet_distance(*sides[0], *sides[1]))
