"""Compares a run of sound that must be untouched with the place in the source it comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from facedit.types import Float64, Sound
from facedit.units import sample_at

WITHIN_S = 0.05
"""How far a lag is looked for."""

SHORTEST_S = 0.1
"""Shorter runs are not compared."""

QUIET_RMS = 1e-4
"""Quieter runs of the source (-80 dBFS) are not compared: noise is all there is."""

LEAST_CORRELATION = 0.3
"""Below this the run is nowhere near: another sound."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of kept sound beside the source's.

    Attributes:
        snr_db: Energy of the source over energy of the difference, at its very place.
        lag_ms: How much later it lies than it should; NaN if it is not found within ``WITHIN_S``.
    """

    seconds: float
    snr_db: float
    lag_ms: float


def compare_run(
    ours: Sound, theirs: Sound, output_s: float, source_s: float, length_s: float
) -> Run | None:
    """Compare a run.

    Returns the run, or None if it is too short or too quiet to tell. What the output lacks at its
    end is silence.
    """
    rate = theirs.rate
    start, first = sample_at(output_s, rate), sample_at(source_s, rate)
    count = min(sample_at(length_s, rate), len(theirs.samples) - first)
    if count < SHORTEST_S * rate:
        return None
    margin = sample_at(WITHIN_S, rate)
    a, b = (_mixed(sound) for sound in (ours, theirs))
    wanted = _cut(b, first, first + count)
    if math.sqrt(float(wanted @ wanted) / count) < QUIET_RMS:
        return None
    shown = _cut(a, start, start + count)
    error = float(((shown - wanted) ** 2).sum())
    snr = 10 * math.log10(float(wanted @ wanted) / max(error, 1e-20))
    lag = lag_of(shown, _cut(b, first - margin, first + count + margin))
    return Run(count / rate, snr, 1000 * lag / rate)


def lag_of(run: Float64, around: Float64) -> float:
    """Find the place of a run in a longer stretch by normalised cross-correlation.

    ``run``: amplitudes, shape (n,); ``around``: amplitudes with the run expected in the middle,
    shape (n + 2 m,).
    Returns by how many samples the run is late (it lies that much earlier in ``around`` than its
    middle), from -m to m; NaN if it correlates nowhere by ``LEAST_CORRELATION``.
    """
    count, margin = len(run), (len(around) - len(run)) // 2
    size = 1 << (len(around) + count - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(around, size) * np.conj(np.fft.rfft(run, size)), size)
    products = products[: 2 * margin + 1]
    energy = np.concatenate([[0.0], np.cumsum(around**2)])
    local = energy[count : count + 2 * margin + 1] - energy[: 2 * margin + 1]
    correlation = products / np.sqrt(np.maximum(local * float(run @ run), 1e-20))
    best = int(np.argmax(correlation))
    return float(margin - best) if correlation[best] >= LEAST_CORRELATION else float("nan")


def _mixed(sound: Sound) -> Float64:
    """Return the mean over the channels."""
    return np.asarray(sound.samples.mean(axis=1, dtype=np.float64), np.float64)


def _cut(samples: Float64, start: int, stop: int) -> Float64:
    """Return a stretch with silence where there are no samples."""
    low, high = max(start, 0), max(min(stop, len(samples)), max(start, 0))
    return np.pad(samples[low:high], (low - start, stop - max(high, low)))
