"""New words that the speaker says elsewhere in the clip: nothing sounds more like them.

Unit selection (Hunt and Black 1996) with whole words for units: what a place costs says how far its
words are from those wanted in duration, pitch, level and in what is said beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.editing.words import key
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.signal.low_energy import level_db
from facedit.speech.sound_ops import cut
from facedit.speech.text.pronounce import pronunciations
from facedit.types import Word

MOST_COST = 1.2
"""Cost up to which words from elsewhere are taken."""

MOST_GAIN_DB = 6.0

PAUSE_S = 0.15
"""Silence beside a word from which it begins or ends a phrase."""

_LEAST_SCORE = 0.5
_OCTAVES, _DECIBELS, _LOG_DURATION = 0.25, 12.0, 0.35
_OTHER_PHONE, _OTHER_PHRASE = 0.25, 0.8


@dataclass(frozen=True, slots=True)
class Wanted:
    """New words, and what is known of how they should be said.

    Attributes:
        texts: The words.
        duration_s: How long they should take, if that is known.
        before: What is said before them; None at the beginning of a phrase.
        after: What is said after them; None at the end of a phrase.
        english: Whether it is English, whose pronunciation is known; else letters stand for sounds.
    """

    texts: tuple[str, ...]
    duration_s: float | None
    before: str | None
    after: str | None
    english: bool = True


@dataclass(frozen=True, slots=True)
class Unit:
    """Words of the clip that are those wanted.

    Attributes:
        words: Which of the speaker's words.
        gain_db: How much louder they must be here.
        cost: How little they suit; 0 is as wanted.
    """

    words: slice
    gain_db: float
    cost: float


def said_elsewhere(wanted: Wanted, speaker: Speaker) -> Unit | None:
    """Find where the speaker says new words as they should be said here, if anywhere."""
    count = len(wanted.texts)
    keys = [key(text) for text in wanted.texts]
    said = [key(word.text) for word in speaker.words]
    found = [
        _unit(slice(first, first + count), wanted, speaker)
        for first in range(len(said) - count + 1)
        if said[first : first + count] == keys
        and min(word.score for word in speaker.words[first : first + count]) >= _LEAST_SCORE
    ]
    best = min(found, key=lambda unit: unit.cost, default=None)
    return best if best is not None and best.cost <= MOST_COST else None


def misfit(
    spans_s: Sequence[tuple[float, float]], wanted: Wanted, speaker: Speaker
) -> tuple[float, float]:
    """Price stretches of the speaker's sound as new words: by length, pitch and level.

    Returns the cost, and by how many dB they must be louder here.
    """
    cost, gain_db = 0.0, 0.0
    level, log_pitch = _beside(speaker)
    if wanted.duration_s is not None:
        seconds = sum(end_s - start_s for start_s, end_s in spans_s)
        cost += abs(float(np.log(seconds / wanted.duration_s))) / _LOG_DURATION
    pitch = np.concatenate([speaker.sounds.log_pitch(*span_s) for span_s in spans_s])
    if log_pitch is not None and len(pitch):
        cost += abs(float(np.median(pitch)) - log_pitch) / (_OCTAVES * float(np.log(2.0)))
    if level is not None:
        louder = level - _level(speaker, spans_s)
        gain_db = float(np.clip(louder, -MOST_GAIN_DB, MOST_GAIN_DB))
        cost += abs(louder) / _DECIBELS
    return cost, gain_db


def _unit(where: slice, wanted: Wanted, speaker: Speaker) -> Unit:
    """Price the words at one place."""
    words, all_words = speaker.words[where], speaker.words
    start_s, end_s = words[0].start_s, words[-1].end_s
    cost, gain_db = misfit([(start_s, end_s)], wanted, speaker)
    before = all_words[where.start - 1] if where.start else None
    after = all_words[where.stop] if where.stop < len(all_words) else None
    if before is not None and start_s - before.end_s >= PAUSE_S:
        before = None
    if after is not None and after.start_s - end_s >= PAUSE_S:
        after = None
    cost += _side(wanted.before, before, wanted.english, last=True)
    cost += _side(wanted.after, after, wanted.english, last=False)
    return Unit(where, gain_db, cost)


def _side(wanted: str | None, said: Word | None, english: bool, *, last: bool) -> float:
    """Price what stands beside: its nearest phone colours the word, a pause shapes it."""
    if wanted is None or said is None:
        return 0.0 if wanted is None and said is None else _OTHER_PHRASE
    ours, theirs = ({way[-1 if last else 0] for way in ways if way}
                    for ways in ((pronunciations(text) if english else [key(text)])
                                 for text in (wanted, said.text)))  # fmt: skip
    return 0.0 if ours & theirs else _OTHER_PHONE


def _beside(speaker: Speaker) -> tuple[float | None, float | None]:
    """Measure level and pitch of the words next to the edit: what is between lies between."""
    near = (*speaker.before[-1:], *speaker.after[:1])
    pitches = [speaker.sounds.log_pitch(word.start_s, word.end_s) for word in near]
    medians = [float(np.median(pitch)) for pitch in pitches if len(pitch)]
    levels = [_level(speaker, [(word.start_s, word.end_s)]) for word in near]
    return _mean(levels), _mean(medians)


def _level(speaker: Speaker, spans_s: Sequence[tuple[float, float]]) -> float:
    cuts = [cut(speaker.sound, *span_s).samples for span_s in spans_s]
    return level_db(np.concatenate(cuts))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
