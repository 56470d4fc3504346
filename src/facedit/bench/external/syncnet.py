"""LSE-C and LSE-D by the real SyncNet, for who has its weights.

The weights (``syncnet_v2.model`` of joonson/syncnet_python; Chung & Zisserman, "Out of Time:
Automated Lip Sync in the Wild", 2016) are not ours to ship. Named by a path, they are loaded into
the published architecture, and distance and confidence are computed as its evaluation does:
5-picture windows against 20 MFCC frames, distances to the sound shifted by up to 15 pictures,
absent sound as zero vectors.

What could be checked here is the architecture's shapes, the MFCC's and the arithmetic, with random
weights. Nobody has run it on the real file in this project, and the face crops are the caller's:
only crops as the original pipeline cuts them (25 fps, box widened by 0.4, median-filtered,
224 x 224, BGR) give figures that may stand beside published LSE-C and LSE-D.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from facedit.bench.external.mfcc import COEFFICIENTS, mfcc
from facedit.errors import AssetMissing, BadWeights, UsageError
from facedit.types import Float32, UInt8
from facedit.units import MOTION_FPS, SPEECH_SAMPLES_PER_FRAME

SIDE = 224
PICTURES = 5
SOUND_FRAMES = 20
SHIFTS = 15
EMBEDDING = 1024
_PER_PICTURE = 100 // MOTION_FPS
_FULL_SCALE = 32768.0
_BATCH = 8
_EPS = 1e-6


class SyncNet(nn.Module):
    """The published two-stream network, under the parameter names of its weights file."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_conv2d(1, 64), nn.MaxPool2d(1, 1),
            *_conv2d(64, 192), nn.MaxPool2d(3, (1, 2)),
            *_conv2d(192, 384), *_conv2d(384, 256), *_conv2d(256, 256), nn.MaxPool2d(3, 2),
            *_conv2d(256, 512, (5, 4), 0),
        )  # fmt: skip
        self.netcnnlip = nn.Sequential(
            *_conv3d(3, 96, (5, 7, 7), 2, 0), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_conv3d(96, 256, (1, 5, 5), 2, 1),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_conv3d(256, 256, (1, 3, 3), 1, 1), *_conv3d(256, 256, (1, 3, 3), 1, 1),
            *_conv3d(256, 256, (1, 3, 3), 1, 1), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_conv3d(256, 512, (1, 6, 6), 1, 0),
        )  # fmt: skip
        self.netfcaud, self.netfclip = _head(), _head()

    def embed_sound(self, coefficients: Tensor) -> Tensor:
        """Map MFCC windows (B, 1, 13, 20) to (B, 1024)."""
        out: Tensor = self.netfcaud(self.netcnnaud(coefficients).flatten(1))
        return out

    def embed_pictures(self, pictures: Tensor) -> Tensor:
        """Map windows of BGR face crops in 0 .. 255, (B, 3, 5, 224, 224), to (B, 1024)."""
        out: Tensor = self.netfclip(self.netcnnlip(pictures).flatten(1))
        return out


@dataclass(frozen=True, slots=True)
class Lse:
    """What SyncNet says of a clip.

    Attributes:
        distance: LSE-D, lower is better, from 0.
        confidence: LSE-C, higher is better, from 0.
        offset: Pictures by which the sound is early (SyncNet's own sign).
    """

    distance: float
    confidence: float
    offset: int


def load_syncnet(path: Path) -> SyncNet:
    """Load SyncNet's weights.

    Args:
        path: ``syncnet_v2.model`` or the same tensors as safetensors.

    Returns:
        The network, frozen.

    Raises:
        AssetMissing: If the file is not there.
        BadWeights: If it is no such state, or its tensors do not fit.
    """
    if not path.is_file():
        raise AssetMissing(f"SyncNet's weights {path} are not there; LSE-C and LSE-D need them.")
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
        net = SyncNet()
        net.load_state_dict(state)
    except (SafetensorError, OSError, RuntimeError, TypeError, ValueError, EOFError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadWeights(f"{path.name} does not fit SyncNet: {reason}") from error
    except Exception as error:  # torch.load's refusal to unpickle has no public base
        raise BadWeights(f"{path.name} is not a plain table of SyncNet's tensors.") from error
    return net.eval().requires_grad_(False)


def lse(net: SyncNet, crops: UInt8, samples: Float32) -> Lse:
    """Measure a clip.

    Args:
        net: The network.
        crops: Face crops at 25 pictures a second, BGR, shape (F, 224, 224, 3).
        samples: 16 kHz mono sound in [-1, 1], shape (N,), from the first picture on.

    Returns:
        Distance, confidence and offset.

    Raises:
        UsageError: If the crops have another size, or there are fewer than six pictures of sound.
    """
    if crops.shape[1:] != (SIDE, SIDE, 3):
        raise UsageError(f"SyncNet sees crops of {SIDE} x {SIDE}; these are {crops.shape[1:]}.")
    windows = min(len(crops), len(samples) // SPEECH_SAMPLES_PER_FRAME) - PICTURES
    if windows < 1:
        raise UsageError("SyncNet needs at least six pictures with sound.")
    heard = mfcc(np.asarray(samples, np.float64) * _FULL_SCALE).T.astype(np.float32)
    assert len(heard) == COEFFICIENTS
    pictures, sounds = [], []
    with torch.inference_mode():
        for first in range(0, windows, _BATCH):
            starts = range(first, min(first + _BATCH, windows))
            seen = np.stack([crops[k : k + PICTURES] for k in starts]).transpose(0, 4, 1, 2, 3)
            pictures.append(net.embed_pictures(torch.from_numpy(seen.astype(np.float32))))
            pieces = [heard[:, _PER_PICTURE * k :][:, :SOUND_FRAMES] for k in starts]
            sounds.append(net.embed_sound(torch.from_numpy(np.stack(pieces)[:, None])))
    return lse_of(torch.cat(pictures), torch.cat(sounds))


def lse_of(pictures: Tensor, sounds: Tensor, shifts: int = SHIFTS) -> Lse:
    """Read distance, confidence and offset off embeddings.

    Args:
        pictures: Shape (n, E).
        sounds: Shape (n, E).
        shifts: Largest shift to each side.

    Returns:
        The figures; shifted sound that does not exist is a zero vector, as in the original.
    """
    padded = nn.functional.pad(sounds, (0, 0, shifts, shifts))
    means = torch.stack(
        [
            (pictures - padded[k : k + len(pictures)] + _EPS).norm(dim=1).mean()
            for k in range(2 * shifts + 1)
        ]
    )
    least, place = means.min(dim=0)
    return Lse(float(least), float(means.median() - least), shifts - int(place))


def _conv2d(
    before: int, after: int, kernel: tuple[int, int] = (3, 3), padding: int = 1
) -> tuple[nn.Module, ...]:
    """Convolution, batch normalisation, ReLU."""
    return nn.Conv2d(before, after, kernel, padding=padding), nn.BatchNorm2d(after), nn.ReLU()


def _conv3d(
    before: int, after: int, kernel: tuple[int, int, int], stride: int, padding: int
) -> tuple[nn.Module, ...]:
    """Convolution with stride and padding in the picture only, batch normalisation, ReLU."""
    conv = nn.Conv3d(
        before, after, kernel, stride=(1, stride, stride), padding=(0, padding, padding)
    )
    return conv, nn.BatchNorm3d(after), nn.ReLU()


def _head() -> nn.Sequential:
    """Two dense layers."""
    return nn.Sequential(
        nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, EMBEDDING)
    )
