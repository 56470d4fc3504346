"""GRID's grammar: which sentences there are, and the edits that stay inside it. Pure.

A GRID sentence is ``command colour preposition letter digit adverb`` (Cooke, Barker, Cunningham,
Shao 2006). Edited sentences are the same with parts left out or repeated: a list of commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, pairwise

import numpy as np

from facedit.editing.diff import WordEdit
from facedit.editing.words import key

SLOTS: tuple[tuple[str, ...], ...] = (
    ("bin", "lay", "place", "set"),
    ("blue", "green", "red", "white"),
    ("at", "by", "in", "with"),
    tuple("abcdefghijklmnopqrstuvxyz"),
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    ("again", "now", "please", "soon"),
)
"""Words of each place of a sentence; ``w`` is no letter of GRID's."""

WORDS = len(SLOTS)

_CODES = "CKPLDA"
_NAME = re.compile(r"(?:^|.*[_-])([blps])([bgrw])([abiw])([a-vx-z])([z1-9])([anps])")
_DIGITS = dict(zip("z123456789", SLOTS[4], strict=True))
_LEADS = ("please", "now")
# Clauses after one command are a list: "set red by g two now, blue at f three again".
_TEXT = re.compile(r"(?:A?C(?:K(?:A{0,2})(?:PLDA{0,2}){0,2})+)+")
_BAD_PAIRS = ({"soon", "now"},)


def sentence_of(words: Sequence[str]) -> tuple[str, ...] | None:
    """Read words as one GRID sentence: six in small letters, None if the grammar has no such."""
    plain = tuple(key(word) for word in words)
    whole = len(plain) == WORDS and all(w in slot for w, slot in zip(plain, SLOTS, strict=True))
    return plain if whole else None


def parses(words: Sequence[str]) -> bool:
    """Tell whether words are commands of the grammar in a row, with parts left out or repeated."""
    codes = ""
    for word in words:
        slots = [code for code, slot in zip(_CODES, SLOTS, strict=True) if key(word) in slot]
        if not slots:
            return False
        codes += slots[0]
    pairs = pairwise(words)
    adverbs = [{key(a), key(b)} for a, b in pairs if {key(a), key(b)} <= set(SLOTS[5])]
    return bool(_TEXT.fullmatch(codes)) and not any(
        len(pair) == 1 or pair in _BAD_PAIRS for pair in adverbs
    )


def words_of_name(stem: str) -> tuple[str, ...] | None:
    """Read the sentence from a GRID file's stem, such as ``lbax4n`` or ``s2_swwp2s``.

    The first is *lay blue at x four now*; None if it is no such name.
    """
    found = _NAME.fullmatch(stem)
    if not found:
        return None
    letters = found.groups()
    return tuple(
        _DIGITS[c] if slot is SLOTS[4] else next(word for word in slot if word[0] == c)
        for c, slot in zip(letters, SLOTS, strict=True)
    )


def random_sentence(generator: np.random.Generator) -> tuple[str, ...]:
    """Draw a sentence of the grammar."""
    return tuple(str(generator.choice(slot)) for slot in SLOTS)


def edits(
    sentence: tuple[str, ...], donor: tuple[str, ...] | None
) -> Iterator[tuple[WordEdit, tuple[int, int]]]:
    """List the edits of a sentence, each with where in the donor its new words are.

    That is the first and one past the last; without a donor sentence there are only deletions. All
    give texts of the extended grammar; substitutions change their first and last word.
    """
    # An adverb; where; where and when. Without a command or a colour nothing is left to do.
    for start, end in ((5, 6), (2, 5), (2, 6)):
        yield WordEdit(start, end), (0, 0)
    if donor is None:
        return
    differ = [place for place in range(WORDS) if sentence[place] != donor[place]]
    for start, last in combinations_with_replacement(differ, 2):
        if (start, last) != (0, WORDS - 1):
            yield WordEdit(start, last + 1, donor[start : last + 1]), (start, last + 1)
    places = (
        (0, 0, 6), (6, 0, 6),  # a further sentence before and after
        (1, 1, 6),  # a further thing to take: "set [red by g two now] blue at f three again"
        (5, 2, 5), (6, 2, 6),  # a further place: "... at f three [with x nine] again"
        (6, 5, 6), (0, 5, 6),  # a further adverb
    )  # fmt: skip
    for at, start, end in places:
        new = donor[start:end]
        leads = (at, len(new)) != (0, 1) or new[0] in _LEADS
        repeats = new[:3] == sentence[2:5]
        if leads and not repeats and parses((*sentence[:at], *new, *sentence[at:])):
            yield WordEdit(at, at, new), (start, end)
