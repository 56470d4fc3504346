"""What sounds under the speech and goes on when a word is exchanged: music, a fan, traffic.

No note can be told from a voice in one word alone. But what sounds in the quietest moments around
it sounds under it too: each frequency of the removed sound is let through as far as it is no louder
than it is there. Steady sound comes through whole; chords and a melody as far as their notes lie in
such moments; of the old word what is as faint as the background. What stereo music has to the sides
of the voice is no part of it and goes on whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.speech.signal.levels import active_level_db, frame_levels_db
from facedit.speech.sound_ops import cut, mono
from facedit.types import Float32, Float64, Sound

Spectra = np.ndarray[tuple[int, int, int], np.dtype[np.complex128]]

AUDIBLE_DB = -20.0
"""Where a twentieth of the moments is louder than this against the speech, something sounds there.

In a clip without music or noise they are pauses and closures, 29 dB below it in the middle. Under
it, the clip's room tone goes on under the new words.
"""

BESIDE_S = 3.0
"""How far on either side of an edit the quietest moments are looked for."""

_WINDOW_S = 0.093
_SOFTEST = 5
_QUIETEST = 0.2
_MARGIN = 1.3


@dataclass(frozen=True, slots=True)
class Background:
    """What sounds under the voice.

    Attributes:
        floor: Magnitude that it reaches per channel and frequency, shape (channels,
            window / 2 + 1).
        beside: What of the channels is no voice at all: a matrix that mixes it out of them, shape
            (channels, channels).
    """

    floor: Float32
    beside: Float32


def background_floor(reference: Sound, start_s: float, end_s: float) -> Float32 | None:
    """Measure what sounds in the quietest moments around an edit.

    ``start_s``: start of the edited words in it. Returns magnitude per channel and frequency that
    the background reaches, shape (channels, window / 2 + 1); None where there is no background to
    speak of.
    """
    together = np.sqrt((reference.samples**2).mean(axis=1))
    levels = frame_levels_db(together, reference.rate)
    speech_db = active_level_db(mono(reference), reference.rate)
    if not len(levels) or np.percentile(levels, _SOFTEST) < speech_db + AUDIBLE_DB:
        return None
    near = cut(reference, max(start_s - BESIDE_S, 0.0), end_s + BESIDE_S)
    size = window_size(reference.rate, _WINDOW_S)
    found = np.abs(spectra(near.samples, size))
    middles = np.arange(found.shape[1]) * (size // 4) - size // 2
    found = found[:, (middles >= size // 2) & (middles <= len(near.samples) - size // 2)]
    count = round(_QUIETEST * found.shape[1])
    if not count:
        return None
    quietest = np.argsort((found**2).sum(axis=(0, 2)))[:count]
    return np.asarray(_MARGIN * np.median(found[:, quietest], axis=1), np.float32)


def background_of(samples: Float32, rate: int, background: Background) -> Float32:
    """Take the background out of a sound.

    ``samples``: amplitudes, shape (N, channels); ``background``: what was found at this rate.
    Returns the background alone, shape (N, channels).
    """
    size = window_size(rate, _WINDOW_S)
    beside = samples @ background.beside
    found = spectra(samples - beside, size)
    found *= np.minimum(1.0, background.floor[:, None] / np.maximum(np.abs(found), 1e-12))
    return np.asarray(beside + of_spectra(found, size, len(samples)), np.float32)


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


def _likeness(first: Float32, second: Float32) -> float:
    power = float(np.sqrt((first**2).sum() * (second**2).sum(dtype=np.float64)))
    return float((first * second).sum(dtype=np.float64)) / max(power, 1e-12)


def window_size(rate: int, seconds: float) -> int:
    """Return the length of a window in samples: the power of two nearest to some seconds."""
    return int(2 ** max(6, round(np.log2(seconds * rate))))


def _taper(size: int) -> Float64:
    """Return a Hann window whose shifted copies add up evenly."""
    return np.asarray(np.hanning(size + 1)[:size])


def of_spectra(found: Spectra, size: int, length: int) -> Float32:
    """Make sound of ``spectra``, amplitudes of shape (length, channels)."""
    frames, hop = np.fft.irfft(found, size) * np.sqrt(_taper(size)), size // 4
    total = np.zeros((len(frames), (frames.shape[1] - 1) * hop + size))
    weight = np.zeros(total.shape[1])
    for index in range(frames.shape[1]):
        total[:, index * hop : index * hop + size] += frames[:, index]
        weight[index * hop : index * hop + size] += _taper(size)
    whole = (total / np.maximum(weight, 1e-3))[:, size : size + length]
    return np.ascontiguousarray(whole.T, dtype=np.float32)


def spectra(samples: Float32, size: int) -> Spectra:
    """Transform windows of (N, channels), shape (channels, windows, size / 2 + 1).

    Each begins a quarter of its size after the one before, the first ``size`` before the sound.
    """
    padded = np.pad(samples.T.astype(np.float64), ((0, 0), (size, size + size // 4)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, :: size // 4]
    return np.asarray(np.fft.rfft(windows * np.sqrt(_taper(size)), axis=2))
