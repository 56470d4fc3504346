"""Lip opening against the openness of the phones that are spoken: no network, nothing trained.

The phones come from a forced alignment of the words with the sound (English only).
Each has an openness in [0, 1] from phonetics; the curve of it over time, averaged over 0.12 s
because lips move from phone to phone and don't jump, is set against the lip opening tracked in the
pictures. Both are taken relative to their mean over the scene.

* ``phone_r``: Pearson's correlation of the two, pooled over all items' frames; -1 to 1, higher is
  better. Real speech is far from 1: neighbouring sounds, stress and habit move the lips as well.
* ``phone_lag``: the shift of the sound in motion frames, -10 .. 10, at which that correlation is
  highest; 0 is in sync, positive where the sound is late. A figure of many items: of one short
  span alone it is mostly chance.

Frames as in ``av_sync``: what was made anew, three frames wider. Nothing is measured where the
words are not known, are not English, or do not fit the sound. The idea (mouth shape classes read
from the text) is as old as visual speech synthesis: Bregler et al., "Video Rewrite", 1997; the
table and the window are ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedit.bench.measures.av_sync import WIDEN, widened
from facedit.bench.scene import Scene, View
from facedit.evaluation.measure import Measure, correlation_of, correlation_sums
from facedit.face.distances import lip_opening
from facedit.speech.recognition.forced import AlignedPhone
from facedit.speech.recognition.sound_cache import phones_of_sound
from facedit.types import Bool, Float64
from facedit.units import MOTION_FPS, frame_at

KEY = "phone_sync"

REACH = 10
"""Largest lag looked at, in motion frames to each side."""

BLUR_S = 0.12
"""Length of the average over the phones' openness, about one syllable's half."""

REST = 0.1
"""Openness between words: lips touch or nearly do."""

OPENNESS = {
    # Closed by definition of the sound: both lips, or lip and teeth.
    "B": 0.0, "M": 0.0, "P": 0.0, "F": 0.1, "V": 0.1,
    # Rounded: a small round opening.
    "W": 0.15, "UW": 0.25, "UH": 0.35, "OW": 0.5, "R": 0.3, "ER": 0.4,
    # Teeth together behind parted lips.
    "S": 0.2, "Z": 0.2, "SH": 0.25, "ZH": 0.25, "CH": 0.25, "JH": 0.25,
    # Tongue at teeth or gum: the jaw is nearly up.
    "T": 0.3, "D": 0.3, "N": 0.3, "L": 0.4, "TH": 0.3, "DH": 0.3,
    # Made behind the lips, which are on the way between their neighbours.
    "K": 0.4, "G": 0.4, "NG": 0.4, "Y": 0.35, "HH": 0.45,
    # Vowels by height, close to open.
    "IY": 0.4, "IH": 0.45, "EY": 0.55, "EH": 0.65, "AH": 0.6, "AO": 0.8, "OY": 0.65,
    "AW": 0.85, "AY": 0.85, "AE": 0.9, "AA": 1.0,
}  # fmt: skip
"""How far the lips are open in each phone, by place of closure and by vowel height (the order of
the IPA chart). From phonetics, not fitted to any clip, so that it cannot favour a system."""

_TICKS_PER_FRAME = 4
"""Ticks of 10 ms, the alignment's grid, in a motion frame."""


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum up the correlation at each lag, end to end; nothing where it does not apply."""
    if scene.sound is None or not scene.words or scene.item.clip.language != "en":
        return {}
    phones = phones_of_sound(scene.sound, [word.text for word in scene.words])
    if phones is None:
        return {}
    spoken = openness_curve(phones, scene.sound.duration_s)
    opening = opening_curve(scene.output)
    found = lag_sums(opening, spoken, widened(scene.hidden, WIDEN), scene.output.first_frame)
    return {KEY: found}


def openness_curve(phones: Sequence[AlignedPhone], duration_s: float) -> Float64:
    """Turn phones into openness at the motion frames of the sound; ``REST`` where there is none."""
    frames = int(duration_s * MOTION_FPS + 1e-6)
    rate = MOTION_FPS * _TICKS_PER_FRAME
    ticks = np.full(frames * _TICKS_PER_FRAME, REST)
    for phone in phones:
        first, last = frame_at(phone.start_s, rate), frame_at(phone.end_s, rate)
        ticks[max(first, 0) : max(last, 0)] = OPENNESS.get(phone.name, REST)
    reach = frame_at(BLUR_S / 2, rate)
    wide = np.pad(ticks, reach, constant_values=REST)
    kernel = np.full(2 * reach + 1, 1 / (2 * reach + 1))
    return np.convolve(wide, kernel, "valid")[::_TICKS_PER_FRAME]


def opening_curve(view: View) -> Float64:
    """Read the lip opening in eye distances, NaN where the nearest picture has no face, (T,)."""
    opening = lip_opening(view.landmarks).astype(np.float64)
    seen = np.isfinite(opening)
    times = view.motion_times_s
    if not seen.any():
        return np.full(len(times), np.nan)
    curve = np.interp(times, view.times_s[seen], opening[seen])
    nearest = np.abs(times[:, None] - view.times_s).argmin(axis=1)
    return np.where(seen[nearest], curve, np.nan)


def lag_sums(opening: Float64, spoken: Float64, counts: Bool, first_frame: int) -> list[float]:
    """Sum products of opening and openness at lags -10 .. 10 of the sound, 21 times 6 numbers.

    ``opening``: NaN without a face, shape (T,); ``spoken``: from frame 0 of the sound on;
    ``counts``: motion frames that count, shape (T,); ``first_frame``: frame of the sound under
    ``opening[0]``.
    """
    frames = np.arange(len(opening)) + first_frame
    seen = np.isfinite(opening)
    there = seen & (frames >= 0) & (frames < len(spoken))
    opening = opening - (opening[seen].mean() if seen.any() else 0.0)
    spoken = spoken - (spoken[frames[there]].mean() if there.any() else 0.0)
    found: list[float] = []
    for lag in range(-REACH, REACH + 1):
        paired = counts & seen & (frames + lag >= 0) & (frames + lag < len(spoken))
        found += correlation_sums(opening[paired], spoken[frames[paired] + lag])
    return found


def correlations(total: Float64) -> Float64:
    """Return the correlation at each lag, (..., 21), from sums of shape (..., 126)."""
    total = np.asarray(total, np.float64)
    return correlation_of(total.reshape(*total.shape[:-1], 2 * REACH + 1, 6))


def correlation_in_place(total: Float64) -> Float64:
    """Return the correlation without a lag."""
    found: Float64 = correlations(total)[..., REACH]
    return found


def best_lag(total: Float64) -> Float64:
    """Return the lag of the highest correlation in motion frames; NaN where nothing correlates."""
    found = correlations(total)
    known = np.isfinite(found)
    best = np.where(known, found, -2.0).argmax(axis=-1) - REACH
    lag: Float64 = np.where(known.any(axis=-1), best, np.nan)
    return lag


MEASURES: tuple[Measure, ...] = (
    Measure("phone_r", "lip opening against the phones, r", "", "higher", KEY, correlation_in_place,
            -1.0, 1.0, 2, "sync"),
    Measure("phone_lag", "lag of the phones", "frames", "zero", KEY, best_lag,
            -REACH, REACH, 0, "sync"),
)  # fmt: skip
