"""What phone is heard when: our small network over Whisper's states and the log-mel spectrum.

Whisper knows speech in any voice and noise but ticks every 20 ms; the spectrum shows where a phone
begins. Trained by ``benchmarks/fit_phones.py``; card: ``weights/phones.md``.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from facedit.device import inference
from facedit.errors import BadWeights
from facedit.speech.encoders.encoders import Spectrum
from facedit.speech.encoders.log_mel import HOP, MEL_BANDS, compressed, mel_power
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.speech.sound_ops import fit_length
from facedit.types import Float32
from facedit.units import SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME, exact_div

PHONES = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH",
    "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH",
    "UW", "V", "W", "Y", "Z", "ZH", "",
)  # fmt: skip
"""ARPAbet without stress, and at the end silence."""
SILENCE = len(PHONES) - 1
TICKS_PER_SECOND = exact_div(SPEECH_RATE, HOP)
_FILE = Path(str(files("facedit").joinpath("weights/phones.safetensors")))
_BLOCK, _CONTEXT = 6000, 50
"""Ticks that are classified at once, and the ticks that the network hears on either side."""


class PhoneNet(nn.Module):
    """A classifier of 10 ms ticks."""

    def __init__(self, width: int = 128, states: int = 512) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(states)
        self.from_states = nn.Linear(states, width)
        self.from_mel = nn.Conv1d(MEL_BANDS, width, 5, padding=2)
        self.blocks = nn.ModuleList(
            nn.Conv1d(width, width, 5, padding=2 * d, dilation=d) for d in (1, 2, 4, 1)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in self.blocks)
        self.out = nn.Linear(width, len(PHONES))

    def forward(self, mel: Tensor, states: Tensor) -> Tensor:
        """Classify ticks: log probabilities, shape (batch, 2 N, 40).

        ``mel`` (batch, 2 N, 80) is the log-mel spectrum relative to its peak, ``states`` (batch, N,
        512) are the encoder's.
        """
        heard = self.from_states(self.norm(states)).repeat_interleave(2, dim=1)
        hidden = functional.gelu(heard + self.from_mel(mel.transpose(1, 2)).transpose(1, 2))
        for block, norm in zip(self.blocks, self.norms, strict=True):
            change = block(norm(hidden).transpose(1, 2)).transpose(1, 2)
            hidden = hidden + functional.gelu(change)
        return functional.log_softmax(self.out(hidden), dim=-1)


def inputs_of(samples: Float32, spectrum: Spectrum = mel_power) -> tuple[Float32, Float32]:
    """Compute what the network hears of 16 kHz mono amplitudes.

    That is the log-mel spectrum relative to its peak, at most 0, shape (T, 80), and the encoder's
    states, shape (T / 2, 512); T counts ticks of 10 ms, tick k is around k / 100 s, and is a
    multiple of 4 that covers the sound. ``spectrum`` computes the power in mel bands, e.g.
    augmented for training.
    """
    frames = -(-len(samples) // SPEECH_SAMPLES_PER_FRAME)
    whole = fit_length(samples, frames * SPEECH_SAMPLES_PER_FRAME)
    mel = compressed(spectrum(whole)).T
    encoder = WHISPER.through(spectrum)
    states = encoder.encode(whole).reshape(2 * frames, encoder.channels // 2)
    return np.ascontiguousarray(mel - mel.max(initial=-10.0)), states


def phone_scores(samples: Float32) -> Float32:
    """Tell how probable each phone is at each tick of 16 kHz mono amplitudes (N,).

    Log probabilities, shape (ceil(N / 160), 40), in the order of ``PHONES``. AssetMissing is raised
    if Whisper is not installed.
    """
    mel, states = inputs_of(samples)
    net = phone_net()
    scores = np.empty((len(mel), len(PHONES)), np.float32)
    for start in range(0, len(mel), _BLOCK):
        low, high = max(start - _CONTEXT, 0), min(start + _BLOCK + _CONTEXT, len(mel))
        with inference():
            found = net(
                torch.from_numpy(mel[low:high])[None],
                torch.from_numpy(states[low // 2 : high // 2])[None],
            )[0].numpy()
        scores[start : start + _BLOCK] = found[start - low : start - low + _BLOCK]
    return scores[: -(-len(samples) // HOP)]


@functools.cache
def phone_net() -> PhoneNet:
    """Load the shipped network, once; BadWeights if it is not there, or is not of this network."""
    net = PhoneNet()
    try:
        net.load_state_dict({k: v.float() for k, v in load_file(_FILE).items()})
    except (OSError, RuntimeError, SafetensorError) as error:
        raise BadWeights(f"{_FILE.name} is damaged: install facedit again ({error}).") from error
    return net.eval().requires_grad_(False)
