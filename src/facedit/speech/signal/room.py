"""New speech in the clip's room and through its microphone: band, noise, decay, how deep its dips.

A dry voice falls into silence in every closure; in a room the last sound goes on. How fast it fades
is read from the clip blind, from how its levels fall (Ratnam et al. 2003, "Blind estimation of
reverberation time"), and a tail of noise that fades as fast is laid over the new speech, as loud as
leaves its dips as deep as the clip's. docs/journal/speech.md says how near that comes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedit.halving import bisected
from facedit.speech.signal.background import Spectra, of_spectra, spectra, window_size
from facedit.speech.signal.levels import ACTIVE_RANGE_DB, active_level_db, frame_levels_db
from facedit.speech.sound_ops import fit_length
from facedit.types import Float32, Float64, Int64, Word
from facedit.units import sample_at

LEAST_DECAY_S, MOST_DECAY_S = 0.15, 1.0
"""Below the least a room is dry: a voice itself fades as fast."""

_FRAME_S = 0.010
_FALL_FRAMES, _FALL_DB = 6, 8.0
_ABOVE_FLOOR_DB = 6.0
_STEEP = 25
_FROM_FALLS = 5.0
_LEAST_FALLS = 5
_DEEP = 10
_QUIETEST_TAIL_DB, _LOUDEST_TAIL_DB = -40.0, -2.0
_DIRECT_S, _TREBLE_HZ = 0.005, 3000.0
_TRIALS = 8
_BAND_FROM_HZ, _BAND_HZ, _BAND_MARGIN_DB = 3000.0, 500.0, 3.0
_LEAST_BAND_GAIN_DB = -60.0
_FLOOR_WINDOW_S, _FLOOR = 0.032, 5
_WHOLE = 6
"""Windows at either end that reach beyond a sound."""


def in_room(
    samples: Float32,
    rate: int,
    words: Sequence[Word],
    clip: Float32,
    clip_words: Sequence[Word],
) -> Float32:
    """Give speech the clip's band, and a tail that leaves its dips as deep as the clip's.

    Both are mono amplitudes (N,) at one rate, as loud as each other, each with its words; a clip
    without words gives its band alone.
    """
    limited = over_floor(within_band(samples, clip, rate), clip, rate)
    wanted = dips_db(clip, rate, clip_words)
    decay_s = decay_time(clip, rate)
    if wanted is None or decay_s is None or decay_s < LEAST_DECAY_S:
        return limited
    tail = _tail(limited, rate, decay_s)

    def dips(gain_db: float) -> float | None:
        return dips_db(_mixed(limited, tail, gain_db), rate, words)

    def filled(gain_db: float) -> bool:
        return (found := dips(gain_db)) is not None and found >= wanted

    if dips(_QUIETEST_TAIL_DB) is None or filled(_QUIETEST_TAIL_DB):
        return limited
    quiet_db, _ = bisected(filled, _QUIETEST_TAIL_DB, _LOUDEST_TAIL_DB, _TRIALS)
    return _as_loud(_mixed(limited, tail, quiet_db), limited, rate)


def over_floor(samples: Float32, clip: Float32, rate: int) -> Float32:
    """Raise every band of speech to the clip's quietest moments by steady noise.

    The microphone's noise, and what a codec makes of it, are under every word too; both sounds are
    mono amplitudes (N,), as loud as each other.
    """
    size = window_size(rate, _FLOOR_WINDOW_S)
    if min(len(samples), len(clip)) < size:
        return samples
    theirs = _bands(spectra(clip[:, None], size), rate)
    floor = np.percentile(theirs[_WHOLE:-_WHOLE], _FLOOR, axis=0)
    ours = _bands(spectra(samples[:, None], size), rate)
    noise = np.random.default_rng(0).normal(size=(len(samples), 1)).astype(np.float32)
    found = spectra(noise, size)
    gains = np.sqrt(np.maximum(floor - ours, 0.0) / _bands(found, rate).mean(axis=0))
    found *= gains[:, _band_of(found.shape[2], rate)]
    return np.asarray(samples + of_spectra(found, size, len(samples))[:, 0], np.float32)


def _band_of(bins: int, rate: int) -> Int64:
    """Number each frequency's band: 125 Hz wide up to 1 kHz, thirds of an octave above."""
    at_hz = np.arange(bins) * rate / 2 / (bins - 1)
    return np.asarray(
        np.where(at_hz < 1000, at_hz / 125, 8 + 3 * np.log2(np.maximum(at_hz, 1000) / 1000)),
        np.int64,
    )


def _bands(found: Spectra, rate: int) -> Float64:
    """Average the power of one channel's windows in bands, shape (windows, bands)."""
    band = _band_of(found.shape[2], rate)
    totals = np.add.reduceat(
        np.abs(found[0]) ** 2, np.searchsorted(band, np.arange(band[-1] + 1)), axis=1
    )
    return np.asarray(totals / np.bincount(band))


