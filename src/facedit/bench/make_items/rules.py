"""Edits of any English sentence by rules that keep it a sentence. Pure.

Few rules, each narrow: where none applies, there is no edit. Rules look at words and punctuation
only, so they need a transcript that has some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from facedit.bench.make_items import word_classes as classes
from facedit.editing.diff import WordEdit
from facedit.editing.words import key, tokenise

LEAST_COMMON = 0.25
"""Least share of common English words in a text that is taken for English."""

LEAST_WORDS = 4
"""Fewest words that an edit by rule leaves of a sentence, or a whole sentence has."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text.

    Attributes:
        end: One past its last word.
        mark: The mark it ends with: ``.``, ``!``, ``?``, or nothing at the end of a text.
        whole: Whether it begins with a capital letter.
    """

    start: int
    end: int
    mark: str
    whole: bool


def rule_edits(words: Sequence[str]) -> list[WordEdit]:
    """List the edits of words as written that rules allow; none if they don't look English."""
    keys = [key(word) for word in words]
    if not keys or sum(one in classes.COMMON for one in keys) < LEAST_COMMON * len(keys):
        return []
    found: list[WordEdit] = []
    for sentence in sentences(words):
        found += _swaps(words, keys, sentence)
        found += _openers(keys, sentence)
        found += _insertions(words, keys, sentence)
        found += _small_deletions(keys, sentence)
        found += _clause_deletions(words, keys, sentence)
    found += _sentence_deletions(words)
    return list(dict.fromkeys(found))


def sentences(words: Sequence[str]) -> list[Sentence]:
    """Cut a text into sentences at ``.``, ``!`` and ``?``; dots in a row end none."""
    result, start = [], 0
    for index, word in enumerate(words):
        mark = _mark(word)
        last = index == len(words) - 1
        if mark in (".", "!", "?") or last:
            whole = words[start][:1].isupper()
            result.append(Sentence(start, index + 1, mark, whole))
            start = index + 1
    return result


def _swaps(words: Sequence[str], keys: list[str], sentence: Sentence) -> Iterator[WordEdit]:
    """Exchange a word for another one of its class."""
    for at in range(sentence.start, sentence.end):
        before = keys[at - 1] if at > sentence.start else ""
        after = keys[at + 1] if at + 1 < sentence.end else ""
        # "twenty six", "nine eleven": part of something longer.
        if keys[at] in classes.NUMBERS and {before, after} & classes.NUMBERS:
            continue
        adjective = before in classes.BEFORE_ADJECTIVES and "as" not in (before, after)
        for other in _class_mates(keys[at], words[at][:1].isupper(), adjective):
            if before not in ("a", "an") or (other[0] in "aeiou") == (before == "an"):
                yield WordEdit(at, at + 1, (_dressed(other, words[at]),))


def _class_mates(word: str, capital: bool, adjective: bool) -> Iterator[str]:
    """List the other words of a word's classes."""
    for group in [*classes.ANYWHERE, *(classes.ADJECTIVES if adjective else ())]:
        if word in group and (group != classes.MONTHS or capital):
            yield from (other for other in group if other != word)


def _openers(keys: list[str], sentence: Sentence) -> Iterator[WordEdit]:
    """Leave an opening *and* or *so* out, or say a phrase instead."""
    start = sentence.start
    if sentence.end - start <= LEAST_WORDS or not sentence.whole or sentence.mark == "?":
        return
    if keys[start] in classes.OPENERS and keys[start + 1] in classes.STARTERS:
        yield WordEdit(start, start + 1)
        yield from _parentheses(start, start + 1, capital=True)


def _parentheses(start: int, end: int, *, capital: bool) -> Iterator[WordEdit]:
    """Say each of the phrases that can stand beside a clause, instead of words or between them."""
    for phrase in classes.PARENTHESES:
        yield WordEdit(start, end, tokenise(phrase[0].upper() + phrase[1:] if capital else phrase))


