"""The same words by another voice in another room: sounds to learn from.

Only the power in the mel bands changes and nothing moves in time: the lips that go with the sound
stay right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.speech.encoders.log_mel import HOP, mel_centres, mel_power
from facedit.types import Float32, Float64
from facedit.units import SPEECH_RATE

_PIVOT_HZ = 1000.0
_LOUD = 0.7
"""Quantile of the frames' power that stands for the level of speech."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """A change of a sound.

    Attributes:
        warp: Factor on frequencies: above 1 a shorter vocal tract and a higher voice (vocal tract
            length perturbation, Jaitly and Hinton 2013).
        tilt_db: Gain in dB per octave above 1 kHz, loss below: microphone and telephone.
        decay_s: Time in which the room's sound falls by 60 dB, in seconds.
        room_db: Power of the room's sound over that of the voice, dB.
        noise_db: Level of loud speech over that of the added noise, dB.
    """

    warp: float = 1.0
    tilt_db: float = 0.0
    decay_s: float = 0.3
    room_db: float = -np.inf
    noise_db: float = np.inf


def draw_augmentation(rng: np.random.Generator) -> Augmentation:
    """Draw a voice in a room.

    Up to 18 % higher or lower, within 3 dB per octave, in a room of 0.1 to 0.6 s at 20 to 0 dB
    below the voice, with noise 10 to 40 dB below it.
    """
    return Augmentation(
        warp=float(np.exp(rng.uniform(-1, 1) * np.log(1.18))),
        tilt_db=float(rng.uniform(-3, 3)),
        decay_s=float(rng.uniform(0.1, 0.6)),
        room_db=float(rng.uniform(-20, 0)),
        noise_db=float(rng.uniform(10, 40)),
    )


def augmented_power(
    samples: Float32, augmentation: Augmentation, rng: np.random.Generator
) -> Float64:
    """Compute what ``mel_power`` would be of another voice in another room, shape (80, N // 160).

    Samples are 16 kHz mono amplitudes, shape (N,).
    """
    power = mel_power(samples, warp=augmentation.warp)
    octaves = np.log2(np.maximum(mel_centres(), 50.0) / _PIVOT_HZ)
    power *= 10 ** (augmentation.tilt_db * octaves / 10)[:, None]
    power += room_tail(power, augmentation.decay_s, augmentation.room_db)
    return power + noise_floor(power, augmentation.noise_db, rng)


def room_tail(power: Float64, decay_s: float, room_db: float) -> Float64:
    """Compute what a room gives back of a sound's power per band and hop, both of shape (bands, N).

    The tail begins at the hop after the sound: an exponential decay by 60 dB in ``decay_s``
    (Polack's model of late reverberation); ``room_db`` is its whole power over that of the sound.
    """
    decay = 10 ** (-6 * HOP / SPEECH_RATE / decay_s)
    gain = 10 ** (room_db / 10) * (1 - decay)
    tail = np.zeros_like(power)
    for k in range(1, power.shape[1]):
        tail[:, k] = decay * tail[:, k - 1] + gain * power[:, k - 1]
    return tail


def noise_floor(power: Float64, noise_db: float, rng: np.random.Generator) -> Float64:
    """Draw the power of steady noise, ``noise_db`` below loud speech, shape (bands, N).

    It is equal in all mel bands (about pink), exponentially distributed as the power of Gaussian
    noise is.
    """
    if not power.size or not np.isfinite(noise_db):
        return np.zeros_like(power)
    level = float(np.quantile(power.mean(axis=0), _LOUD)) * 10 ** (-noise_db / 10)
    return level * rng.exponential(size=power.shape)
