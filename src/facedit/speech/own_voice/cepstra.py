"""Cepstra of spectral envelopes: few numbers whose mean and spread make a voice's colour."""

from __future__ import annotations

import numpy as np

from facedit.types import Float64

COEFFICIENTS = 60
WARPS = np.arange(0.84, 1.181, 0.02)
"""Factors by which a vocal tract is made longer (above 1) or shorter."""

_OF_WARP = 24


def cepstra(envelope: Float64, count: int = COEFFICIENTS) -> Float64:
    """Return the first cepstral coefficients of log envelopes (T, bins), shape (T, count)."""
    whole = np.fft.irfft(envelope, axis=1)
    return np.asarray(whole[:, :count])


def envelope_of(coefficients: Float64, bins: int) -> Float64:
    """Return the log envelopes of cepstra (T, count), shape (T, bins)."""
    size = 2 * (bins - 1)
    whole = np.zeros((len(coefficients), size))
    count = coefficients.shape[1]
    whole[:, :count] = coefficients
    whole[:, size - count + 1 :] = coefficients[:, :0:-1]
    return np.asarray(np.fft.rfft(whole, axis=1).real)


def moved(envelope: Float64, before: Float64, after: Float64) -> Float64:
    """Change the coarse shape of log envelopes from some cepstra to others; detail stays."""
    return envelope + envelope_of(after - before, envelope.shape[1])


def warped(envelope: Float64, factor: float) -> Float64:
    """Read every frequency of log envelopes (T, bins) from ``factor`` times as far up."""
    bins = envelope.shape[1]
    at = np.clip(np.arange(bins) * factor, 0, bins - 1)
    low = at.astype(int)
    high, share = np.minimum(low + 1, bins - 1), at - low
    return np.asarray(envelope[:, low] * (1.0 - share) + envelope[:, high] * share)


def best_warp(envelope: Float64, wanted: Float64) -> float:
    """Find the factor by which a mean log envelope (bins,) comes nearest to another."""
    theirs = cepstra(wanted[None], _OF_WARP)[0, 1:]

    def distance(factor: float) -> float:
        ours = cepstra(warped(envelope[None], factor), _OF_WARP)[0, 1:]
        return float(np.abs(ours - theirs).sum())

    return min(map(float, WARPS), key=distance)
