"""A silence inside speech: digital silence, or the room's tone without speech (pure)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from facedit.types import Float32, Sound

Silence = Literal["digital", "room tone"]
KINDS: tuple[Silence, ...] = ("digital", "room tone")

QUIET_S = 0.2
"""Length of the stretch that a room's tone is learnt from."""


def silenced(sound: Sound, start_s: float, end_s: float, kind: Silence, seed: int) -> Sound:
    """Replace a stretch of a sound by silence.

    ``kind``: zeros, or noise with the spectrum and level of the quietest ``QUIET_S`` outside it.
    Returns a sound of the same length, untouched outside the stretch.
    """
    low, high = round(start_s * sound.rate), round(end_s * sound.rate)
    samples = sound.samples.copy()
    if kind == "digital":
        samples[low:high] = 0
    else:
        quiet = quietest(np.concatenate([samples[:low], samples[high:]]), sound.rate)
        samples[low:high] = like_noise(quiet, high - low, seed)
    return Sound(samples, sound.rate)


def quietest(samples: Float32, rate: int) -> Float32:
    """Return the quietest stretch of a sound.

    Returns the ``QUIET_S`` with the least power, shape (M, channels); all if there is less.
    """
    length = round(QUIET_S * rate)
    if len(samples) <= length:
        return samples
    power = np.concatenate([[0.0], np.cumsum((samples.astype(np.float64) ** 2).sum(axis=1))])
    start = int(np.argmin(power[length:] - power[:-length]))
    return samples[start : start + length]


def like_noise(sample: Float32, length: int, seed: int) -> Float32:
    """Make noise with the spectrum and level of a short sample.

    ``seed``: seed of the phases, which are alike in all channels.
    Returns noise of the sample's RMS per channel, shape (length, channels).
    """
    window = np.hanning(len(sample))[:, None]
    size = np.abs(np.fft.rfft(sample * window, axis=0))
    bins = length // 2 + 1
    at = np.linspace(0, len(size) - 1, bins)
    size = np.stack([np.interp(at, np.arange(len(size)), one) for one in size.T], axis=1)
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, bins)
    noise = np.fft.irfft(size * np.exp(1j * phase)[:, None], n=length, axis=0)
    level = np.sqrt((sample.astype(np.float64) ** 2).mean(axis=0))
    own = np.maximum(np.sqrt((noise**2).mean(axis=0)), 1e-30)
    out: Float32 = (noise * level / own).astype(np.float32)
    return out
