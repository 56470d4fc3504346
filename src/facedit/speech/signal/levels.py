"""Measures of a voice: active level, pitch, speaking rate, long-term spectrum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedit.speech.signal.low_energy import SILENCE_DB, level_db
from facedit.speech.text.pronounce import syllables
from facedit.types import Float32, Float64, Word
from facedit.units import sample_at

ACTIVE_RANGE_DB = 25.0
"""Frames within this of the loudest ones count as speech."""
LOWEST_HZ, HIGHEST_HZ = 60.0, 420.0

_FRAME_S = 0.020
_PITCH_FRAME_S, _PITCH_HOP_S = 0.048, 0.010
_VOICED = 0.55
_FIRST_PEAK = 0.88
_SPECTRUM_SIZE = 1024


def frame_levels_db(samples: Float32, rate: int, frame_s: float = _FRAME_S) -> Float64:
    """Return the level in dB of consecutive whole frames of amplitudes (N,), shape (frames,)."""
    size = max(1, sample_at(frame_s, rate))
    rows = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.square(rows, dtype=np.float64).mean(axis=1)
    return np.asarray(np.maximum(10.0 * np.log10(power + 1e-30), SILENCE_DB))


def active_level_db(samples: Float32, rate: int) -> float:
    """Return the level of the speech without its pauses.

    Decibels of the frames within 25 dB of the loudest 5 %.
    """
    levels = frame_levels_db(samples, rate)
    if not len(levels):
        return level_db(samples)
    active = levels[levels > np.percentile(levels, 95) - ACTIVE_RANGE_DB]
    return float(10.0 * np.log10(np.mean(10.0 ** (active / 10.0)))) if len(active) else SILENCE_DB


def median_pitch(samples: Float32, rate: int) -> float | None:
    """Estimate the median fundamental frequency of the voiced parts in Hz.

    Normalised autocorrelation of 48 ms frames; the first peak nearly as high as the highest one
    counts, which avoids the octave below. 16 kHz is plenty; None where fewer than 5 frames are
    voiced.
    """
    pitches, _ = _pitches(samples, rate)
    return float(np.median(pitches)) if len(pitches) >= 5 else None


def voiced_share(samples: Float32, rate: int) -> float | None:
    """Return in which share of the moments of speech there is a pitch; None where there is none.

    Half of what is spoken and next to nothing of what is whispered.
    """
    pitches, frames = _pitches(samples, rate)
    return len(pitches) / frames if frames else None


def _pitches(samples: Float32, rate: int) -> tuple[list[float], int]:
    """Return the pitches of the frames that have one, and how many frames of speech there are."""
    size, hop = sample_at(_PITCH_FRAME_S, rate), sample_at(_PITCH_HOP_S, rate)
    if len(samples) < size:
        return [], 0
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), size)[::hop]
    frames = frames - frames.mean(axis=1, keepdims=True)
    power = (frames**2).mean(axis=1)
    frames = frames[power > np.percentile(power, 95) * 10.0 ** (-ACTIVE_RANGE_DB / 10.0)]
    if not len(frames):
        return [], 0
    padded = 1 << (2 * size - 1).bit_length()
    spectrum = np.fft.rfft(frames, padded, axis=1)
    shortest, longest = int(rate / HIGHEST_HZ), min(int(rate / LOWEST_HZ), size - 2)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, padded, axis=1)[:, : longest + 2]
    overlap = 1.0 - np.arange(longest + 2) / size  # fewer samples overlap at long lags
    correlation = correlation / (correlation[:, :1] * overlap + 1e-20)
    pitches = []
    for row in correlation:
        inner = row[shortest : longest + 1]
        peaks = shortest + np.flatnonzero(
            (inner >= row[shortest - 1 : longest]) & (inner > row[shortest + 1 : longest + 2])
        )
        if len(peaks) and row[peaks].max() >= _VOICED:
            lag = int(peaks[np.argmax(row[peaks] >= _FIRST_PEAK * row[peaks].max())])
            pitches.append(rate / (lag + _vertex(row[lag - 1], row[lag], row[lag + 1])))
    return pitches, len(frames)


def _vertex(left: float, middle: float, right: float) -> float:
    """Return where between samples a parabola through three has its top."""
    bend = left - 2.0 * middle + right
    return 0.0 if bend == 0.0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))


def syllable_rate(words: Sequence[Word]) -> float | None:
    """Return the syllables per second inside English words, without the pauses between them.

    None where less than 0.3 s is spoken.
    """
    seconds = sum(word.end_s - word.start_s for word in words)
    if seconds < 0.3:
        return None
    return sum(syllables(word.text) for word in words) / seconds


def band_levels_db(samples: Float32, rate: int, edges_hz: Float64) -> Float64:
    """Return the long-term spectrum of the speech: dB of the mean power of active frames, (bands,).

    The edges of the bands ascend, in Hz, shape (bands + 1,).
    """
    size = _SPECTRUM_SIZE
    padded = np.pad(samples.astype(np.float64), (0, max(0, size - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    power = (frames**2).mean(axis=1)
    active = frames[power >= np.percentile(power, 95) * 10.0 ** (-ACTIVE_RANGE_DB / 10.0)]
    spectrum = (np.abs(np.fft.rfft(active * np.hanning(size), axis=1)) ** 2).mean(axis=0)
    bins = np.fft.rfftfreq(size, 1.0 / rate)
    owner = np.searchsorted(edges_hz, bins, side="right") - 1
    totals = [spectrum[owner == band].sum() for band in range(len(edges_hz) - 1)]
    return np.asarray(10.0 * np.log10(np.array(totals) + 1e-20))
