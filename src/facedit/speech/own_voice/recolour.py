"""One voice's speech in another's colour: the envelopes of the other's own sounds.

For every 20 ms of the speech the other's most alike moments are found by what Whisper hears in
them (Baas, van Niekerk and Kamper 2023, "Voice Conversion With Just Nearest Neighbors"); their mean
is too smooth to sound like anybody, so the spread of every cepstral coefficient is restored.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedit.speech.own_voice.cepstra import best_warp, cepstra, moved, warped
from facedit.speech.own_voice.sounds import FRAMES_PER_TICK, VoiceSounds
from facedit.speech.signal.world import Analysis
from facedit.types import Bool, Float64

NEIGHBOURS = 8
LEAST_FRAMES = 20

_SHARPNESS = 8.0
_SMOOTH_FRAMES = 3
_SPREAD_MAPPED = (0.7, 1.4)
_SPREAD_RESTORED = (0.8, 2.5)


def in_colour_of(source: VoiceSounds, speaker: VoiceSounds) -> Analysis:
    """Give speech a speaker's vocal tract length, mean spectrum and spread of the spectrum."""
    ours, theirs = source.analysis.envelope, speaker.analysis.envelope
    both = (source.spoken(True), speaker.spoken(True))
    if min(part.sum() for part in both) >= LEAST_FRAMES:
        factor = best_warp(ours[both[0]].mean(axis=0), theirs[both[1]].mean(axis=0))
        ours = warped(ours, factor)
    shaped = _with_moments(ours, source, speaker, _SPREAD_MAPPED, own_mean=False)
    return replace(source.analysis, envelope=shaped)


def neighbours_mean(source: VoiceSounds, speaker: VoiceSounds, coloured: Analysis) -> Analysis:
    """Draw every moment as the speaker's most alike ones, as loud as it is; what has none stays."""
    ticks = len(source.states)
    envelope, breath = coloured.envelope.copy(), coloured.aperiodicity.copy()
    alike = source.states @ speaker.states.T
    for voiced in (True, False):
        usable = np.flatnonzero(_most(speaker.spoken(voiced)))
        wanted = np.flatnonzero(_most(source.analysis.voiced) == voiced)
        if len(usable) < NEIGHBOURS or not len(wanted):
            continue
        near = alike[np.ix_(wanted, usable)]
        best = np.argpartition(-near, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
        weight = np.exp(_SHARPNESS * np.take_along_axis(near, best, axis=1))
        weight /= weight.sum(axis=1, keepdims=True)
        for stored, drawn in (
            (speaker.analysis.envelope, envelope),
            (speaker.analysis.aperiodicity, breath),
        ):
            mean = np.einsum("nk,nkb->nb", weight, _per_tick(stored)[usable[best]])
            drawn.reshape(ticks, FRAMES_PER_TICK, -1)[wanted] = mean[:, None]
    envelope += (coloured.envelope - envelope).mean(axis=1, keepdims=True)
    return replace(coloured, envelope=_smooth(envelope), aperiodicity=_smooth(breath))


def mixed(
    source: VoiceSounds,
    speaker: VoiceSounds,
    coloured: Analysis,
    drawn: Analysis,
    weight: float | Float64,
) -> Analysis:
    """Mix speech in a speaker's colour with that drawn from the speaker's moments, of ``weight``.

    That may change over time, shape (T, 1). The spread of every cepstral coefficient becomes the
    speaker's; every moment stays as loud.
    """
    envelope = (1.0 - weight) * coloured.envelope + weight * drawn.envelope
    breath = (1.0 - weight) * coloured.aperiodicity + weight * drawn.aperiodicity
    envelope = _with_moments(envelope, source, speaker, _SPREAD_RESTORED, own_mean=True)
    envelope += _log_power(coloured.envelope) - _log_power(envelope)
    return replace(coloured, envelope=envelope, aperiodicity=np.clip(breath, 0.0, 1.0))


def _with_moments(
    envelope: Float64,
    source: VoiceSounds,
    speaker: VoiceSounds,
    limits: tuple[float, float],
    *,
    own_mean: bool,
) -> Float64:
    """Set mean and spread of the cepstra to the speaker's, voiced and unvoiced apart.

    The spread changes by a factor within ``limits``; ``own_mean`` keeps the mean; levels stay.
    """
    before, theirs = cepstra(envelope), cepstra(speaker.analysis.envelope)
    after = before.copy()
    for voiced in (True, False):
        ours, wanted = source.spoken(voiced), speaker.spoken(voiced)
        if min(ours.sum(), wanted.sum()) < LEAST_FRAMES:
            continue
        mean = before[ours].mean(axis=0)
        gain = theirs[wanted].std(axis=0) / (before[ours].std(axis=0) + 1e-6)
        gain = np.clip(gain, *limits)
        to = mean if own_mean else theirs[wanted].mean(axis=0)
        rows = source.analysis.voiced == voiced
        after[rows, 1:] = to[1:] + gain[1:] * (before[rows, 1:] - mean[1:])
        if not own_mean:  # consonants lie as far below vowels as they do
            after[rows, 0] = mean[0] + gain[0] * (before[rows, 0] - mean[0])
    return moved(envelope, before, after)


def _log_power(envelope: Float64) -> Float64:
    """Return the logarithm of the power of every frame, shape (T, 1)."""
    return np.asarray(np.log(np.exp(envelope).mean(axis=1, keepdims=True)))


def _most(frames: Bool) -> Bool:
    """Tell of which ticks more than half of the frames are meant, shape (ticks,)."""
    return np.asarray(frames.reshape(-1, FRAMES_PER_TICK).mean(axis=1) > 0.5)


def _per_tick(frames: Float64) -> Float64:
    """Average the frames of every tick, (T, bins) to (ticks, bins)."""
    return np.asarray(frames.reshape(-1, FRAMES_PER_TICK, frames.shape[1]).mean(axis=1))


def _smooth(frames: Float64) -> Float64:
    """Average over neighbouring frames, by Hann weights."""
    weights = np.hanning(_SMOOTH_FRAMES + 2)[1:-1]
    weights /= weights.sum()
    reach = _SMOOTH_FRAMES // 2
    padded = np.pad(frames, ((reach, reach), (0, 0)), mode="edge")
    parts = [weight * padded[k : k + len(frames)] for k, weight in enumerate(weights)]
    return np.asarray(np.sum(parts, axis=0))
