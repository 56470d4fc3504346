"""Written words: cutting text into words, and the key under which two spellings are one word."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ONE_FORM = dict.fromkeys(map(ord, "’‘ʼ＇`´"), "'") | dict.fromkeys(map(ord, "‐‑‒–"), "-")
# Of all signs these are read out wherever they stand; those of money beside a word or number.
_SPOKEN_SIGNS = frozenset("%&@#§°+=×÷±")
_TATWEEL = "\u0640"
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))  # between a letter's and an emoji's form
# "well—actually" and "wait...what" are two words each, though no space says so.
_UNSPACED_BREAK = re.compile(r"(?<=\w)(—|―|…|\.{2,})(?=\w)")


@lru_cache(maxsize=8192)  # an hour's words are compared several times, and few differ
def key(text: str) -> str:
    """Return what is compared when two words are compared; empty if nothing in it is spoken.

    Case, punctuation, hyphens, white space, emoji, notes and invisible marks don't count; letters
    of every script, their accents and vowel signs, digits, signs that are spoken (``%``, ``&``,
    ``+``, ``$5``), marks between digits, and apostrophes inside a word (*we're* is not *were*) do.
    Words with one key are written alike; ``spelling`` knows those that are only spoken alike.
    """
    # Compatibility forms too: Arabic presentation forms and full-width letters are the same words.
    text = unicodedata.normalize("NFKC", text.translate(_ONE_FORM)).casefold()
    text = unicodedata.normalize("NFC", text)
    kept: list[str] = []
    follows = False  # whether the letter before was kept: a mark belongs to it
    for index, character in enumerate(text):
        if unicodedata.category(character) == "Cf":  # joiners stand between a letter and its mark
            continue
        mark = unicodedata.category(character) in ("Mn", "Mc") and character not in _SELECTORS
        follows = (mark and follows) or _is_spoken(character) or _is_inside(text, index)
        if follows:
            kept.append(character)
    return "".join(kept)


def tokenise(text: str) -> tuple[str, ...]:
    """Cut text into words as written, punctuation left on them; none if nothing in it is spoken.

    The only place that does: of a transcript and of the text that shall replace it, whatever reads
    alike must become the same words. Every word can be spoken: punctuation that stands alone
    between spaces goes with the word before it (in front of everything it marks a speaker, and is
    left out); emoji and notes are left out.
    """
    words: list[str] = []
    text = "".join(" " if _is_picture(character) else character for character in text)
    for token in _UNSPACED_BREAK.sub(r"\1 ", text).split():
        if key(token):
            words.append(token)
        elif words and (marks := "".join(c for c in token if unicodedata.category(c)[0] == "P")):
            words[-1] = f"{words[-1]} {marks}"
    return tuple(words)


def _is_spoken(character: str) -> bool:
    """Tell whether a character counts wherever it stands."""
    if character in _SPOKEN_SIGNS:
        return True
    return character != _TATWEEL and unicodedata.category(character)[0] in "LN"


def _is_picture(character: str) -> bool:
    """Tell whether a character is an emoji, a note or the like, and not letters in disguise."""
    return (
        unicodedata.category(character) == "So"
        and character not in _SPOKEN_SIGNS
        and not any(map(str.isalnum, unicodedata.normalize("NFKC", character)))
    )


def _is_inside(text: str, index: int) -> bool:
    """Tell whether a sign counts for its neighbours: in a word, in a number, or beside one."""
    before, after = text[index - 1 : index], text[index + 1 : index + 2]
    if unicodedata.category(text[index]) == "Sc":
        return before.isalnum() or after.isalnum()
    if text[index] == "'":
        return before.isalnum() and after.isalnum()
    return text[index] in ".,:-" and before.isdigit() and after.isdigit()
