"""Speech features on the 25 Hz motion grid: encoder states, log energy and voice activity.

Row k describes the sound of ``[k, k + 1) / 25`` s. The encoder's two 50 Hz ticks of that interval
stand side by side, then the base-10 log RMS of the interval, then the probability that it is
speech (lips that move in silence are the commonest complaint, and the encoder alone, trained to
ignore silence, does not say clearly where it is).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from facedit.errors import UsageError
from facedit.speech.activity import voice_activity
from facedit.speech.log_mel import HOP, compressed, mel_power
from facedit.speech.sound import fit_length, speech_samples
from facedit.speech.whisper_encoder import MAX_TICKS, WhisperEncoder, load_whisper_encoder
from facedit.types import ENERGY_AND_VOICE, Float32, Float64, Sound, SpeechFeatures
from facedit.units import (
    SPEECH_SAMPLES_PER_FRAME,
    SPEECH_TICKS_PER_FRAME,
    exact_div,
)
from facedit.weights.fetch import asset_path

DEFAULT_LAYER = 4
LAYERS = 6
"""Layers of Whisper base."""
PAD_FRAMES = 10
"""Silence put before and after the sound (0.4 s): the encoder was trained on padded sound."""
OVERLAP_FRAMES = 50
"""Context of 2 s on each side of a piece of a long sound."""
QUIET = 1e-4
"""Added to the RMS before the logarithm, so that digital silence is -4."""

_MEL_PER_FRAME = exact_div(SPEECH_SAMPLES_PER_FRAME, HOP)
_CHUNK_FRAMES = exact_div(MAX_TICKS, SPEECH_TICKS_PER_FRAME)


Spectrum = Callable[[Float32], Float64]
"""From 16 kHz samples, shape (N,), to the power in 80 mel bands, shape (80, N // 160)."""


class Encoder(Protocol):
    """What a speech encoder must offer; WavLM and others fit behind it."""

    @property
    def name(self) -> str:
        """Name and layer, as a checkpoint records it."""

    @property
    def channels(self) -> int:
        """Channels per motion frame."""

    def encode(self, samples: Float32) -> Float32:
        """Encode whole motion frames of sound.

        Args:
            samples: 16 kHz mono amplitudes, a multiple of 640 of them.

        Returns:
            States, shape (len(samples) / 640, channels).
        """


@dataclass(frozen=True, slots=True)
class WhisperBase:
    """Hidden states of Whisper base, two 50 Hz ticks side by side per motion frame.

    The weights are loaded when something is encoded, once per layer and device.

    Attributes:
        layer: Which layer's output, 1 to 6; 2 to 4 predict lips best.
        device: Where the network computes.
        spectrum: What it hears through.
    """

    layer: int = DEFAULT_LAYER
    device: torch.device | str = "cpu"
    spectrum: Spectrum = mel_power

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
        return SPEECH_TICKS_PER_FRAME * _loaded(self.layer, str(self.device)).width

    def encode(self, samples: Float32) -> Float32:
        """Encode whole motion frames of sound, piece by piece where it is longer than 30 s.

        Args:
            samples: 16 kHz mono amplitudes, a multiple of 640 of them.

        Returns:
            States, shape (frames, channels). A long sound's pieces overlap by 2 s on each side
            and share one dynamic range, so that they agree away from the joins.
        """
        frames = exact_div(len(samples), SPEECH_SAMPLES_PER_FRAME)
        padding = PAD_FRAMES * SPEECH_SAMPLES_PER_FRAME
        padded = np.pad(samples, (padding, padding))
        total = frames + 2 * PAD_FRAMES
        power, net = self.spectrum(padded), _loaded(self.layer, str(self.device))
        peak = float(np.log10(np.maximum(power, 1e-10)).max(initial=-10.0))
        states = np.empty((total, self.channels), dtype=np.float32)
        for start, stop, keep_from, keep_to in chunks(total, _CHUNK_FRAMES, OVERLAP_FRAMES):
            piece = power[:, start * _MEL_PER_FRAME : stop * _MEL_PER_FRAME]
            mel = torch.from_numpy(compressed(piece, peak))[None].to(self.device)
            with torch.inference_mode():
                folded = net(mel)[0].reshape(stop - start, self.channels).cpu()
            states[keep_from:keep_to] = folded[keep_from - start : keep_to - start].numpy()
        return states[PAD_FRAMES : PAD_FRAMES + frames]


WHISPER = WhisperBase()
"""What hears by default, on the CPU."""


def chunks(total: int, longest: int, overlap: int) -> list[tuple[int, int, int, int]]:
    """Cover a range by overlapping pieces.

    Args:
        total: Length of the range.
        longest: Most that one piece may hold, more than ``2 * overlap``.
        overlap: Context on each inner side that is computed but not kept.

    Returns:
        ``(start, stop, keep_from, keep_to)`` per piece; the kept parts tile the range.
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
def _loaded(layer: int, device: str) -> WhisperEncoder:
    return load_whisper_encoder(asset_path("whisper-base.bin"), layer).to(device)


def encoder_name(layer: int = DEFAULT_LAYER) -> str:
    """Return the name of the features that ``extract`` gives, without loading anything.

    Args:
        layer: Layer of Whisper base.

    Returns:
        For example ``whisper-base/4+energy+vad``.
    """
    return f"whisper-base/{layer}{ENERGY_AND_VOICE}"


def is_made(encoder: str) -> bool:
    """Tell whether ``extract`` can make the features of a name."""
    return encoder in _layers_by_name()


def encoder_of(encoder: str, device: torch.device | str = "cpu") -> WhisperBase:
    """Return what makes the features of a name: ``encoder_name`` turned round.

    Args:
        encoder: Name of features, as weights record it.
        device: Where it is to compute.

    Returns:
        The encoder.

    Raises:
        UsageError: If this version makes no such features.
    """
    if not is_made(encoder):
        raise UsageError(
            f"speech features {encoder!r} are asked for; this version makes {encoder_name(1)} to "
            f"{encoder_name(LAYERS)}: train the weights again, or take the facedit they came with."
        )
    return WhisperBase(_layers_by_name()[encoder], device)


def _layers_by_name() -> dict[str, int]:
    return {encoder_name(layer): layer for layer in range(1, LAYERS + 1)}


def extract(
    sound: Sound,
    frames: int | None = None,
    encoder: Encoder = WHISPER,
) -> SpeechFeatures:
    """Compute the speech features of a sound.

    Args:
        sound: Any rate and channels; its first sample is at motion frame 0.
        frames: Motion frames wanted; the sound is cut or padded with silence to them. By default
            as many as the sound touches.
        encoder: What hears it.

    Returns:
        Features of T frames; 1024 states each for Whisper base, whose absence raises
        AssetMissing.
    """
    samples = speech_samples(sound)
    if frames is None:
        frames = -(-len(samples) // SPEECH_SAMPLES_PER_FRAME)
    samples = fit_length(samples, frames * SPEECH_SAMPLES_PER_FRAME)
    name = f"{encoder.name}{ENERGY_AND_VOICE}"
    if not frames:
        nothing = np.empty(0, np.float32)
        return SpeechFeatures(np.empty((0, encoder.channels), np.float32), nothing, nothing, name)
    states, activity = encoder.encode(samples), voice_activity(samples, frames)
    return SpeechFeatures(states, log_energy(samples), activity, name)


def log_energy(samples: Float32) -> Float32:
    """Compute the level per motion frame.

    Args:
        samples: 16 kHz mono amplitudes, a multiple of 640 of them.

    Returns:
        Base-10 logarithm of the RMS, shape (frames,), from -4 (silence) to 0 (full scale).
    """
    rows = samples.astype(np.float64).reshape(-1, SPEECH_SAMPLES_PER_FRAME)
    return np.asarray(np.log10(np.sqrt((rows**2).mean(axis=1)) + QUIET), dtype=np.float32)
