"""Log mel filter banks as Kaldi computes them, which speaker networks hear through."""

from __future__ import annotations

import functools

import numpy as np

from facedit.types import Float32, Float64
from facedit.units import SPEECH_RATE

BANDS = 80
_WINDOW, _HOP, _SIZE = 400, 160, 512
_LOWEST_HZ = 20.0
_EMPHASIS = 0.97


def log_filter_bank(samples: Float32) -> Float64:
    """Compute 80 log mel bands of 16 kHz mono amplitudes (N,), shape (frames, 80).

    Whole 25 ms frames every 10 ms, each without its mean, with pre-emphasis and Povey's window; no
    dither. Sounds shorter than one frame are padded.
    """
    padded = np.pad(samples.astype(np.float64), (0, max(0, _WINDOW - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectrum = np.fft.rfft((frames - _EMPHASIS * before) * np.hanning(_WINDOW) ** 0.85, _SIZE)
    power = np.abs(spectrum[:, : _SIZE // 2]) ** 2
    return np.asarray(np.log(np.maximum(power @ _filters().T, np.finfo(np.float32).eps)))


@functools.cache
def _filters() -> Float64:
    """Return triangles on HTK's mel scale, weights of Fourier bins, shape (80, 256)."""
    bins = _mel(np.arange(_SIZE // 2) * SPEECH_RATE / _SIZE)
    edges = np.linspace(_mel(np.array(_LOWEST_HZ)), _mel(np.array(SPEECH_RATE / 2)), BANDS + 2)
    left, middle, right = (edges[k : k + BANDS, None] for k in range(3))
    rising, falling = (bins - left) / (middle - left), (right - bins) / (right - middle)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))


def _mel(hz: Float64) -> Float64:
    return np.asarray(1127.0 * np.log1p(hz / 700.0))