def decay_time(samples: Float32, rate: int) -> float | None:
    """Estimate how long the room of speech takes to fade by 60 dB; None where too little falls.

    Of mono amplitudes (N,). The steeper falls of the level tell: the room lets none be steeper, and
    the next sound cuts long ones short, which their square makes good.
    """
    levels = frame_levels_db(samples, rate, _FRAME_S)
    if len(levels) < 3:
        return None
    levels = np.convolve(np.pad(levels, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    lowest = float(np.percentile(levels, 3)) + _ABOVE_FLOOR_DB
    falls = [
        _FRAME_S * (len(fall) - 1) * 60.0 / float(fall[0] - fall[-1])
        for fall in (run[run > lowest] for run in _falling(levels))
        if len(fall) >= _FALL_FRAMES and fall[0] - fall[-1] >= _FALL_DB
    ]
    if len(falls) < _LEAST_FALLS:
        return None
    steep_s = float(np.percentile(falls, _STEEP))
    return min(_FROM_FALLS * steep_s**2, MOST_DECAY_S)


def dips_db(samples: Float32, rate: int, words: Sequence[Word]) -> float | None:
    """Measure how far the quieter moments inside words lie below the speech, in dB: negative.

    None where fewer than half a second of words lies in the sound.
    """
    levels = frame_levels_db(samples, rate, _FRAME_S)
    inside = np.zeros(len(levels), np.bool_)
    for word in words:
        inside[max(0, round(word.start_s / _FRAME_S)) : max(0, round(word.end_s / _FRAME_S))] = True
    if inside.sum() * _FRAME_S < 0.5:
        return None
    return float(np.percentile(levels[inside], _DEEP)) - active_level_db(samples, rate)


def within_band(samples: Float32, clip: Float32, rate: int) -> Float32:
    """Take out of speech what the clip's codec and microphone have not let through above 3 kHz.

    Every band of 500 Hz is no louder than the clip's, against each one's level; zero phase.
    """
    edges = np.arange(_BAND_FROM_HZ, rate / 2, _BAND_HZ)
    if len(edges) < 2 or min(len(samples), len(clip)) < rate // 10:
        return samples
    ours, theirs = (_bands_db(sound, rate, edges) for sound in (samples, clip))
    gains = np.clip(theirs + _BAND_MARGIN_DB - ours, _LEAST_BAND_GAIN_DB, 0.0)
    if not gains.any():
        return samples
    size = 1 << (len(samples) + rate // 10).bit_length()
    bins = np.fft.rfftfreq(size, 1.0 / rate)
    curve = np.interp(bins, edges[:-1] + _BAND_HZ / 2, gains, left=0.0)
    curve[bins < _BAND_FROM_HZ] = 0.0
    spectrum = np.fft.rfft(samples.astype(np.float64), size) * 10.0 ** (curve / 20.0)
    return np.asarray(np.fft.irfft(spectrum, size)[: len(samples)], np.float32)


def _bands_db(samples: Float32, rate: int, edges: Float64) -> Float64:
    """Return the level of each band while somebody speaks, against that of all below 3 kHz."""
    size = sample_at(0.032, rate)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), size)[
        :: size // 2
    ]
    power = (frames**2).mean(axis=1)
    active = frames[power >= np.percentile(power, 95) * 10.0 ** (-ACTIVE_RANGE_DB / 10.0)]
    spectrum = (np.abs(np.fft.rfft(active * np.hanning(size), axis=1)) ** 2).mean(axis=0)
    bins = np.fft.rfftfreq(size, 1.0 / rate)
    below = spectrum[bins < _BAND_FROM_HZ].sum() + 1e-20
    owner = np.searchsorted(edges, bins, side="right") - 1
    totals = [spectrum[owner == band].sum() for band in range(len(edges) - 1)]
    return np.asarray(10.0 * np.log10((np.array(totals) + 1e-20) / below))


def _falling(levels: Float64) -> list[Float64]:
    """Cut levels into the runs in which they fall."""
    rises = np.flatnonzero(np.diff(levels) >= 0.0) + 1
    return np.split(levels, rises)


def _tail(samples: Float32, rate: int, decay_s: float) -> Float32:
    """Return what a room adds to speech: noise that fades by 60 dB, as loud as the speech.

    Air and walls swallow the treble.
    """
    length = sample_at(decay_s, rate)
    fading = 10.0 ** (-3.0 * np.arange(length) / length)
    response = np.random.default_rng(0).normal(size=length) * fading
    response[: sample_at(_DIRECT_S, rate)] = 0.0
    size = 1 << (len(samples) + length).bit_length()
    swallowed = 1.0 / np.sqrt(1.0 + (np.fft.rfftfreq(size, 1.0 / rate) / _TREBLE_HZ) ** 2)
    spectrum = np.fft.rfft(samples.astype(np.float64), size) * np.fft.rfft(response, size)
    tail = fit_length(np.fft.irfft(spectrum * swallowed, size).astype(np.float32), len(samples))
    return _as_loud(tail, samples, rate)


def _as_loud(samples: Float32, other: Float32, rate: int) -> Float32:
    """Bring a sound to the active level of another."""
    louder_db = active_level_db(other, rate) - active_level_db(samples, rate)
    return np.asarray(samples * 10.0 ** (louder_db / 20.0), np.float32)


def _mixed(samples: Float32, tail: Float32, gain_db: float) -> Float32:
    return np.asarray(samples + tail * 10.0 ** (gain_db / 20.0), np.float32)
