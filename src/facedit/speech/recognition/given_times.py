"""Word times that came with a transcript, held against those that were found in the sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from facedit.speech.recognition.align import PHONE_ALIGNMENT
from facedit.types import Transcript, Word

SURE = 0.5
"""Score from which a word is taken as found; below it, people should look."""
_MOST_SHIFT_S = 0.1
"""Median distance of right times; 0.03 s at most on 70 clips of GRID (docs/journal/speech.md)."""
_MOST_APART_S = 0.2
"""Distance of the middle of a word whose time is right: 0.16 s at most of 420 words there."""
_COARSER = 2.5
"""By how much more Whisper's cross-attention, which serves other languages, may differ."""
_NAMED = 5


def checked_times(given: Transcript, found: Transcript) -> Transcript:
    """Take the given times where the sound agrees with them, else those that were found in it.

    ``found``: the same words, aligned with the sound. Returns the given words if all but a few
    unsure ones lie where they are heard: those get the score of the alignment. Else the words as
    found, and its notes say so.
    """
    factor = 1.0 if found.origin == PHONE_ALIGNMENT else _COARSER
    pairs = list(zip(given.words, found.words, strict=True))
    sure = [(ours, theirs) for ours, theirs in pairs if theirs.score >= SURE]
    shift_s = median(map(_late_s, *zip(*sure, strict=True))) if sure else 0.0
    far = [pair for pair in pairs if abs(_late_s(*pair)) > factor * _MOST_APART_S]
    wrong = [ours for ours, theirs in far if theirs.score >= SURE]
    if len(sure) > 2 and abs(shift_s) > factor * _MOST_SHIFT_S:
        how = f"are {abs(shift_s):.2f} s {'late' if shift_s > 0 else 'early'}"
    elif wrong:
        how = f"of {_named(wrong)} do not fit the sound"
    else:
        scores = {id(ours): theirs.score for ours, theirs in far}
        words = (replace(word, score=scores.get(id(word), word.score)) for word in given.words)
        return replace(given, words=tuple(words))
    note = f"{given.origin}: the times {how}; all were measured anew."
    origin = f"{given.origin}, times by {found.origin}"
    return replace(found, origin=origin, notes=(*given.notes, note))


def unsure(words: Sequence[Word]) -> list[Word]:
    """Return the words that people should check before they edit."""
    return [word for word in words if word.score < SURE]


def _late_s(given: Word, found: Word) -> float:
    """Tell by how much the middle of a given word lies behind where it was found."""
    return (given.start_s + given.end_s - found.start_s - found.end_s) / 2


def _named(words: list[Word]) -> str:
    """Name the first of some words."""
    names = ", ".join(f"“{word.text}” at {word.start_s:.2f} s" for word in words[:_NAMED])
    return names + (f" and {len(words) - _NAMED} more" if len(words) > _NAMED else "")
