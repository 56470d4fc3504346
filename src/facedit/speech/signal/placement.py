"""Where in the channels a voice stands: a lapel microphone on the left, the centre of 5.1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedit.speech.signal.background import Background, background_floor
from facedit.speech.signal.levels import ACTIVE_RANGE_DB
from facedit.types import Bool, Float32, Float64, Sound, Word
from facedit.units import sample_at

SILENT_DB = -30.0
"""A channel with this much less of the voice than the loudest one has none of it."""

EQUAL_DB = 0.5
"""Channels that differ by less hold the voice equally."""

FOLLOWS = 1.4
"""What is this much stronger while somebody speaks than in the pauses comes from the voice."""

_FRAME_S = 0.020


def speech_gains(reference: Sound, words: Sequence[Word] = ()) -> Float32:
    """Estimate how much of the voice each channel holds.

    What the channels have in common while somebody speaks, less what they have in common in the
    pauses, is the voice: music in other channels does not count as long as it goes on in both.

    ``reference``: sound of the clip in which the person speaks; ``words``: when; by loudness if
    empty. Returns gains relative to the loudest channel's, which is 1; shape (channels,). All 1
    where the channels are alike or nothing is heard.
    """
    channels = reference.samples.shape[1]
    if channels == 1:
        return np.ones(1, np.float32)
    size = max(1, sample_at(_FRAME_S, reference.rate))
    count = len(reference.samples) // size
    frames = reference.samples[: count * size].reshape(count, size, channels).astype(np.float64)
    spoken = _spoken_frames(frames, words, size / reference.rate)
    common = _covariance(frames[spoken])
    if not spoken.all():
        common -= _covariance(frames[~spoken])
    values, vectors = np.linalg.eigh(common)
    gains = vectors[:, -1]
    gains = gains / gains[np.argmax(np.abs(gains))]
    if not count or values[-1] <= 0.0:
        return np.ones(channels, np.float32)
    level_db = 20.0 * np.log10(np.abs(gains) + 1e-12)
    gains = np.where(level_db < SILENT_DB, 0.0, gains)
    return np.where(level_db > -EQUAL_DB, np.sign(gains), gains).astype(np.float32)


def speech_background(
    reference: Sound, words: Sequence[Word], start_s: float, end_s: float
) -> Background | None:
    """Measure what sounds under the voice around an edit.

    ``words``: what is spoken in it; by loudness if empty; ``start_s``: start of the edited words in
    it. Returns the background of the channels that hold the voice, without the others; None where
    there is none to speak of.
    """
    gains = speech_gains(reference, words)
    voiced = np.flatnonzero(gains)
    alone = Sound(np.ascontiguousarray(reference.samples[:, voiced]), reference.rate)
    away = np.eye(len(voiced)) - np.outer(gains[voiced], gains[voiced]) / (gains @ gains)
    beside = Sound(alone.samples @ away.astype(np.float32), reference.rate)
    whole = np.zeros((len(gains), len(gains)), np.float32)
    if _goes_on_in_pauses(beside, words):
        whole[np.ix_(voiced, voiced)] = away
        alone = Sound(alone.samples - beside.samples, reference.rate)
    found = background_floor(alone, start_s, end_s)
    if found is None:
        return None
    floor = np.zeros((len(gains), found.shape[1]), np.float32)
    floor[voiced] = found
    return Background(floor, whole)


def _goes_on_in_pauses(beside: Sound, words: Sequence[Word]) -> bool:
    """Tell music at the sides from a voice in its room, which is softer where nobody speaks."""
    size = max(1, sample_at(_FRAME_S, beside.rate))
    count, channels = len(beside.samples) // size, beside.samples.shape[1]
    frames = beside.samples[: count * size].reshape(count, size, channels).astype(np.float64)
    spoken = _spoken_frames(frames, words, size / beside.rate)
    if spoken.all() or not spoken.any():
        return False
    power = (frames**2).mean(axis=(1, 2))
    return bool(power[spoken].mean() <= FOLLOWS * power[~spoken].mean())


def spoken_channel(reference: Sound, gains: Float32) -> Float32:
    """Mix the channels down so that the voice comes out as in its loudest channel.

    ``gains``: its ``speech_gains``. Returns amplitudes, shape (N,); the mean of the channels where
    all gains are 1.
    """
    weights = gains / float(gains @ gains)
    return np.ascontiguousarray(reference.samples @ weights, dtype=np.float32)


def placed(samples: Float32, rate: int, gains: Float32) -> Sound:
    """Put a voice into the channels where the clip's voice is.

    ``samples``: amplitudes, shape (N,); ``gains``: the clip's ``speech_gains``.
    """
    return Sound(samples[:, None].astype(np.float32) * gains[None], rate)


def _spoken_frames(frames: Float64, words: Sequence[Word], frame_s: float) -> Bool:
    """Tell in which frames somebody speaks."""
    if words:
        middle_s = (np.arange(len(frames)) + 0.5) * frame_s
        inside = [(middle_s >= w.start_s) & (middle_s < w.end_s) for w in words]
        return np.asarray(np.any(inside, axis=0), np.bool_)
    power = (frames**2).mean(axis=(1, 2))
    loudest = np.percentile(power, 95) if len(power) else 0.0
    return np.asarray(power > loudest * 10.0 ** (-ACTIVE_RANGE_DB / 10.0), np.bool_)


def _covariance(frames: Float64) -> Float64:
    """Average the products of channels, shape (channels, channels)."""
    channels = frames.shape[-1]
    flat = frames.reshape(-1, channels)
    products: Float64 = flat.T @ flat / max(len(flat), 1)
    return products
