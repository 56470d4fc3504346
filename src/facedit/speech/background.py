"""What sounds under the speech and goes on when a word is exchanged: music, a fan, traffic.

No note can be told from a voice in one word alone. But what sounds on both sides of it sounds under
it too: each frequency of the removed sound is let through as far as it is no louder than it is in
the quieter quarter of the moments on either side. Steady sound comes through whole; a melody as far
as its notes lie on both sides; of the old word what is as faint as the background.
"""

from __future__ import annotations

import numpy as np

from facedit.speech.levels import active_level_db, frame_levels_db
from facedit.speech.sound_ops import cut, mono
from facedit.types import Float32, Float64, Sound

AUDIBLE_DB = -14.0
"""Background this far below the speech or louder goes on under the new words; under it, the clip's
room tone does (the floor of a quiet clip without pauses measures -16 dB and less)."""

TONAL_DB = -18.0
"""The same for the tones in it: they tell soft music from a noisy room, whose floor is smooth."""

CLOSURE_DB = 6.0
"""A background has no moments this much quieter than it is: the closures of a plosive do."""

BESIDE_S = 0.75
"""How far on either side of an edit the background is looked for."""

_WINDOW_S = 0.093
_QUIETER = 25
_MARGIN = 1.3
_PEAK = 3.0
_NEAR_BINS = 20


def background_floor(reference: Sound, start_s: float, end_s: float) -> Float32 | None:
    """Measure what sounds on both sides of an edit.

    ``start_s``: start of the edited words in it. Returns magnitude per channel and frequency that
    the background reaches, shape (channels, window / 2 + 1); None where there is no background to
    speak of.
    """
    size = _window(reference.rate)
    spectra = np.abs(_spectra(reference.samples, size))
    middles_s = (np.arange(spectra.shape[1]) * (size // 4) - size / 2) / reference.rate
    half_s = size / 2 / reference.rate
    sides, heard = [], []
    for low_s, high_s in ((start_s - BESIDE_S, start_s), (end_s, end_s + BESIDE_S)):
        low_s, high_s = max(low_s, 0.0), min(high_s, reference.duration_s)
        inside = (middles_s >= low_s + half_s) & (middles_s <= high_s - half_s)
        if inside.any():
            sides.append(np.percentile(spectra[:, inside], _QUIETER, axis=1))
            heard.append(cut(reference, low_s, high_s).samples)
    if not sides:
        return None
    floor = np.min(sides, axis=0)
    speech_db = active_level_db(mono(reference), reference.rate)
    peaks = np.where(floor > _PEAK * _smooth(floor), floor, 0.0)
    level, tonal = _level_db(floor), _level_db(peaks)
    if level < speech_db + AUDIBLE_DB and tonal < speech_db + TONAL_DB:
        return None
    # Speech without pauses has such a floor too, but its closures are quieter.
    together = np.sqrt((np.concatenate(heard) ** 2).mean(axis=1))
    if np.percentile(frame_levels_db(together, reference.rate), 5) < level - CLOSURE_DB:
        return None
    return np.asarray(_MARGIN * floor, np.float32)


def background_of(samples: Float32, rate: int, floor: Float32) -> Float32:
    """Take the background out of a sound.

    ``samples``: amplitudes, shape (N, channels); ``floor``: what ``background_floor`` found at this
    rate. Returns the background alone, shape (N, channels).
    """
    size = _window(rate)
    spectra = _spectra(samples, size)
    spectra *= np.minimum(1.0, floor[:, None] / np.maximum(np.abs(spectra), 1e-12))
    frames = np.fft.irfft(spectra, size) * np.sqrt(_taper(size))
    hop = size // 4
    total = np.zeros((samples.shape[1], (frames.shape[1] - 1) * hop + size))
    weight = np.zeros(total.shape[1])
    for index in range(frames.shape[1]):
        total[:, index * hop : index * hop + size] += frames[:, index]
        weight[index * hop : index * hop + size] += _taper(size)
    whole = (total / np.maximum(weight, 1e-3))[:, size : size + len(samples)]
    return np.ascontiguousarray(whole.T, dtype=np.float32)


def joined_background(left: Float32, right: Float32, rate: int) -> Float32:
    """Lead a background that runs on from before an edit into one that runs up to what follows.

    ``left``: background from the start of the edit on, shape (N, channels); ``right``: background
    up to its end, of the same shape. Returns shape (N, channels): ``left`` at the start and
    ``right`` at the end. They change where they are most alike, and no louder or softer than they
    are.
    """
    length = len(left)
    fade = min(length, round(0.06 * rate))
    if fade < 2:
        return right
    starts = np.linspace(0, length - fade, 9).astype(int) if length > fade else np.array([0])
    starts = starts[len(starts) // 3 : len(starts) - len(starts) // 3]
    alike = [_likeness(left[at : at + fade], right[at : at + fade]) for at in starts]
    best = int(np.argmax(alike))
    start, likeness = int(starts[best]), max(alike[best], -0.8)
    rising = ((np.arange(fade) + 0.5) / fade)[:, None]
    falling = 1.0 - rising
    power = np.sqrt(rising**2 + falling**2 + 2.0 * rising * falling * likeness)
    mixed = (left[start : start + fade] * falling + right[start : start + fade] * rising) / power
    parts = (left[:start], mixed, right[start + fade :])
    return np.concatenate(parts).astype(np.float32)


def _level_db(floor: Float64) -> float:
    """Measure what a sound of this spectrum would (Parseval), averaged over the channels."""
    size = 2 * (floor.shape[1] - 1)
    power = 2.0 * float((floor**2).sum(axis=1).mean()) / size / float(_taper(size).sum())
    return float(10.0 * np.log10(power + 1e-20))


def _smooth(floor: Float64) -> Float64:
    """Return the spectrum without its peaks: the median over near frequencies."""
    wide = np.pad(floor, ((0, 0), (_NEAR_BINS, _NEAR_BINS)), mode="edge")
    near = np.lib.stride_tricks.sliding_window_view(wide, 2 * _NEAR_BINS + 1, axis=1)
    return np.asarray(np.median(near, axis=2))


def _likeness(first: Float32, second: Float32) -> float:
    power = float(np.sqrt((first**2).sum() * (second**2).sum(dtype=np.float64)))
    return float((first * second).sum(dtype=np.float64)) / max(power, 1e-12)


def _window(rate: int) -> int:
    """Return the length of a window in samples: a power of two near 93 ms."""
    return int(2 ** max(6, round(np.log2(_WINDOW_S * rate))))


def _taper(size: int) -> Float64:
    """Return a Hann window whose shifted copies add up evenly."""
    return np.asarray(np.hanning(size + 1)[:size])


def _spectra(
    samples: Float32, size: int
) -> np.ndarray[tuple[int, int, int], np.dtype[np.complex128]]:
    """Transform overlapping windows, shape (channels, windows, size / 2 + 1)."""
    padded = np.pad(samples.T.astype(np.float64), ((0, 0), (size, size + size // 4)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, :: size // 4]
    return np.asarray(np.fft.rfft(windows * np.sqrt(_taper(size)), axis=2))