def _insertions(words: Sequence[str], keys: list[str], sentence: Sentence) -> Iterator[WordEdit]:
    """Put a phrase before a clause, or a sentence behind a statement."""
    if sentence.end - sentence.start < LEAST_WORDS or sentence.mark not in (".", "!", ""):
        return
    for at in range(sentence.start, sentence.end):
        if _begins_clause(at, words, keys, sentence):
            yield from _parentheses(at, at, capital=at == sentence.start and sentence.whole)
    follows = sentence.whole and sentence.mark == "."
    if follows and keys[sentence.start] not in classes.SUBORDINATORS:
        for more in classes.SENTENCES:
            yield WordEdit(sentence.end, sentence.end, tokenise(more))


def _begins_clause(at: int, words: Sequence[str], keys: list[str], sentence: Sentence) -> bool:
    """Tell whether a phrase can stand before a word, as a clause begins there."""
    if keys[at] not in classes.STARTERS:
        return False
    if at == sentence.start:
        # "My fellow Americans, ..." calls somebody: no clause begins there.
        called = keys[at] in classes.DETERMINERS and "," in map(_mark, words[at : at + 4])
        return sentence.whole and not called
    if at == sentence.start + 1 and keys[at - 1] in classes.OPENERS and sentence.whole:
        return True
    # A comma before a bare "the" or "our" is as likely one of a list.
    return _mark(words[at - 1]) == "," and keys[at] not in classes.DETERMINERS


def _small_deletions(keys: list[str], sentence: Sentence) -> Iterator[WordEdit]:
    """Leave an intensifier out."""
    for at in range(sentence.start + 1, sentence.end - 1):
        near = {keys[at - 1], keys[at + 1]}
        # "the very best", "not really", "very much", "so very": the word belongs to its neighbour.
        bound = near & {"the", "not", "much", "well", "so", "as", "how", "this", "that", "a", "an"}
        if keys[at] in classes.INTENSIFIERS and not bound and not near & classes.INTENSIFIERS:
            yield WordEdit(at, at + 1)


def _clause_deletions(
    words: Sequence[str], keys: list[str], sentence: Sentence
) -> Iterator[WordEdit]:
    """Leave a clause out that commas set apart."""
    commas = [k + 1 for k in range(sentence.start, sentence.end - 1) if _mark(words[k]) == ","]
    bounds = [sentence.start, *commas, sentence.end]
    parts = list(pairwise(bounds))
    if len(parts) not in (2, 3) or sentence.mark == "?":
        return
    leads, behind = keys[sentence.start] in classes.SUBORDINATORS, keys[commas[0]]
    if len(parts) == 3:
        gone, fits = 1, behind in ("which", "who") and not leads
    else:  # what is left must be a statement of its own
        gone, fits = int(not leads), behind in (classes.STARTERS if leads else classes.TRAILERS)
    start, end = parts[gone]
    kept = sentence.end - sentence.start - (end - start)
    if fits and kept >= LEAST_WORDS and end - start >= 2:
        yield WordEdit(start, end)


def _sentence_deletions(words: Sequence[str]) -> Iterator[WordEdit]:
    """Leave a whole sentence out where others stay."""
    every = sentences(words)
    for one in every:
        whole = one.whole and one.mark in (".", "!", "?") and one.end - one.start >= LEAST_WORDS
        if len(every) > 1 and whole:
            yield WordEdit(one.start, one.end)


def _mark(word: str) -> str:
    """Return the sign a word ends with: one of ``. , ! ? ; :``, or nothing."""
    if re.search(r"(\.\.+|…)[\"'”’)]*$", word):
        return "…"
    found = re.search(r"([.,!?;:])[\"'”’)]*$", word)
    return found.group(1) if found else ""


def _dressed(word: str, like: str) -> str:
    """Give a word the capital letter and the signs of the one it stands for."""
    body = re.match(r"\W*([\w'’-]+)(.*)", like, re.DOTALL)
    capital = like[:1].isupper() or word in (*classes.WEEKDAYS, *classes.MONTHS)
    text = word.capitalize() if capital else word
    return text + (body.group(2) if body else "")
