"""Small operations on sounds that every part of the speech stage needs: mono, rate, cuts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from facedit.cache import cached
from facedit.media.pcm import resample
from facedit.types import Float32, Sound
from facedit.units import SPEECH_RATE, sample_at

_EDGE_S = 0.005


def mono(sound: Sound) -> Float32:
    """Mix the channels down by their mean, (N, channels) to (N,)."""
    return np.ascontiguousarray(sound.samples.mean(axis=1, dtype=np.float32))


def resampled(samples: Float32, rate: int, new_rate: int) -> Float32:
    """Resample mono amplitudes (N,) with libswresample, without delay, to their exact duration.

    That is ``round(N * new_rate / rate)`` samples.
    """
    if not len(samples):
        return samples.astype(np.float32, copy=False)
    return resample(Sound(samples[:, None], rate), new_rate).samples[:, 0]


def speech_samples(sound: Sound) -> Float32:
    """Bring a sound into the form that speech models hear.

    Mono amplitudes at 16 kHz, shape (N,), free of NaN and infinity.
    """
    one = sound.samples[:, 0] if sound.samples.shape[1] == 1 else mono(sound)
    samples = resampled(one, sound.rate, SPEECH_RATE)
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def fit_length(samples: Float32, length: int) -> Float32:
    """Cut (N,) or (N, channels) at the end or pad with silence to exactly ``length`` samples."""
    if len(samples) >= length:
        return samples[:length]
    missing = [(0, length - len(samples))] + [(0, 0)] * (samples.ndim - 1)
    return np.pad(samples, missing)


def cut(sound: Sound, start_s: float, end_s: float) -> Sound:
    """Take the samples in ``[start_s, end_s)``, as far as there are any."""
    first = max(0, sample_at(start_s, sound.rate))
    return Sound(sound.samples[first : max(first, sample_at(end_s, sound.rate))], sound.rate)


def cut_wider(sound: Sound, start_s: float, end_s: float, beside_s: float) -> Sound:
    """Take the samples in a stretch and exactly so much on either side: silence beyond the sound.

    Where the sound begins or ends it is faded over 5 ms.
    """
    rate, wider = sound.rate, sample_at(beside_s, sound.rate)
    first, last = sample_at(start_s, rate) - wider, sample_at(end_s, rate) + wider
    missing = max(-first, 0), max(last - len(sound.samples), 0)
    samples = np.pad(sound.samples[max(first, 0) : last], (missing, (0, 0)))
    fade = max(1, sample_at(_EDGE_S, rate))
    ramp = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)[:, None]
    if missing[0]:
        samples[missing[0] : missing[0] + fade] *= ramp
    if missing[1]:
        samples[len(samples) - missing[1] - fade : len(samples) - missing[1]] *= ramp[::-1]
    return Sound(samples, rate)


def from_mono(samples: Float32, rate: int, channels: int = 1) -> Sound:
    """Wrap mono amplitudes (N,) as a sound (N, channels): the one channel is repeated."""
    return Sound(np.repeat(samples.astype(np.float32)[:, None], channels, axis=1), rate)


def sound_key(sound: Sound, purpose: str) -> str:
    """Name a result by the SHA-256 of the sound and of all else that it depends on."""
    digest = hashlib.sha256(f"{purpose}\n{sound.rate}\n{sound.samples.shape}\n".encode())
    digest.update(np.ascontiguousarray(sound.samples, dtype=np.float32).data)
    return digest.hexdigest()


def cached_sound(key: str, make: Callable[[], Sound]) -> Sound:
    """Read a sound from disk, or make and keep it; ``key`` stands for all that it depends on."""

    def read(entry: Path) -> Sound:
        with np.load(entry, allow_pickle=False) as stored:
            samples, rate = np.asarray(stored["samples"], np.float32), int(stored["rate"])
        if samples.ndim != 2 or not np.isfinite(samples).all() or rate <= 0:
            raise ValueError("it is no sound")
        return Sound(samples, rate)

    def write(part: Path, sound: Sound) -> None:
        with part.open("wb") as file:
            np.savez(file, samples=sound.samples, rate=sound.rate)

    return cached(f"speech/{key}.npz", read, make, write)
