"""Is what was kept really kept? Pictures and sound outside the edit, against the source.

Pictures that the item says are kept are compared with the source picture that each must show:

- ``kept_psnr``: mean over kept pictures of 10 log10(255^2 / mean squared difference) of the luma
  (ITU-R BT.601), in dB, 0 to 100 (identical). Of the luma, because half of the RGB difference of an
  encoded picture comes from its subsampled colour, whatever the encoder does;
- ``kept_psnr_worst``: mean over items of the worst kept picture;
- ``kept_clean``: per cent of kept pictures at or above ``CLEAN_DB``: nobody sees the encoder there;
- ``kept_in_place``: per cent of kept pictures that follow the one before in the source, and to
  which no source picture within ``NEAR`` places is clearly closer than their own: a video that
  drops, doubles or shifts kept pictures is found out.

Runs of kept sound are compared with the source's at the very place where they must lie; nothing is
searched for:

- ``kept_sound_snr``: mean over runs, by their length, of 10 log10(energy of the source / energy of
  the difference), in dB, ``LEAST_DB`` to ``MOST_DB``; what a lossy encoder leaves is 20 and more;
- ``kept_sound_lag``: mean over runs of the distance, within 50 ms, at which output and source
  correlate most, in ms: must be 0;
- ``kept_sound_in_place``: per cent of runs that lie within ``IN_PLACE_MS`` of their place and
  correlate there at all;
- ``kept_sound_same_rate``: per cent of items whose sound has the source's sample rate; others have
  no figures of sound.

PSNR and SNR are the textbook's; the rest is ours.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np

from facedit.bench.crops import grey
from facedit.bench.measures.picture import PSNR_CAP_DB, psnr
from facedit.bench.scene import Index, Scene
from facedit.evaluation.measure import Measure, mean_of, mean_sums, ratio_of, share
from facedit.types import Bool, Float64, Sound, UInt8
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
    """A run of kept sound beside the source's at its very place; NaN if it is not found there."""

    seconds: float
    snr_db: float
    lag_ms: float


def compare_run(
    ours: Sound, theirs: Sound, output_s: float, source_s: float, length_s: float
) -> Run | None:
    """Compare a run; None if it is too short or too quiet. What the output lacks is silence."""
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

    ``run``: shape (n,); ``around``: amplitudes with the run expected in the middle, (n + 2 m,).
    Returns by how many samples the run is late, from -m to m; NaN if it correlates nowhere.
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


CLEAN_DB = 45.0
LEAST_DB, MOST_DB = -20.0, 100.0
"""Bounds of what a run of sound counts as."""

NEAR = 2
"""Places in the source around a kept picture's own at which a closer one is looked for."""

COARSE = 4
"""Every so many rows and columns are looked at when pictures are told apart."""

CLEARLY = 0.7
"""Another picture is clearly closer if its mean squared difference is below this share."""

IN_PLACE_MS = 0.5


_GROUP = "pass-through"
MEASURES: tuple[Measure, ...] = (
    Measure("kept_psnr", "Kept pictures, luma PSNR", "dB", "higher", "kept_psnr",
            mean_of, 0.0, PSNR_CAP_DB, 1, _GROUP),
    Measure("kept_psnr_worst", "Kept pictures, luma PSNR of the worst", "dB", "higher",
            "kept_psnr_worst", mean_of, 0.0, PSNR_CAP_DB, 1, _GROUP),
    Measure("kept_clean", f"Kept pictures at {CLEAN_DB:g} dB or more", "%", "higher", "kept_clean",
            share(0, 1, 100), 0.0, 100.0, 1, _GROUP),
    Measure("kept_in_place", "Kept pictures in their place", "%", "higher", "kept_in_place",
            share(0, 1, 100), 0.0, 100.0, 1, _GROUP),
    Measure("kept_sound_snr", "Kept sound, SNR", "dB", "higher", "kept_sound_snr",
            ratio_of, LEAST_DB, MOST_DB, 1, _GROUP),
    Measure("kept_sound_lag", "Kept sound, lag", "ms", "lower", "kept_sound_lag",
            mean_of, 0.0, 50.0, 2, _GROUP),
    Measure("kept_sound_in_place", "Kept sound in its place", "%", "higher", "kept_sound_in_place",
            share(0, 1, 100), 0.0, 100.0, 1, _GROUP),
    Measure("kept_sound_same_rate", "Sound at the source's rate", "%", "higher",
            "kept_sound_same_rate", share(0, 1, 100), 0.0, 100.0, 1, _GROUP),
)  # fmt: skip


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum up what became of the kept pictures and sound of a scene, as far as there are any."""
    return _picture_sums(scene) | _sound_sums(scene)


def _picture_sums(scene: Scene) -> dict[str, list[float]]:
    kept = np.flatnonzero((scene.source_index >= 0) & ~scene.filled)
    frames, source = scene.output.frames, scene.source.frames
    if not len(kept) or not frames or frames[0].shape != source[0].shape:
        return {}
    values = [psnr(grey(frames[k]), grey(source[scene.source_index[k]])) for k in kept]
    return {
        "kept_psnr": mean_sums(values),
        "kept_psnr_worst": mean_sums([min(values)]),
        "kept_clean": mean_sums([float(value >= CLEAN_DB) for value in values]),
        "kept_in_place": mean_sums(in_place(frames, source, scene.source_index).astype(float)),
    }


def _sound_sums(scene: Scene) -> dict[str, list[float]]:
    ours, theirs = scene.sound, scene.source_sound
    if ours is None or theirs is None or not scene.kept_sound:
        return {}
    if ours.rate != theirs.rate:
        return {"kept_sound_same_rate": mean_sums([0.0])}
    compared = (compare_run(ours, theirs, *where) for where in scene.kept_sound)
    runs = np.array([astuple(run) for run in compared if run is not None]).reshape(-1, 3)
    found = {"kept_sound_same_rate": mean_sums([1.0])}
    if len(runs):
        seconds, snr_db, lag_ms = np.ascontiguousarray(runs.T)
        snr_db = snr_db.clip(LEAST_DB, MOST_DB)
        found |= {
            "kept_sound_snr": [
                float(snr_db @ seconds),
                float(seconds.sum()),
            ],
            "kept_sound_lag": mean_sums(np.abs(lag_ms)),
            "kept_sound_in_place": mean_sums((np.abs(lag_ms) <= IN_PLACE_MS).astype(float)),
        }
    return found


def in_place(frames: tuple[UInt8, ...], source: tuple[UInt8, ...], source_index: Index) -> Bool:
    """Tell which kept pictures stand where they should, an entry a kept picture.

    Where the clip stands still, every place is right.
    """
    small = [frame[::COARSE, ::COARSE].astype(np.float32) for frame in source]
    right = []
    for k in np.flatnonzero(source_index >= 0):
        own = int(source_index[k])
        shown = frames[k][::COARSE, ::COARSE]
        near = range(max(own - NEAR, 0), min(own + NEAR + 1, len(small)))
        error = {at: float(((shown - small[at]) ** 2).mean()) for at in near}
        before = source_index[k - 1] if k else -1
        follows = before < 0 or own == before + 1
        right.append(follows and min(error.values()) >= CLEARLY * error[own])
    return np.array(right, dtype=np.bool_)
