"""Whisper base as a speech encoder: the states of one of its layers."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
import torch

from facedit.bfloat16 import in_bfloat16
from facedit.device import inference
from facedit.errors import UsageError
from facedit.speech.encoders.encoders import Spectrum
from facedit.speech.encoders.log_mel import HOP, compressed, mel_power
from facedit.speech.encoders.whisper_encoder import MAX_TICKS, WhisperEncoder, load_whisper_encoder
from facedit.types import Float32
from facedit.units import SPEECH_SAMPLES_PER_FRAME, SPEECH_TICKS_PER_FRAME, exact_div
from facedit.weights.fetch import asset_path

DEFAULT_LAYER = 4
LAYERS = 6
"""Layers of Whisper base."""
PAD_FRAMES = 10
"""Silence put before and after the sound (0.4 s): the encoder was trained on padded sound."""
OVERLAP_FRAMES = 50
"""Context of 2 s on each side of a piece of a long sound."""

_MEL_PER_FRAME = exact_div(SPEECH_SAMPLES_PER_FRAME, HOP)
_CHUNK_FRAMES = exact_div(MAX_TICKS, SPEECH_TICKS_PER_FRAME)


@dataclass(frozen=True, slots=True)
class WhisperBase:
    """Hidden states, two 50 Hz ticks side by side per motion frame (implements ``Encoder``).

    The weights are loaded when something is encoded, once per layer and device.

    Attributes:
        layer: Which layer's output, 1 to 6; 2 to 4 predict lips best.
        device: Where the network computes.
        spectrum: What it hears through.
        dtype: Numbers that the network computes with; what it gives is float32.
        padding: Frames of silence before the sound, and after it.
    """

    layer: int = DEFAULT_LAYER
    device: torch.device | str = "cpu"
    spectrum: Spectrum = mel_power
    dtype: torch.dtype = torch.float32
    padding: tuple[int, int] = (PAD_FRAMES, PAD_FRAMES)

    @classmethod
    def of(cls, layer: str, device: torch.device | str) -> WhisperBase:
        """Make the encoder of a layer, ``1`` to ``6``, else UsageError; empty for the default."""
        layers = {str(number): number for number in range(1, LAYERS + 1)} | {"": DEFAULT_LAYER}
        if layer not in layers:
            raise UsageError(f"Whisper base has layers 1 to {LAYERS}, not {layer}.")
        return cls(layers[layer], device)

    def through(self, spectrum: Spectrum) -> WhisperBase:
        """Return the same encoder behind another spectrum, e.g. one of ``speech.augment``."""
        return replace(self, spectrum=spectrum)

    @property
    def name(self) -> str:
        """``whisper-base/`` and the layer."""
        return f"whisper-base/{self.layer}"

    @property
    def channels(self) -> int:
        """Two ticks' states side by side."""
        return SPEECH_TICKS_PER_FRAME * _loaded(self.layer, str(self.device), self.dtype).width

    def encode(self, samples: Float32) -> Float32:
        """Encode whole motion frames of sound, piece by piece where it is longer than 30 s.

        A long sound's pieces overlap by 2 s on each side and share one dynamic range, so that they
        agree away from the joins.
        """
        frames = exact_div(len(samples), SPEECH_SAMPLES_PER_FRAME)
        before, after = self.padding
        padded = np.pad(samples, [count * SPEECH_SAMPLES_PER_FRAME for count in self.padding])
        total = before + frames + after
        power, net = self.spectrum(padded), _loaded(self.layer, str(self.device), self.dtype)
        peak = float(np.log10(np.maximum(power, 1e-10)).max(initial=-10.0))
        states = np.empty((total, self.channels), dtype=np.float32)
        for start, stop, keep_from, keep_to in chunks(total, _CHUNK_FRAMES, OVERLAP_FRAMES):
            piece = power[:, start * _MEL_PER_FRAME : stop * _MEL_PER_FRAME]
            mel = torch.from_numpy(compressed(piece, peak))[None].to(self.device, self.dtype)
            with inference():
                folded = net(mel)[0].reshape(stop - start, self.channels).float().cpu()
            states[keep_from:keep_to] = folded[keep_from - start : keep_to - start].numpy()
        return states[before : before + frames]


WHISPER = WhisperBase()
"""What hears by default, on the CPU."""


def chunks(total: int, longest: int, overlap: int) -> list[tuple[int, int, int, int]]:
    """Cover a range by overlapping pieces ``(start, stop, keep_from, keep_to)``.

    The kept parts tile the range; a piece is no longer than ``longest``, more than ``2 * overlap``,
    which is the context on each inner side that is computed but not kept.
    """
    if total <= longest:
        return [(0, total, 0, total)] if total else []
    step = longest - 2 * overlap
    pieces = []
    kept = 0
    start = 0
    while kept < total:
        stop = min(start + longest, total)
        keep_to = total if stop == total else stop - overlap
        pieces.append((start, stop, kept, keep_to))
        kept = keep_to
        start += step
    return pieces


@functools.lru_cache(maxsize=2)
def _loaded(layer: int, device: str, dtype: torch.dtype = torch.float32) -> WhisperEncoder:
    net = load_whisper_encoder(asset_path("whisper-base.bin"), layer)
    if device == "cpu" and dtype == torch.bfloat16:
        return in_bfloat16(net)
    return net.to(device, dtype)
