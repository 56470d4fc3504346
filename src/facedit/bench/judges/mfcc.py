"""Mel-frequency cepstral coefficients as the Python package ``python_speech_features`` has them.

Only SyncNet's front end needs these: 25 ms windows every 10 ms without a window function, 512-point
power spectrum, 26 triangular filters over the mel scale of O'Shaughnessy (1987), orthonormal
DCT-II, 13 coefficients, liftering by 22, the first one replaced by the log energy.
"""

from __future__ import annotations

import numpy as np

from facedit.types import Float64
from facedit.units import SPEECH_RATE

COEFFICIENTS = 13
_WINDOW, _STEP = SPEECH_RATE // 40, SPEECH_RATE // 100
_POINTS = 512
_FILTERS = 26
_EMPHASIS = 0.97
_LIFTER = 22
_TINY = float(np.finfo(np.float64).eps)


def mfcc(samples: Float64) -> Float64:
    """Compute the coefficients of 16 kHz mono sound on the scale of 16-bit integers, (N,), N > 0.

    Returns shape (frames, 13); 100 frames a second, the last one padded with zeros.
    """
    sound = np.concatenate([samples[:1], samples[1:] - _EMPHASIS * samples[:-1]])
    frames = 1 + max(0, -(-(len(sound) - _WINDOW) // _STEP))
    padded = np.pad(sound, (0, max(0, (frames - 1) * _STEP + _WINDOW - len(sound))))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP][:frames]
    power = np.abs(np.fft.rfft(pieces, _POINTS)) ** 2 / _POINTS
    energy = np.maximum(power.sum(axis=1), _TINY)
    heard = np.log(np.maximum(power @ mel_filters().T, _TINY))
    number = np.arange(COEFFICIENTS)
    out = heard @ _cosines().T * (1 + _LIFTER / 2 * np.sin(np.pi * number / _LIFTER))
    out[:, 0] = np.log(energy)
    return np.asarray(out, np.float64)


def mel_filters() -> Float64:
    """Return the triangular filters (26, 257), corners at whole bins of the spectrum."""
    top = 2595 * np.log10(1 + SPEECH_RATE / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, _FILTERS + 2) / 2595) - 1)
    corner = np.floor((_POINTS + 1) * hertz / SPEECH_RATE)
    bins = np.arange(_POINTS // 2 + 1)
    left, middle, right = corner[:-2, None], corner[1:-1, None], corner[2:, None]
    rising = (bins - left) / np.maximum(middle - left, 1)
    falling = (right - bins) / np.maximum(right - middle, 1)
    inside = np.where(bins < middle, rising, falling)
    return np.asarray(np.where((bins >= left) & (bins < right), inside, 0.0), np.float64)


def _cosines() -> Float64:
    """Return the orthonormal DCT-II of the filters, shape (13, 26)."""
    number, place = np.arange(COEFFICIENTS)[:, None], np.arange(_FILTERS)
    basis = np.sqrt(2 / _FILTERS) * np.cos(np.pi * number * (2 * place + 1) / (2 * _FILTERS))
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, np.float64)
