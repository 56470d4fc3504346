"""How good speech sounds, by DNSMOS P.835: noise and distortion, without a clean original.

A small network over a spectrogram, fitted to how people rated noisy and cleaned speech (Reddy,
Gopal and Cutler 2022, "DNSMOS P.835: A Non-Intrusive Perceptual Objective Speech Quality Metric").
It says little of how natural a voice is.
"""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor, nn

from facedit.device import inference
from facedit.speech.sound_ops import speech_samples
from facedit.types import Sound
from facedit.units import SPEECH_RATE, sample_at
from facedit.weights.fetch import asset_path

ASSET = "dnsmos.pt"

_WINDOW_S = 9.01
_FRAME, _HOP, _BINS = 320, 160, 161
_CHANNELS = ((1, 128), (128, 64), (64, 64), (64, 32), (32, 32), (32, 32), (32, 64))
_POOLED_AFTER = (3, 4, 5)
# The network's answer is bent to the scale of people's ratings: of the voice, the rest, all.
_BENT = ((0.0052439, 1.22083953, -0.08397278), (-0.39604546, 1.60915514, -0.13166888),
         (0.04602535, 1.11546468, -0.06766283))  # fmt: skip


def quality(sound: Sound) -> tuple[float, float, float]:
    """Rate speech from 1 to 5: the voice itself, what is beside it, and all together.

    Sounds under 9 s are repeated up to that. AssetMissing is raised if the weights are not
    installed.
    """
    samples, window = speech_samples(sound), int(_WINDOW_S * SPEECH_RATE)
    repeated = np.tile(samples, max(1, -(-window // max(1, len(samples)))))
    starts = range(0, len(repeated) - window + 1, sample_at(1.0, SPEECH_RATE))
    windows = np.stack([repeated[start : start + window] for start in starts])
    with inference():
        raw = _net()(torch.from_numpy(windows)).numpy().astype(np.float64)
    voice, rest, whole = (
        float((a + b * column + c * column**2).mean())
        for (a, b, c), column in zip(_BENT, raw.T, strict=True)
    )
    return voice, rest, whole


class Dnsmos(nn.Module):
    """The network; its parts bear the names of the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_real_stft = nn.Conv1d(_FRAME, _BINS, 1, bias=False)
        self.conv_imag_stft = nn.Conv1d(_FRAME, _BINS, 1, bias=False)
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(_CHANNELS):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
            if number in _POOLED_AFTER:
                layers.append(nn.MaxPool2d(2))
        self.conv_layers = nn.Sequential(*layers)
        self.output_layers = nn.Sequential(
            nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 3)
        )

    def forward(self, samples: Tensor) -> Tensor:
        """Judge 16 kHz mono amplitudes, shape (B, N): (B, 3)."""
        frames = samples.unfold(1, _FRAME, _HOP).transpose(1, 2)
        power = self.conv_real_stft(frames).square() + self.conv_imag_stft(frames).square()
        seen = power.clamp(min=1e-12).log10().transpose(1, 2)[:, None]
        most = self.conv_layers(seen).flatten(2).amax(dim=2)
        return torch.as_tensor(self.output_layers(most))


@functools.cache
def _net() -> Dnsmos:
    """Load the network once, after checking that the file is the one we know."""
    net = Dnsmos()
    net.load_state_dict(torch.load(asset_path(ASSET), map_location="cpu", weights_only=True))
    return net.eval().requires_grad_(False)
