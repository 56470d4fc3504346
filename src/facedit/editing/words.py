"""Written words: cutting text into words, and the key under which two spellings are one word."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ＇`´"), "'")
# Categories P* are dropped from keys, but these are spoken.
_SPOKEN_PUNCTUATION = frozenset("%&@#")
_TATWEEL = "\u0640"
# "well—actually" and "wait...what" are two words each, though no space says so.
_UNSPACED_BREAK = re.compile(r"(?<=\w)(—|―|…|\.{2,})(?=\w)")


def key(text: str) -> str:
    """Return what is compared when two words are compared.

    Case, punctuation, hyphens, white space and invisible marks don't count; letters of every
    script, their accents and vowel signs, digits, signs that are spoken (``%``, ``&``, ``+``,
    ``$``), and apostrophes inside a word (*we're* is not *were*) do.

    Args:
        text: A word as written.

    Returns:
        The key; empty for text that holds nothing spoken.
    """
    # Compatibility forms too: Arabic presentation forms and full-width letters are the same words.
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    text = unicodedata.normalize("NFC", text)
    kept = [
        character
        for index, character in enumerate(text)
        if _is_spoken(character) or _is_inside(text, index)
    ]
    return "".join(kept)


def tokenise(text: str) -> tuple[str, ...]:
    """Cut text into words as written, punctuation left on them.

    A sign that stands alone between spaces (a dash, say) goes with the word before it, at the
    start with the word after it, so that every word can be spoken.

    Args:
        text: Any text.

    Returns:
        The words in order; none if nothing in the text is spoken.
    """
    words: list[str] = []
    lead = ""
    for token in _UNSPACED_BREAK.sub(r"\1 ", text).split():
        if key(token):
            words.append(f"{lead} {token}" if lead else token)
            lead = ""
        elif words:
            words[-1] = f"{words[-1]} {token}"
        else:
            lead = f"{lead} {token}".strip()
    return tuple(words)


def _is_spoken(character: str) -> bool:
    """Tell whether a character counts wherever it stands."""
    if character in _SPOKEN_PUNCTUATION:
        return True
    return character != _TATWEEL and unicodedata.category(character)[0] in "LMNS"


def _is_inside(text: str, index: int) -> bool:
    """Tell whether a sign joins its neighbours: an apostrophe in a word, a point in a number."""
    if not 0 < index < len(text) - 1:
        return False
    before, after = text[index - 1], text[index + 1]
    if text[index] == "'":
        return before.isalnum() and after.isalnum()
    return text[index] in ".,:" and before.isdigit() and after.isdigit()
