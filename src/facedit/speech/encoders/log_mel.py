"""Log-mel spectrogram as Whisper hears it, in NumPy.

80 Slaney mel bands of a 25 ms Hann window every 10 ms at 16 kHz, base-10 logarithm, limited to 8
below the maximum, then ``(x + 4) / 4`` (Radford et al. 2022, and the reference implementation).
"""

from __future__ import annotations

import functools
from typing import Literal

import numpy as np

from facedit.types import Float32, Float64
from facedit.units import SPEECH_RATE

WINDOW = 400
HOP = 160
MEL_BANDS = 80
_BLOCK = 4096
_KNEE_HZ = 4800.0


def log_mel(samples: Float32, peak: float | None = None) -> Float32:
    """Compute the log-mel spectrogram of 16 kHz mono amplitudes (N,), shape (80, N // 160).

    Frame k is centred on sample ``160 * k``. ``peak`` is the highest base-10 log power that the
    dynamic range is limited against; by default that of this sound. Pieces of one sound agree when
    they share it.
    """
    return compressed(mel_power(samples), peak)


def compressed(power: Float64, peak: float | None = None) -> Float32:
    """Compress the power in mel bands as Whisper wants it; ``peak`` is ``log_mel``'s."""
    log = np.log10(np.maximum(power, 1e-10))
    if peak is None:
        peak = float(log.max(initial=-10.0))
    return ((np.maximum(log, peak - 8.0) + 4.0) / 4.0).astype(np.float32)


def mel_power(samples: Float32, bands: int = MEL_BANDS, warp: float = 1.0) -> Float64:
    """Compute the power in the mel bands of 16 kHz mono amplitudes (N,), shape (bands, N // 160).

    ``warp`` is a factor on the sound's frequencies.
    """
    frames = len(samples) // HOP
    mel = np.empty((bands, frames))
    if not frames:
        return mel
    mode: Literal["reflect", "constant"] = "reflect" if len(samples) > WINDOW // 2 else "constant"
    padded = np.pad(samples.astype(np.float32, copy=False), WINDOW // 2, mode=mode)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    views = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    for start in range(0, frames, _BLOCK):  # blocks keep long sounds out of memory
        stop = min(start + _BLOCK, frames)
        spectrum = np.fft.rfft(views[start:stop] * window, axis=1)
        mel[:, start:stop] = mel_filters(bands, warp) @ (np.abs(spectrum) ** 2).T
    return mel


@functools.cache
def mel_filters(bands: int = MEL_BANDS, warp: float = 1.0) -> Float64:
    """Build the Slaney mel filter bank, area-normalised: weights of Fourier bins, (bands, 201).

    ``warp`` is a factor on the sound's frequencies.
    """
    bins = warped(np.fft.rfftfreq(WINDOW, 1.0 / SPEECH_RATE).astype(np.float64), warp)
    edges = _mel_to_hz(np.linspace(0.0, float(_hz_to_mel(np.array(SPEECH_RATE / 2))), bands + 2))
    widths = np.diff(edges)
    ramps = edges[:, None] - bins[None, :]
    rising = -ramps[:-2] / widths[:-1, None]
    falling = ramps[2:] / widths[1:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(weights * (2.0 / (edges[2:] - edges[:-2]))[:, None])


@functools.cache
def mel_centres(bands: int = MEL_BANDS) -> Float64:
    """Return the frequency in the middle of each mel band, in Hz, shape (bands,)."""
    top = float(_hz_to_mel(np.array(SPEECH_RATE / 2)))
    return _mel_to_hz(np.linspace(0.0, top, bands + 2)[1:-1])


def warped(hz: Float64, factor: float) -> Float64:
    """Warp frequencies in Hz, leaving 0 and the highest, half of the sampling rate, where they are.

    ``factor`` is the slope up to 4.8 kHz (over the factor, if that is above 1); above, a straight
    line leads to the highest frequency (Jaitly and Hinton 2013).
    """
    top = SPEECH_RATE / 2
    knee = _KNEE_HZ * min(factor, 1.0) / factor
    above = top - (top - knee * factor) / (top - knee) * (top - hz)
    return np.where(hz <= knee, hz * factor, above)


# Slaney's scale: linear up to 1 kHz, then 27 bands per factor of 6.4.
_LINEAR_STEP = 200.0 / 3.0
_LOG_FROM_HZ = 1000.0
_LOG_FROM_MEL = _LOG_FROM_HZ / _LINEAR_STEP
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hz: Float64) -> Float64:
    log = _LOG_FROM_MEL + np.log(np.maximum(hz, _LOG_FROM_HZ) / _LOG_FROM_HZ) / _LOG_STEP
    return np.where(hz < _LOG_FROM_HZ, hz / _LINEAR_STEP, log)


def _mel_to_hz(mel: Float64) -> Float64:
    log = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mel - _LOG_FROM_MEL))
    return np.where(mel < _LOG_FROM_MEL, mel * _LINEAR_STEP, log)
