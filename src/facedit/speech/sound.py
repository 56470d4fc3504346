"""Small operations on sounds that every part of the speech stage needs: mono, rate, cuts."""

from __future__ import annotations

import numpy as np

from facedit.media.pcm import resample
from facedit.types import Float32, Sound
from facedit.units import SPEECH_RATE, sample_at


def mono(sound: Sound) -> Float32:
    """Mix the channels down by their mean.

    Args:
        sound: The sound, (N, channels).

    Returns:
        Amplitudes, shape (N,).
    """
    return np.ascontiguousarray(sound.samples.mean(axis=1, dtype=np.float32))


def resampled(samples: Float32, rate: int, new_rate: int) -> Float32:
    """Change the sample rate of a mono sound with libswresample, without delay.

    Args:
        samples: Amplitudes, shape (N,).
        rate: Their samples per second.
        new_rate: The samples per second wanted.

    Returns:
        Amplitudes, exactly ``round(N * new_rate / rate)`` of them.
    """
    if not len(samples):
        return samples.astype(np.float32, copy=False)
    return resample(Sound(samples[:, None], rate), new_rate).samples[:, 0]


def speech_samples(sound: Sound) -> Float32:
    """Bring a sound into the form that speech models hear.

    Args:
        sound: Any sound.

    Returns:
        Mono amplitudes at 16 kHz, shape (N,), free of NaN and infinity.
    """
    samples = resampled(mono(sound), sound.rate, SPEECH_RATE)
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def fit_length(samples: Float32, length: int) -> Float32:
    """Cut at the end or pad with silence.

    Args:
        samples: Amplitudes, shape (N,) or (N, channels).
        length: Samples wanted.

    Returns:
        Exactly ``length`` samples.
    """
    if len(samples) >= length:
        return samples[:length]
    missing = [(0, length - len(samples))] + [(0, 0)] * (samples.ndim - 1)
    return np.pad(samples, missing)


def cut(sound: Sound, start_s: float, end_s: float) -> Sound:
    """Take a piece of a sound.

    Args:
        sound: The sound.
        start_s: Begin in seconds; what lies before the sound is left out.
        end_s: End in seconds.

    Returns:
        The samples in ``[start_s, end_s)``.
    """
    first = max(0, sample_at(start_s, sound.rate))
    return Sound(sound.samples[first : max(first, sample_at(end_s, sound.rate))], sound.rate)


def from_mono(samples: Float32, rate: int, channels: int = 1) -> Sound:
    """Wrap mono amplitudes as a sound.

    Args:
        samples: Amplitudes, shape (N,).
        rate: Samples per second.
        channels: How often the one channel is repeated.

    Returns:
        The sound, (N, channels).
    """
    return Sound(np.repeat(samples.astype(np.float32)[:, None], channels, axis=1), rate)
