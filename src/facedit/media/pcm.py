"""Sample arithmetic: to float, between channel counts, between rates."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from facedit.types import Float32, Sound
from facedit.units import sample_at

# Layouts that both AAC and Opus encode.
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
MOST_CHANNELS = 8
"""Most channels that are written or resampled at once."""

_BLOCK = 1 << 16


def layout_name(channels: int) -> str:
    """Name the usual layout of a number of channels.

    ``channels``: 1 to 8.
    """
    return _LAYOUTS[channels]


def to_float(frame: AudioFrame) -> Float32:
    """Convert decoded sound to floats in [-1, 1].

    Returns samples, shape (N, channels).
    """
    raw = frame.to_ndarray()
    samples = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    floats: Float32 = np.ascontiguousarray(samples, dtype=np.float32)
    if samples.dtype == np.uint8:
        return (floats - np.float32(128.0)) / np.float32(128.0)
    if samples.dtype.kind == "i":
        return floats / np.float32(2.0 ** (8 * samples.dtype.itemsize - 1))
    return floats


def to_frame(samples: Float32, rate: int) -> AudioFrame:
    """Wrap samples for an encoder or resampler.

    ``samples``: amplitudes, shape (N, channels).
    """
    planes = np.ascontiguousarray(samples.T, dtype=np.float32)
    frame = AudioFrame.from_ndarray(planes, format="fltp", layout=layout_name(len(planes)))
    frame.sample_rate = rate
    return frame


def remix(samples: Float32, channels: int) -> Float32:
    """Change the number of channels.

    ``samples``: amplitudes, shape (N, old channels). Returns amplitudes, shape (N, channels): the
    same where the number is; else the mean of the old channels in every new one.
    """
    if samples.shape[1] == channels:
        return samples
    mean = samples.mean(axis=1, keepdims=True, dtype=np.float32)
    return np.repeat(mean, channels, axis=1)


def resample(sound: Sound, rate: int, channels: int | None = None) -> Sound:
    """Change rate and channels; sample 0 stays at time 0.

    ``channels``: new number of channels, None for the same. Returns the sound with ``round(N * rate
    / sound.rate)`` samples.
    """
    samples = remix(sound.samples, channels or sound.samples.shape[1])
    if rate == sound.rate:
        return Sound(samples, rate)
    if samples.shape[1] > MOST_CHANNELS:
        halves = np.array_split(samples, 2, axis=1)
        parts = [resample(Sound(half, sound.rate), rate).samples for half in halves]
        return Sound(np.concatenate(parts, axis=1), rate)
    length = sample_at(len(samples) / sound.rate, rate)
    changer = AudioResampler(format="fltp", layout=layout_name(samples.shape[1]), rate=rate)
    blocks: list[Float32] = []
    for start in range(0, len(samples), _BLOCK):
        frame = to_frame(samples[start : start + _BLOCK], sound.rate)
        frame.pts = start
        frame.time_base = Fraction(1, sound.rate)
        blocks += [to_float(out) for out in changer.resample(frame)]
    blocks += [to_float(out) for out in changer.resample(None)]
    return Sound(fit(np.concatenate(blocks) if blocks else samples[:0], length), rate)


def fit(samples: Float32, length: int) -> Float32:
    """Cut or pad with silence to a length.

    ``samples``: amplitudes, shape (N, channels). Returns amplitudes, shape (length, channels).
    """
    if len(samples) >= length:
        return samples[:length]
    return np.pad(samples, ((0, length - len(samples)), (0, 0)))
