"""Spectra of lip velocity and acceleration in hidden frames, over the truth's.

A figure is the energy of the output in a band over the energy of the truth in the same frames: 1 is
right, below 1 the lips are too smooth there, above 1 they tremble; 0 and more. Velocity is the
first difference of the 25 Hz motion times 25, acceleration the second times 625; of the lip opening
(eye distances) and of the lip dims in equal units (summed over the dims).

Hidden spans are short, so no single spectrum means much. The estimator is a pooled periodogram:
each run of hidden frames with a face is cut into segments of at most ``SEGMENT`` frames that
overlap by half (Welch, IEEE Trans. Audio Electroacoust. 15(2), 1967), each is weighted by the
first sine taper (Riedel & Sidorenko, IEEE Trans. Signal Process. 43(1), 1995) and padded with
zeros to one length, and squared magnitudes are added into fixed bands over all segments and items;
the ratio is taken of the totals. A segment of n frames resolves about 1.5 * 25 / n Hz (2.7 Hz with
14 frames), so the bands of short spans leak into each other, in output and truth alike. The mean
is left in: a span that opens the mouth and leaves it open has moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from facedit.bench.scene import Scene
from facedit.evaluation.measure import Measure, ratio_of
from facedit.evaluation.meter import lip_meter
from facedit.evaluation.rows import has_face
from facedit.runs import runs
from facedit.types import Bool, Float32, Float64
from facedit.units import MOTION_FPS

BANDS: dict[str, tuple[float, float]] = {"slow": (0.0, 2.0), "mid": (2.0, 5.0), "fast": (5.0, 12.5)}
"""Bands in Hz: slow posture, syllables, what is faster than syllables (and tracking noise)."""

DERIVATIVES = {"velocity": 1, "acceleration": 2}
SEGMENT = 64
"""Longest segment in motion frames."""

FEWEST = 6
"""Shortest run whose spectrum is taken, in motion frames."""

_TITLES = {"opening": "Lip opening", "lips": "Lip dims"}


def _band(total: Float64, index: int) -> Float64:
    return ratio_of(np.stack([total[..., index], total[..., index + len(BANDS)]], axis=-1))


def _measures() -> tuple[Measure, ...]:
    found = []
    for signal, title in _TITLES.items():
        for derivative in DERIVATIVES:
            for index, (band, (low, high)) in enumerate(BANDS.items()):
                value: Callable[[Float64], Float64] = partial(_band, index=index)
                found.append(
                    Measure(f"{signal}_{derivative}_{band}",
                            f"{title}, {derivative} {low:g}-{high:g} Hz over the truth's", "",
                            "one", f"{signal}_{derivative}", value, 0.0, math.inf, 2, "motion")
                )  # fmt: skip
    return tuple(found)


MEASURES: tuple[Measure, ...] = _measures()


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum up the energies of a scene in each band, first the output's, then the truth's.

    Nothing without ground truth or a run of ``FEWEST`` hidden frames.
    """
    if scene.truth is None:
        return {}
    drawn, right = scene.output.motion, scene.truth.motion
    rows = scene.hidden & has_face(drawn) & has_face(right)
    meter, neutral = lip_meter(), scene.identity.neutral
    signals = {
        "opening": [meter.measure(one, neutral)["opening"][:, None] for one in (drawn, right)],
        "lips": [meter.lips(one) for one in (drawn, right)],
    }
    found: dict[str, list[float]] = {}
    for signal, (ours, theirs) in signals.items():
        for derivative, order in DERIVATIVES.items():
            energies = [band_energies(one, rows, order) for one in (ours, theirs)]
            if any(energies[1]):
                found[f"{signal}_{derivative}"] = [*energies[0], *energies[1]]
    return found


def band_energies(values: Float32 | Float64, rows: Bool, order: int) -> list[float]:
    """Sum the energy of a signal's derivative of an order in each band over the rows that count.

    ``values``: the signal, shape (T, L). Summed over runs, segments and dims.
    """
    frequencies = np.fft.rfftfreq(SEGMENT, 1 / MOTION_FPS)
    total = np.zeros(len(frequencies))
    for start, stop in runs(rows):
        if stop - start < FEWEST:
            continue
        moving = np.diff(values[start:stop].astype(np.float64), n=order, axis=0)
        moving *= float(MOTION_FPS) ** order
        for first, last in segments(len(moving)):
            part = moving[first:last]
            taper = np.sin(np.pi * np.arange(1, len(part) + 1) / (len(part) + 1))
            spectrum = np.fft.rfft(part * taper[:, None], n=SEGMENT, axis=0)
            total += (np.abs(spectrum) ** 2).sum(axis=1)
    # Every frequency but the first and the last stands for its negative too.
    total[1:-1] *= 2
    band = np.digitize(frequencies, [low for low, _ in BANDS.values()]) - 1
    return [float(energy) for energy in np.bincount(band, total, minlength=len(BANDS))]


def segments(frames: int) -> list[tuple[int, int]]:
    """Cut a run into segments spread evenly that overlap by half or more."""
    if frames <= SEGMENT:
        return [(0, frames)]
    count = math.ceil((frames - SEGMENT) / (SEGMENT // 2)) + 1
    starts = np.round(np.linspace(0, frames - SEGMENT, count)).astype(int)
    return [(int(start), int(start) + SEGMENT) for start in starts]
