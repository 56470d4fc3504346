"""From written words to ARPAbet phones, by the phonemiser that ships inside hibari.

It spells out numbers and guesses words that no lexicon holds. Its symbols are those of Kokoro
(IPA with single letters for diphthongs); PocketSphinx wants the 39 phones of CMUdict.
"""

from __future__ import annotations

import functools
import textwrap
from typing import Any

_ARPABET = {
    "A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY",
    "a": "AE", "æ": "AE", "ɐ": "AH", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "ə": "AH", "ᵊ": "AH",
    "ʌ": "AH", "e": "EH", "ɛ": "EH", "ɜ": "ER", "ɚ": "ER", "i": "IY", "ɪ": "IH", "ᵻ": "IH",
    "ɨ": "IH", "o": "AO", "u": "UW", "ʊ": "UH",
    "b": "B", "d": "D", "f": "F", "ɡ": "G", "g": "G", "h": "HH", "j": "Y", "k": "K", "x": "K",
    "l": "L", "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "s": "S", "ʃ": "SH",
    "t": "T", "T": "T", "ɾ": "T", "ʔ": "T", "θ": "TH", "ð": "DH", "v": "V", "w": "W", "z": "Z",
    "ʒ": "ZH", "ʤ": "JH", "ʧ": "CH",
}  # fmt: skip

VOWELS = frozenset(
    ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
)
"""ARPAbet phones that carry a syllable."""


def phones_of(text: str) -> tuple[str, ...]:
    """Pronounce a piece of text.

    Args:
        text: One or more written words; numbers and abbreviations are read out.

    Returns:
        ARPAbet phones without stress; empty if nothing in it can be spoken as English.
    """
    phones: list[str] = []
    for symbol in "".join(phonemes(text)):
        phone = _ARPABET.get(symbol)
        if phone == "R" and phones and phones[-1] in ("ER", "AH") and symbol != "r":
            # "əɹ" and "ɜɹ" are one r-coloured vowel in ARPAbet.
            phones[-1] = "ER"
        elif phone:
            phones.append(phone)
    return tuple(phones)


MOST_PHONEMES = 500
"""Phonemes that a voice speaks at once; their encoders have room for 512 with the pauses."""


def phonemes(text: str, british: bool = False) -> list[str]:
    """Phonemise text in the alphabet of hibari and Kokoro.

    Args:
        text: The text.
        british: British instead of American pronunciation.

    Returns:
        A string of phonemes per sentence; longer ones than the voices take are cut.
    """
    return [
        piece
        for sentence in _phonemiser(british).phonemize(text)
        for piece in textwrap.wrap(sentence, MOST_PHONEMES, break_on_hyphens=False)
    ]


def syllables(text: str) -> int:
    """Count the syllables of a piece of text.

    Args:
        text: Written words.

    Returns:
        Vowels in its pronunciation, at least 1 for a text with a letter or digit.
    """
    count = sum(phone in VOWELS for phone in phones_of(text))
    return max(count, int(any(letter.isalnum() for letter in text)))


@functools.lru_cache(maxsize=2)
def _phonemiser(british: bool) -> Any:
    """Load hibari with the lexicon of one variety of English."""
    from hibari import Hibari
    from hibari.g2p import G2P

    return Hibari(g2p=G2P(british=british))


def hibari() -> Any:
    """Return hibari's voice, loaded once (it brings the phonemiser along)."""
    return _phonemiser(False)
