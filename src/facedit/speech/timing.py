"""Arithmetic on word times: tokens of a text, spreading, order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from facedit.types import Word

GUESSED = 0.0
"""Score of a word whose times were spread over a longer stretch, not measured."""


def tokens_of(text: str) -> list[str]:
    """Split a text into spoken words; a lone mark of punctuation stays with the word before it.

    Args:
        text: Any text.

    Returns:
        Tokens without white space at their ends; each holds a letter or a digit.
    """
    tokens: list[str] = []
    for piece in text.split():
        if any(letter.isalnum() for letter in piece):
            tokens.append(piece)
        elif tokens:  # a dash in front of everything marks a speaker and is left out
            tokens[-1] += f" {piece}"
    return tokens


def spread(tokens: Sequence[str], start_s: float, end_s: float) -> list[Word]:
    """Give words times in proportion to their letters.

    Args:
        tokens: The words.
        start_s: Begin of the stretch in seconds.
        end_s: Its end.

    Returns:
        Words that tile the stretch, marked as ``GUESSED``.
    """
    weights = [sum(letter.isalnum() for letter in token) + 1 for token in tokens]
    total = sum(weights)
    words = []
    done = 0
    for token, weight in zip(tokens, weights, strict=True):
        first, last = (start_s + (end_s - start_s) * n / total for n in (done, done + weight))
        words.append(Word(token, first, last, GUESSED))
        done += weight
    return words


def in_order(words: Iterable[Word], duration_s: float) -> tuple[Word, ...]:
    """Remove overlaps and what lies outside of the sound.

    Args:
        words: Words by ascending start.
        duration_s: Length of the sound in seconds.

    Returns:
        The words; where two overlap, the earlier one ends as the later one begins.
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
