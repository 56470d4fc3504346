"""SyncNet, and LSE-C and LSE-D as its evaluation computes them.

Chung and Zisserman, "Out of Time: Automated Lip Sync in the Wild", 2016; ``syncnet_v2.model`` of
joonson/syncnet_python. Windows of 5 pictures against 20 MFCC columns, distances to the sound
shifted by up to 15 pictures, absent sound as zero vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from facedit.bench.judges.mfcc import mfcc
from facedit.device import device_of, inference
from facedit.types import Float32, UInt8
from facedit.units import MOTION_FPS, SPEECH_SAMPLES_PER_FRAME

SIDE = 224
PICTURES = 5
"""Pictures of a window; a clip of n pictures has n - 5 of them, as in the original."""

_SOUND_COLUMNS, _PER_PICTURE = 20, 100 // MOTION_FPS
_SHIFTS, _EPS, _BATCH, _FULL_SCALE = 15, 1e-6, 8, 32768.0


class SyncNet(nn.Module):
    """The published network of two streams, under the parameter names of its file."""

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
        """Map windows of BGR crops in 0 .. 255, (B, 3, 5, 224, 224), to (B, 1024)."""
        out: Tensor = self.netfclip(self.netcnnlip(pictures).flatten(1))
        return out


@dataclass(frozen=True, slots=True)
class Lse:
    """What SyncNet says of a clip.

    Attributes:
        distance: LSE-D: lower is better.
        confidence: LSE-C: higher is better.
        offset: Pictures by which the sound is early (SyncNet's own sign).
    """

    distance: float
    confidence: float
    offset: int


@inference()
def embeddings(net: SyncNet, crops: UInt8, samples: Float32) -> tuple[Tensor, Tensor]:
    """Embed every window of a clip: its pictures and its sound, each (n, 1024).

    ``crops``: BGR faces at 25 pictures a second, (F, 224, 224, 3); ``samples``: mono sound at
    16 kHz in [-1, 1], from the first picture on, (N,). n = min(F, N / 640) - 5, or none.
    """
    windows = max(min(len(crops), len(samples) // SPEECH_SAMPLES_PER_FRAME) - PICTURES, 0)
    heard = mfcc(np.asarray(samples, np.float64) * _FULL_SCALE).T.astype(np.float32)
    device = device_of(net)
    pictures, sounds = [torch.zeros(0, 1024)], [torch.zeros(0, 1024)]
    for first in range(0, windows, _BATCH):
        starts = range(first, min(first + _BATCH, windows))
        seen = np.stack([crops[k : k + PICTURES] for k in starts]).transpose(0, 4, 1, 2, 3)
        window = torch.from_numpy(seen.astype(np.float32)).to(device)
        pieces = [heard[:, _PER_PICTURE * k :][:, :_SOUND_COLUMNS] for k in starts]
        sound = torch.from_numpy(np.stack(pieces)[:, None]).to(device)
        pictures.append(net.embed_pictures(window).cpu())
        sounds.append(net.embed_sound(sound).cpu())
    return torch.cat(pictures), torch.cat(sounds)


def distances_by_shift(pictures: Tensor, sounds: Tensor) -> Tensor:
    """Return the distance of each window to the sound at each shift, shape (n, 31)."""
    padded = nn.functional.pad(sounds, (0, 0, _SHIFTS, _SHIFTS))
    shifted = [padded[k : k + len(pictures)] for k in range(2 * _SHIFTS + 1)]
    return torch.stack([(pictures - sound + _EPS).norm(dim=1) for sound in shifted], 1)


def lse_of(distances: Tensor) -> Lse:
    """Read the figures off distances by shift, shape (n, 31), n > 0."""
    means = distances.mean(0)
    least, place = means.min(dim=0)
    return Lse(float(least), float(means.median() - least), _SHIFTS - int(place))


def _conv2d(
    before: int, after: int, kernel: tuple[int, int] = (3, 3), padding: int = 1
) -> tuple[nn.Module, ...]:
    return nn.Conv2d(before, after, kernel, padding=padding), nn.BatchNorm2d(after), nn.ReLU()


def _conv3d(
    before: int, after: int, kernel: tuple[int, int, int], stride: int, padding: int
) -> tuple[nn.Module, ...]:
    """Convolution with stride and padding in the picture only, batch normalisation, ReLU."""
    steps, around = (1, stride, stride), (0, padding, padding)
    conv = nn.Conv3d(before, after, kernel, stride=steps, padding=around)
    return conv, nn.BatchNorm3d(after), nn.ReLU()


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024))
