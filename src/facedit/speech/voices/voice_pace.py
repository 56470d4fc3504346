"""A voice's speech at a clip's pace."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from facedit.editing.words import tokenise
from facedit.speech.signal.levels import syllable_rate
from facedit.speech.signal.match import MOST_STRETCH, stretch
from facedit.speech.sound_ops import from_mono, mono
from facedit.speech.text.pronounce import syllables
from facedit.speech.voices.voice import synthesise
from facedit.speech.voices.voice_interface import Paced, Voice
from facedit.types import Sound, Word

_ALIKE = 0.05
_LEAST_STRETCH = 0.03
_STRETCHES = (0.87, 1.15)
_TRIALS = 2


def at_pace(
    voice: Voice, text: str, rate: float | None, part: range | None = None
) -> tuple[Sound, tuple[Word, ...], float]:
    """Speak a text at a rate, in syllables a second: by the voice's speed, the rest by stretching.

    At the voice's own if the rate is None; of the text a part, as in ``synthesise``. A voice that
    is not ``Paced`` speaks twice where its speed must change. Returns the sound, its words, and the
    pace relative to the voice's own; the errors of ``synthesise`` pass through.
    """
    paced = voice if isinstance(voice, Paced) else None
    speed = 1.0 if paced is None or rate is None else _speed_for(paced, text, rate)
    spoken, transcript = synthesise(text, voice, speed, part)
    own = syllable_rate(transcript.words)
    if rate is None or own is None:
        return spoken, transcript.words, speed
    if paced is None and not _alike(rate / own):
        speed = _within(rate / own)
        spoken, transcript = synthesise(text, voice, speed, part)
        own = syllable_rate(transcript.words) or own
    factor = float(np.clip(own / rate, *_STRETCHES))
    if abs(math.log(factor)) < _LEAST_STRETCH:
        return spoken, transcript.words, speed
    stretched = from_mono(stretch(mono(spoken), spoken.rate, factor), spoken.rate)
    words = tuple(
        replace(word, start_s=word.start_s * factor, end_s=word.end_s * factor)
        for word in transcript.words
    )
    return stretched, words, speed / factor


def _speed_for(voice: Paced, text: str, rate: float) -> float:
    """Find at what speed a voice will say a text at a rate, as far as it goes."""
    count, speed = sum(map(syllables, tokenise(text))), 1.0
    for _ in range(_TRIALS):  # short phones shorten less than is asked for
        pace = rate * voice.sounding_s(text, speed) / max(count, 1)
        if pace == 0.0 or _alike(pace):
            break
        speed = _within(speed * pace)
    return speed


def _alike(pace: float) -> bool:
    return abs(math.log(pace)) <= _ALIKE


def _within(speed: float) -> float:
    return float(np.clip(speed, 1.0 / MOST_STRETCH, MOST_STRETCH))
