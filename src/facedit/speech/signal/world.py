"""Speech as pitch, spectral envelope and breath, by the vocoder WORLD.

Morise, Yokomori and Ozawa 2016, "WORLD: A Vocoder-Based High-Quality Speech Synthesis System". What
is read of a sound can be changed by itself: the pitch leaves the formants where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyworld

from facedit.types import Bool, Float32, Float64

HOP_S = 0.005
LOWEST_HZ, HIGHEST_HZ = 60.0, 450.0
LEAST_RATE, BEST_RATE = 16_000, 24_000

_HOP_MS = 1000.0 * HOP_S
_RANGE = 80.0 / 10.0 * np.log(10.0)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What WORLD reads of a sound, every 5 ms.

    Attributes:
        rate: Samples a second of the sound.
        pitch_hz: Fundamental frequency, 0 where there is none, shape (T,).
        envelope: Natural logarithm of the power of each frequency, shape (T, bins).
        aperiodicity: Share of noise in each frequency, 0 to 1, shape (T, bins).
    """

    rate: int
    pitch_hz: Float64
    envelope: Float64
    aperiodicity: Float64

    @property
    def voiced(self) -> Bool:
        """Where there is a pitch, shape (T,)."""
        return np.asarray(self.pitch_hz > 0.0)


def working_rate(rate: int) -> int:
    """Return at which rate a clip's voice is worked on: up to 12 kHz of it, if they are there."""
    return BEST_RATE if rate >= BEST_RATE else LEAST_RATE


def find_pitch(samples: Float32, rate: int, *, clean: bool = False) -> Float64:
    """Find the fundamental frequency of mono amplitudes (N,) every 5 ms, 0 where there is none.

    ``clean``: of a voice without noise or room, in a fraction of the time.
    """
    wave = samples.astype(np.float64)
    find = pyworld.dio if clean else pyworld.harvest
    raw, times_s = find(wave, rate, f0_floor=LOWEST_HZ, f0_ceil=HIGHEST_HZ, frame_period=_HOP_MS)
    return np.asarray(pyworld.stonemask(wave, raw, times_s, rate))


def analyse(samples: Float32, rate: int, pitch_hz: Float64) -> Analysis:
    """Read envelope and aperiodicity of mono amplitudes (N,) whose pitch is known."""
    wave = samples.astype(np.float64)
    times_s = np.arange(len(pitch_hz)) * HOP_S
    power = pyworld.cheaptrick(wave, pitch_hz, times_s, rate)
    # Digital silence has no spectrum: 80 dB below the loudest is as good.
    envelope = np.log(np.maximum(power, power.max(initial=1e-16) * np.exp(-_RANGE)))
    breath = pyworld.d4c(wave, pitch_hz, times_s, rate)
    return Analysis(rate, pitch_hz, envelope, breath)


def synthesised(analysis: Analysis) -> Float32:
    """Make sound of what was read, mono amplitudes (N,)."""
    wave = pyworld.synthesize(
        np.ascontiguousarray(analysis.pitch_hz),
        np.ascontiguousarray(np.exp(analysis.envelope)),
        np.ascontiguousarray(analysis.aperiodicity),
        analysis.rate,
        _HOP_MS,
    )
    return np.asarray(wave, dtype=np.float32)
