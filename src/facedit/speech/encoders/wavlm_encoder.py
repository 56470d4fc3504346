"""WavLM as a speech encoder, of the official weights that a user brings."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from facedit.device import inference
from facedit.errors import BadWeights, UsageError
from facedit.speech.encoders.wavlm import STRIDES, WavLM, normalised
from facedit.speech.encoders.wavlm_file import load_wavlm
from facedit.speech.encoders.whisper_base import chunks
from facedit.types import Float32
from facedit.units import SPEECH_SAMPLES_PER_FRAME, SPEECH_TICKS_PER_FRAME, exact_div
from facedit.weights.user_files import UserFile, user_files

PIECE_FRAMES, OVERLAP_FRAMES = 625, 50
"""A long sound is heard in pieces of 25 s, with 2 s of context on each side."""

PADDING = (400 - int(np.prod(STRIDES))) // 2
"""Zeros on each side, so that 2 F states stand for F frames, each centred on its 320 samples."""


@dataclass(frozen=True, slots=True)
class WavLMKind:
    """One of the published networks, by our name for it.

    ``width`` is the channels of a state; ``files`` is what its official files are called.
    """

    name: str
    layers: int
    width: int
    files: tuple[str, ...]
    published: str


LARGE = WavLMKind(
    "wavlm-large", 24, 1024,
    ("WavLM-Large.pt", "wavlm-large/model.safetensors", "wavlm-large/pytorch_model.bin"),
    "github.com/microsoft/unilm, folder wavlm",
)  # fmt: skip
BASE_PLUS = WavLMKind(
    "wavlm-base-plus", 12, 768,
    ("WavLM-Base+.pt", "wavlm-base-plus/model.safetensors", "wavlm-base-plus/pytorch_model.bin"),
    "github.com/microsoft/unilm, folder wavlm",
)  # fmt: skip

ON_HUB = UserFile(
    ("wavlm-large/pytorch_model.bin", *LARGE.files), "speech encoder wavlm-large",
    "as its model card says (of microsoft/UniSpeech)", "huggingface.co/microsoft/wavlm-large", "",
    ("microsoft/wavlm-large", "pytorch_model.bin"),
)  # fmt: skip
"""``LARGE``'s file; the first form can be fetched."""


@dataclass(frozen=True, slots=True)
class WavLMEncoder:
    """Hidden states of some layers, two 50 Hz ticks side by side per motion frame.

    Layer 0 is what the first one is given. Several layers, ``first`` to ``last``, lie one behind
    the other. ``Large`` hears sound of zero mean and unit variance: those of the whole of what is
    encoded.
    """

    kind: WavLMKind
    first: int
    last: int
    device: torch.device | str = "cpu"

    @property
    def name(self) -> str:
        """The network's name and the layers."""
        layers = f"{self.first}-{self.last}" if self.first < self.last else f"{self.last}"
        return f"{self.kind.name}/{layers}"

    @property
    def channels(self) -> int:
        """Two ticks' states side by side, of each layer."""
        return (self.last - self.first + 1) * SPEECH_TICKS_PER_FRAME * self.kind.width

    def encode(self, samples: Float32) -> Float32:
        """Encode whole motion frames (``Encoder.encode``)."""
        network = _loaded(self.kind, str(self.device))
        frames = exact_div(len(samples), SPEECH_SAMPLES_PER_FRAME)
        wave = torch.from_numpy(samples)[None].to(self.device)
        if network.size.pre_norm:
            wave = normalised(wave)
        states = np.empty((frames, self.channels), dtype=np.float32)
        for start, stop, keep_from, keep_to in chunks(frames, PIECE_FRAMES, OVERLAP_FRAMES):
            piece = wave[:, start * SPEECH_SAMPLES_PER_FRAME : stop * SPEECH_SAMPLES_PER_FRAME]
            with inference():
                heard = network(functional.pad(piece, (PADDING, PADDING)), self.last)
            folded = np.concatenate(
                [one[0].reshape(stop - start, -1).cpu().numpy() for one in heard[self.first :]],
                axis=1,
            )
            states[keep_from:keep_to] = folded[keep_from - start : keep_to - start]
        return states


def large(layer: str, device: torch.device | str) -> WavLMEncoder:
    """Make the encoder that ``wavlm-large/LAYER`` means."""
    return _encoder(LARGE, layer, device)


def base_plus(layer: str, device: torch.device | str) -> WavLMEncoder:
    """Make the encoder that ``wavlm-base-plus/LAYER`` means."""
    return _encoder(BASE_PLUS, layer, device)


def _encoder(kind: WavLMKind, layer: str, device: torch.device | str) -> WavLMEncoder:
    """Take one layer, several such as ``0-24``, or all."""
    first, several, last = (layer or f"0-{kind.layers}").partition("-")
    known = {str(k): k for k in range(kind.layers + 1)}
    if not several:
        last = first if first != "0" else ""
    if not (first in known and last in known and known[first] <= known[last]):
        raise UsageError(
            f"{kind.name} has layers 1 to {kind.layers}, or several such as 0-{kind.layers}, not "
            f"{layer}."
        )
    return WavLMEncoder(kind, known[first], known[last], device)


@functools.lru_cache(maxsize=1)
def _loaded(kind: WavLMKind, device: str) -> WavLM:
    path = user_files(kind.name, {"model": kind.files}, kind.published)["model"]
    network = load_wavlm(path)
    if (network.size.layers, network.size.width) != (kind.layers, kind.width):
        raise BadWeights(
            f"{path} has {network.size.layers} layers of {network.size.width} channels: it is not "
            f"{kind.name}."
        )
    return network.to(device)
