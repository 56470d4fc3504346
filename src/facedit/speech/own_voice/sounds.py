"""What is kept of a voice to speak with it: WORLD's analysis and Whisper's states, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.speech.encoders.activity import voice_activity
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.speech.signal.world import HOP_S, Analysis, analyse, find_pitch
from facedit.speech.sound_ops import fit_length, resampled
from facedit.types import Bool, Float32, Float64
from facedit.units import SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME, SPEECH_TICKS_PER_FRAME

FRAMES_PER_TICK = 4
"""WORLD's frames of 5 ms in one of Whisper's states, 20 ms."""

_SPEECH = 0.5


@dataclass(frozen=True, slots=True)
class VoiceSounds:
    """A voice's sounds, T = 4 n frames of 5 ms.

    Attributes:
        analysis: Of T frames.
        states: What Whisper hears, its mean taken out, unit vectors, shape (n, 512).
        active: Where somebody speaks, shape (T,).
        mean: What was taken out of the states, shape (512,).
    """

    analysis: Analysis
    states: Float32
    active: Bool
    mean: Float32

    @property
    def seconds(self) -> float:
        """How much speech there is."""
        return float(self.active.sum()) * HOP_S

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return 2 * self.analysis.envelope.nbytes + self.states.nbytes

    def spoken(self, voiced: bool) -> Bool:
        """Return the frames with speech that have a pitch, or have none, shape (T,)."""
        return np.asarray(self.active & (self.analysis.voiced == voiced), np.bool_)

    def log_pitch(self, start_s: float = 0.0, end_s: float = np.inf) -> Float64:
        """Return the natural logarithms of the pitch in Hz in a stretch, where there is one."""
        first, last = round(start_s / HOP_S), min(end_s / HOP_S, len(self.active))
        where = np.flatnonzero(self.spoken(True)[first : round(last)]) + first
        return np.asarray(np.log(self.analysis.pitch_hz[where]))


def joined(first: VoiceSounds, second: VoiceSounds) -> VoiceSounds:
    """Join what was read of one voice in two sounds at one rate."""
    one, other = first.analysis, second.analysis
    analysis = Analysis(
        one.rate,
        np.concatenate([one.pitch_hz, other.pitch_hz]),
        np.concatenate([one.envelope, other.envelope]),
        np.concatenate([one.aperiodicity, other.aperiodicity]),
    )
    states = np.concatenate([first.states, second.states])
    active = np.concatenate([first.active, second.active])
    return VoiceSounds(analysis, states, active, first.mean)


def sounds_of(
    samples: Float32,
    rate: int,
    *,
    clean: bool = False,
    pitch_hz: Float64 | None = None,
    mean: Float32 | None = None,
) -> VoiceSounds:
    """Analyse mono amplitudes (N,) of one speaker.

    ``clean``: without noise or room; ``pitch_hz``: what ``find_pitch`` finds in them, if known;
    ``mean``: of the states of more of this voice, (512,); their own if None.
    AssetMissing is raised if Whisper is not installed.
    """
    heard = resampled(samples, rate, SPEECH_RATE)
    frames = -(-len(heard) // SPEECH_SAMPLES_PER_FRAME)
    heard = fit_length(heard, frames * SPEECH_SAMPLES_PER_FRAME)
    states = WHISPER.encode(heard).reshape(frames * SPEECH_TICKS_PER_FRAME, -1)
    mean = states.mean(axis=0) if mean is None else mean
    states = states - mean
    states /= np.linalg.norm(states, axis=1, keepdims=True) + 1e-9
    pitch = find_pitch(samples, rate, clean=clean) if pitch_hz is None else pitch_hz
    whole = analyse(samples, rate, pitch)
    count = min(len(whole.pitch_hz) // FRAMES_PER_TICK, len(states)) * FRAMES_PER_TICK
    per_frame = FRAMES_PER_TICK * SPEECH_TICKS_PER_FRAME
    active = np.repeat(voice_activity(heard, frames) > _SPEECH, per_frame)[:count]
    analysis = Analysis(
        rate, whole.pitch_hz[:count], whole.envelope[:count], whole.aperiodicity[:count]
    )
    return VoiceSounds(analysis, states[: count // FRAMES_PER_TICK], active, mean)
