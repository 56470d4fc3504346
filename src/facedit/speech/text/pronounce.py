"""From written words to ARPAbet phones, by the phonemiser that ships inside hibari.

It spells out numbers and guesses words that no lexicon holds. Its symbols are those of Kokoro
(IPA with single letters for diphthongs); the alignment wants the 39 phones of ARPAbet.
"""

from __future__ import annotations

import copy
import functools
import gzip
import json
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from facedit.editing.spelling import spoken
from facedit.speech.text.word_lists import Lexicon, Weights

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


_REDUCED = {
    "a": "AH|EY", "an": "AH N|AE N", "and": "AH N D|AH N|EH N|N", "are": "ER|AH", "as": "AH Z|EH Z",
    "at": "AH T", "because": "K AH Z|K AO Z", "been": "B IH N|B EH N", "but": "B AH",
    "can": "K AH N|K N", "could": "K AH D", "for": "F ER|F AH", "from": "F R AH M", "had": "AH D",
    "has": "AH Z|HH AH Z|Z", "have": "AH V|HH AH V", "he": "IY", "her": "ER|HH AH", "him": "IH M",
    "his": "IH Z", "i'm": "AH M", "in": "AH N", "is": "Z|S", "it": "AH T",
    "just": "JH IH S T|JH AH S", "me": "M IH", "my": "M AH", "of": "AH V|AH", "or": "ER",
    "our": "AA R|AW R", "she": "SH IH", "should": "SH AH D", "so": "S AH", "than": "DH AH N",
    "that": "DH AH T", "the": "DH AH|DH IY|DH IH", "them": "DH AH M|AH M", "there": "DH ER",
    "they": "DH EH", "to": "T AH|T IH|T UW", "us": "AH S", "was": "W AH Z|W AA Z", "we": "W IH",
    "were": "W ER|W AH", "what": "W AH T|HH W AH T", "will": "W AH L|AH L", "with": "W IH TH",
    "would": "W AH D|AH D", "you": "Y AH|Y IH", "your": "Y ER|Y AO R", "z": "Z EH D",
}  # fmt: skip
"""More ways to say short words, most of them unstressed; separated by bars."""


def pronunciations(token: str) -> tuple[tuple[str, ...], ...]:
    """List the ways to say a written word; a number may be read as several.

    In American and British English, unstressed, and with what is often left out at the end, each
    once; none if nothing in it can be spoken as English.
    """
    found = [phones_of(token), phones_of(token, british=True)]
    if any(letter.isdigit() for letter in token):  # 1984 is not always a year
        found.append(phones_of(" ".join(spoken([token])[0])))
    found += [tuple(way.split()) for way in _REDUCED.get(plain(token), "").split("|")]
    for way in found[:2]:
        if way[-2:] == ("IH", "NG") and len(way) > 3:
            found.append((*way[:-1], "N"))
        elif len(way) > 3 and way[-1] in ("T", "D") and way[-2] not in VOWELS:
            found.append(way[:-1])
    return tuple(dict.fromkeys(way for way in found if way))


def plain(token: str) -> str:
    """Strip a token to what a dictionary lists: lower case, no punctuation at the ends."""
    bare = token.lower().replace("\u2019", "'")
    return bare.strip("".join(c for c in set(bare) if not c.isalnum() and c != "'"))


@functools.lru_cache(maxsize=4096)  # an edit asks for the words around it again and again
def phones_of(text: str, british: bool = False) -> tuple[str, ...]:
    """Pronounce written words, numbers and abbreviations as ARPAbet phones without stress.

    Empty if nothing in it can be spoken as English.
    """
    phones: list[str] = []
    for symbol in "".join(phonemes(text, british)):
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
    """Phonemise text in the alphabet of hibari and Kokoro, a string per sentence.

    Sentences longer than the voices take are cut.
    """
    from hibari import Hibari

    sentences = Hibari.phonemize(_reader(british), text)
    return [piece for sentence in sentences for piece in wrapped(sentence)]


def wrapped(sentence: str) -> list[str]:
    """Cut phonemes between words into what the voices take at once."""
    return textwrap.wrap(sentence, MOST_PHONEMES, break_on_hyphens=False)


def syllables(text: str) -> int:
    """Count the vowels of written words as pronounced, at least 1 if there is a letter or digit."""
    count = sum(phone in VOWELS for phone in phones_of(text))
    return max(count, int(any(letter.isalnum() for letter in text)))


@functools.lru_cache(maxsize=2)
def _reader(british: bool) -> Any:
    """Load what hibari reads with, of one variety of English; its voice is not loaded."""
    from hibari import Hibari
    from hibari.g2p import G2P, Tagger, Tokenizer, _load_json, lexicon

    # What cuts and tags words is the same in both.
    g2p = copy.copy(_reader(False).g2p) if british else G2P.__new__(G2P)
    kinds = (f"lexicon_{'gb' if british else 'us'}_{kind}.json.gz" for kind in ("gold", "silver"))
    g2p.lexicon = lexicon.Lexicon(*(Lexicon(_asset(name)) for name in kinds), british)
    g2p.british, g2p._oov, g2p.unk = british, None, ""
    if not british:
        g2p.tokenizer = Tokenizer(_load_json("tokenizer_exceptions.json"))
        lists, _, weights = _asset("tagger.json.gz").partition(b',"weights":')
        g2p.tagger = Tagger(json.loads(lists + b"}") | {"weights": Weights(weights[:-1])})
    return SimpleNamespace(g2p=g2p, split_sentences=Hibari.split_sentences)


def _asset(name: str) -> bytes:
    """Unpack one of hibari's files."""
    from hibari.g2p import ASSETS

    return gzip.decompress(Path(ASSETS, name).read_bytes())


@functools.lru_cache(maxsize=1)
def hibari() -> Any:
    """Return hibari's voice, loaded once."""
    from hibari import Hibari

    return Hibari(g2p=_reader(False).g2p)
