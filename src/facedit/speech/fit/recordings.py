"""Recordings of the user's own: which of several takes holds new words best, and what is amiss."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from facedit.errors import BadTranscript
from facedit.speech.fit.clip_reference import Reference
from facedit.speech.fit.own_recording import cut_from_recording
from facedit.speech.fit.snippet import Snippet
from facedit.speech.signal.levels import (
    active_level_db,
    frame_levels_db,
    median_pitch,
    voiced_share,
)
from facedit.speech.sound_ops import from_mono, mono, speech_samples
from facedit.types import Sound
from facedit.units import SPEECH_RATE
from facedit.weights.fetch import is_installed

_log = logging.getLogger(__name__)

LEAST_VOICED = 0.2
"""Share of the moments of speech with a pitch below which it is whispered."""

SHOUTED_OCTAVES = 0.45
"""How much higher than in the clip a voice is that shouts."""

CLIPPED = 0.002
"""Share of samples at full scale from which a recording is overdriven."""

LEAST_RANGE_DB = 15.0
"""Speech over the quietest moments of its recording below which that is noisy."""


def best_take(
    recordings: Sequence[tuple[str, Sound]],
    sentence: Sequence[str],
    first: int,
    count: int,
    language: str,
    reference: Reference,
) -> Snippet:
    """Take new words out of that of several recordings which holds them best.

    As ``cut_from_recording``, which tells what a recording may hold; ``recordings``: each with its
    name. How well the words fit counts, and how like the clip's speaker they sound, where that can
    be told. BadTranscript is raised if none holds the new words.
    """
    found: list[tuple[float, str, Snippet]] = []
    for name, recording in recordings:
        try:
            snippet = cut_from_recording(recording, sentence, first, count, language, reference)
        except BadTranscript as error:
            if len(recordings) == 1:
                raise
            _log.info("%s: %s", name, error)
            continue
        worth = float(fmean(word.score for word in snippet.transcript.words))
        if len(recordings) > 1:
            worth += _likeness(snippet.sound, reference)
        notes = doubts(recording, reference, name)
        found.append((worth, name, replace(snippet, notes=notes)))
    if not found:
        words = " ".join(sentence[first : first + count])
        named = ", ".join(name for name, _ in recordings)
        raise BadTranscript(f"None of {named} holds the new words “{words}”.")
    _, name, best = max(found, key=lambda one: one[0])
    _log.info("“%s” is taken from %s.", best.transcript.text, name)
    return best


def doubts(recording: Sound, reference: Reference, name: str) -> tuple[str, ...]:
    """Say in which manner a recording will not go with the clip: whispered, shouted, noisy."""
    samples = speech_samples(recording)
    found = []
    share = voiced_share(samples, SPEECH_RATE)
    if share is not None and share < LEAST_VOICED:
        found.append("is whispered, and will be heard beside a voice that is not")
    pitch = median_pitch(samples, SPEECH_RATE)
    clip = from_mono(reference.voice(), reference.sound.rate)
    theirs = median_pitch(speech_samples(clip), SPEECH_RATE)
    loud = float((np.abs(mono(recording)) >= 0.99).mean()) >= CLIPPED
    high = bool(pitch and theirs and np.log2(pitch / theirs) > SHOUTED_OCTAVES)
    if loud or high:
        why = "is overdriven" if loud else "is much higher than the clip's voice"
        found.append(f"{why}, as if shouted: speak as in the clip, further from the microphone")
    quietest = float(np.percentile(frame_levels_db(samples, SPEECH_RATE), 5)) if len(samples) else 0
    if active_level_db(samples, SPEECH_RATE) - quietest < LEAST_RANGE_DB:
        found.append("is noisy: the noise comes along with the words")
    return tuple(f"the recording {name} {what}." for what in found)


def _likeness(sound: Sound, reference: Reference) -> float:
    """Compare new words with the clip's speaker; 0 where that cannot be told."""
    if not is_installed("resemblyzer.pt"):
        return 0.0
    from facedit.speech.voices.speaker import embed

    clip = from_mono(reference.voice(), reference.sound.rate)
    return float(embed(sound) @ embed(clip))
