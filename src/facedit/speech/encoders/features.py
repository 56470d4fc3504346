"""Speech features on the 25 Hz motion grid: encoder states, log energy and voice activity.

Row k describes the sound of ``[k, k + 1) / 25`` s: the encoder's states of that interval, then the
base-10 log RMS of the interval, then the probability that it is speech (lips that move in silence
are the commonest complaint, and the encoder alone, trained to ignore silence, does not say clearly
where it is).
"""

from __future__ import annotations

import numpy as np

from facedit.speech.encoders.activity import voice_activity
from facedit.speech.encoders.encoders import Encoder, features_name
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.speech.sound_ops import fit_length, speech_samples
from facedit.types import Float32, Sound, SpeechFeatures
from facedit.units import SPEECH_SAMPLES_PER_FRAME

QUIET = 1e-4
"""Added to the RMS before the logarithm, so that digital silence is -4."""


def extract(
    sound: Sound,
    frames: int | None = None,
    encoder: Encoder = WHISPER,
) -> SpeechFeatures:
    """Compute the speech features of a sound.

    Args:
        sound: Any rate and channels; its first sample is at motion frame 0.
        frames: Motion frames wanted; the sound is cut or padded with silence to them. By default
            as many as the sound touches.
        encoder: What hears it.

    Returns:
        Features of T frames; 1024 states each for Whisper base, whose absence raises
        AssetMissing.
    """
    samples = speech_samples(sound)
    if frames is None:
        frames = -(-len(samples) // SPEECH_SAMPLES_PER_FRAME)
    samples = fit_length(samples, frames * SPEECH_SAMPLES_PER_FRAME)
    name = features_name(encoder.name)
    if not frames:
        nothing = np.empty(0, np.float32)
        return SpeechFeatures(np.empty((0, encoder.channels), np.float32), nothing, nothing, name)
    states, activity = encoder.encode(samples), voice_activity(samples, frames)
    return SpeechFeatures(states, log_energy(samples), activity, name)


def log_energy(samples: Float32) -> Float32:
    """Compute the level per motion frame.

    Args:
        samples: 16 kHz mono amplitudes, a multiple of 640 of them.

    Returns:
        Base-10 logarithm of the RMS, shape (frames,), from -4 (silence) to 0 (full scale).
    """
    rows = samples.astype(np.float64).reshape(-1, SPEECH_SAMPLES_PER_FRAME)
    return np.asarray(np.log10(np.sqrt((rows**2).mean(axis=1)) + QUIET), dtype=np.float32)
