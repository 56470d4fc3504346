"""Arithmetic on word times: one token each, spreading, gaps, order."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from facedit.editing.words import tokenise
from facedit.errors import BadTranscript
from facedit.types import Word

GUESSED = 0.0
"""Score of a word whose times were spread over a longer stretch, not measured."""

NO_SPEECH = re.compile(r"(?:sil|sp|spn|#|<.*>|\[.*\]|\{.*\}|\(.*\))?", re.IGNORECASE)
"""Labels of aligners and annotators for what is no word: silence, noise, laughter."""


def spread(tokens: Sequence[str], start_s: float, end_s: float) -> list[Word]:
    """Give words times that tile a stretch by their letters, marked as ``GUESSED``."""
    weights = [sum(letter.isalnum() for letter in token) + 1 for token in tokens]
    total = sum(weights)
    words = []
    done = 0
    for token, weight in zip(tokens, weights, strict=True):
        first, last = (
            min(start_s + (end_s - start_s) * n / total, end_s) for n in (done, done + weight)
        )
        words.append(Word(token, first, last, GUESSED))
        done += weight
    return words


def between_neighbours(words: list[Word], name: str) -> list[Word]:
    """Give words without times (NaN) those between their neighbours, marked as ``GUESSED``.

    BadTranscript if there are none; ``name``: the file's, for the message.
    """
    done: list[Word] = []
    index = 0
    while index < len(words):
        if not math.isnan(words[index].start_s + words[index].end_s):
            done.append(words[index])
            index += 1
            continue
        stop = index + 1
        while stop < len(words) and math.isnan(words[stop].start_s):
            stop += 1
        first = words[index].start_s
        begin = first if not math.isnan(first) else done[-1].end_s if done else math.nan
        inner = [word.end_s for word in words[index:stop] if not math.isnan(word.end_s)]
        end = inner[-1] if inner else words[stop].start_s if stop < len(words) else math.nan
        if math.isnan(begin + end):
            raise BadTranscript(
                f"{name}: word {index + 1} ({words[index].text[:30]!r}) has no times."
            )
        shared = spread([word.text for word in words[index:stop]], begin, max(begin, end))
        done += [replace(word, score=GUESSED) for word in shared]
        index = stop
    return done


def one_each(words: Iterable[Word], *, measured: bool = False) -> list[Word]:
    """Make every entry one word: some recognisers and label tiers give several at once, or none.

    The words of an entry share its stretch, and keep its score if it was measured, else they are
    marked as ``GUESSED``; entries without anything spoken are left out.
    """
    clean: list[Word] = []
    for word in words:
        tokens = tokenise(word.text)
        if len(tokens) == 1:
            clean.append(replace(word, text=tokens[0]))
            continue
        shared = spread(tokens, word.start_s, word.end_s)
        clean += [replace(part, score=word.score) for part in shared] if measured else shared
    return clean


def in_order(words: Iterable[Word], duration_s: float) -> tuple[Word, ...]:
    """Remove overlaps and what lies outside of the sound from words by ascending start.

    Where two overlap, the earlier one ends as the later one begins.
    """
    clean: list[Word] = []
    for word in words:
        start = min(max(word.start_s, 0.0), duration_s)
        end = min(max(word.end_s, start), duration_s)
        if clean and clean[-1].end_s > start:
            clean[-1] = replace(clean[-1], end_s=max(start, clean[-1].start_s))
            start = max(start, clean[-1].end_s)
        clean.append(replace(word, start_s=start, end_s=max(start, end)))
    return tuple(clean)
