"""Where and how two sounds are joined: low-energy points, cross-fades, levels. Pure arithmetic."""

from __future__ import annotations

import math

import numpy as np

from facedit.types import Float32, Float64
from facedit.units import sample_at

SILENCE_DB = -120.0
"""Level given to digital silence."""

_LEVEL_WINDOW_S = 0.010
_NEARNESS_DB = 3.0


def level_db(samples: Float32) -> float:
    """Return the RMS level in dB relative to a constant of 1, at least ``SILENCE_DB``."""
    if not samples.size:
        return SILENCE_DB
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(SILENCE_DB, 10.0 * math.log10(power + 1e-30))


def envelope_db(samples: Float32, rate: int, window_s: float = _LEVEL_WINDOW_S) -> Float64:
    """Return the level in dB around every sample, (N,) or (N, channels) to (N,).

    The window is centred on the sample.
    """
    power = np.square(samples.reshape(len(samples), -1), dtype=np.float64).mean(axis=1)
    reach = max(1, sample_at(window_s / 2, rate))
    sums = np.concatenate([[0.0], np.cumsum(power)])
    last = np.minimum(np.arange(len(power)) + reach, len(power))
    first = np.maximum(np.arange(len(power)) - reach, 0)
    mean = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    return np.asarray(np.maximum(10.0 * np.log10(np.maximum(mean, 0.0) + 1e-30), SILENCE_DB))


def low_energy_point(samples: Float32, rate: int, around_s: float, window_s: float) -> float:
    """Find the best place to cut near a time in seconds: quiet, near, and on a zero crossing.

    The quietest 10 ms wins; distance costs up to 3 dB at the edge of the window, which reaches
    ``window_s`` to each side, so that flat noise or silence is cut where it was asked for.
    Amplitudes have shape (N,) or (N, channels); the cut is within window and sound.
    """
    if not len(samples):
        return 0.0
    centre = min(max(sample_at(around_s, rate), 0), len(samples))
    reach = max(0, sample_at(window_s, rate))
    first, last = max(0, centre - reach), min(len(samples), centre + reach + 1)
    if last - first < 2:
        return centre / rate
    # The level needs a little sound on both sides of the window.
    margin = sample_at(_LEVEL_WINDOW_S, rate)
    begin = max(0, first - margin)
    level = envelope_db(samples[begin : last + margin], rate)[first - begin : last - begin]
    distance = np.abs(np.arange(first, last) - centre) / max(reach, 1)
    best = first + int(np.argmin(level + _NEARNESS_DB * distance))
    return _zero_crossing(samples, best, sample_at(0.002, rate), first, last) / rate


def _zero_crossing(samples: Float32, index: int, reach: int, first: int, last: int) -> int:
    """Return the sample next to a sign change of the mono signal nearest to an index."""
    low, high = max(first, index - reach), min(last, index + reach + 1)
    wave = samples[low:high].reshape(high - low, -1).mean(axis=1)
    changes = np.flatnonzero(np.signbit(wave[1:]) != np.signbit(wave[:-1])) + 1 + low
    if not len(changes):
        return index
    return int(changes[np.argmin(np.abs(changes - index))])
