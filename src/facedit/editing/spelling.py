"""One word in several spellings: what is spoken where a text says 20, twenty, $20 or 5 %.

English numbers and signs are spelled out; in other languages digits compare as digits. Scripts
without spaces are cut at every letter, since two tools never cut them alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate, chain

from facedit.editing.words import key

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_MONEY = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "₹": "rupees"}
_SAID = {
    "&": ("and",), "%": ("per", "cent"), "percent": ("per", "cent"), "ok": ("okay",),
    "+": ("plus",), "=": ("equals",), "@": ("at",),
}  # fmt: skip
_NUMBER_WORDS = frozenset((*_SMALL, *_TENS, *(word for _, word in _SCALES)))
_HYPHENS = re.compile("[-‐‑‒–]")
_AMOUNT = re.compile(
    rf"(?P<before>[{''.join(_MONEY)}]?)"
    r"(?P<whole>\d{1,3}(?:,\d{3}){1,3}|0|[1-9]\d{0,11})(?:\.(?P<decimals>\d{1,9}))?"
    rf"(?P<ordinal>st|nd|rd|th)?(?P<after>[%{''.join(_MONEY)}]?)",
    re.ASCII,
)
# Thai, Lao, Tibetan, Burmese, Khmer, kana, Han.
_UNSPACED = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)


def spoken(
    tokens: Sequence[str], language: str = "en", *, years: bool = False
) -> list[tuple[str, ...]]:
    """Return what is spoken of every token, in units that are the same in every spelling.

    ``language``: their language, an ISO 639-1 code; ``years``: read 1984 as *nineteen eighty four*,
    not as a quantity. Returns the units of each token; none of a token that is not spoken.
    """
    english = language == "en"
    units: list[tuple[str, ...]] = []
    waiting = ""  # what "$" in "$2 million" says behind the scale
    for index, token in enumerate(tokens):
        found, sign = _units(token, english, years)
        if waiting:
            found, waiting = (*found, waiting), ""
        following = key(tokens[index + 1]) if index + 1 < len(tokens) else ""
        if sign and english and following in [word for _, word in _SCALES]:
            waiting = _MONEY[sign]
        elif sign:
            money = _MONEY[sign] if english else sign
            found = (*found, money.removesuffix("s") if found == ("one",) else money)
        units.append(found)
    return units


def keys(tokens: Sequence[str], language: str = "en") -> list[str]:
    """Return a key per token: joined, those of texts that are spoken alike are alike."""
    return ["".join(units) for units in spoken(tokens, language)]


def runs(
    words: Sequence[str], phrase: Sequence[str], language: str = "en"
) -> list[tuple[int, int]]:
    """Find a phrase in whatever spelling, without regard to hyphens.

    Returns first word and word after the last of every place; only those of the same words
    (*nowhere*) where there are such, else also those that read alike (*now here*).
    """
    tokens, said = keys(phrase, language), keys(words, language)
    wanted, joined = "".join(tokens), "".join(said)
    offsets = [0, *accumulate(map(len, said))]
    ends: dict[int, int] = {}
    for end, offset in enumerate(offsets):
        ends.setdefault(offset, end)
    places = [
        (start, ends[offsets[start] + len(wanted)])
        for start, first in enumerate(said)
        if first
        and wanted
        and joined.startswith(wanted, offsets[start])
        and offsets[start] + len(wanted) in ends
    ]
    return [
        place for place in places if list(filter(None, said[slice(*place)])) == tokens
    ] or places


def same(old: Sequence[str], new: Sequence[str], language: str = "en") -> bool:
    """Tell whether two runs of words are one in two spellings.

    Hyphens don't count (*well-known*, *well known*); where one run has digits, neither does the
    "and" of *two hundred and five*, and 1984 is a year or a quantity.
    """
    letters = "".join((*old, *new))
    hyphens = _HYPHENS.search(letters)
    digits = language == "en" and any(map(str.isdigit, letters))
    for years in (False, True):
        ours, theirs = (
            list(chain.from_iterable(spoken(run, language, years=years))) for run in (old, new)
        )
        if ours == theirs or (hyphens and "".join(ours) == "".join(theirs)):
            return True
        if digits and _without_and(ours) == _without_and(theirs):
            return True
    return False


def _without_and(units: Sequence[str]) -> list[str]:
    return [unit for unit in units if unit != "and"]


def pieces(token: str) -> list[str]:
    """Cut a token of a script without spaces into its letters; others are returned whole."""
    found: list[str] = []
    apart = False  # whether the letter before stands by itself
    for character in unicodedata.normalize("NFC", token):
        letter = _UNSPACED.match(character) and unicodedata.category(character)[0] in "LN"
        if not found or letter or (apart and character.isalnum()):
            apart = bool(letter)
            found.append(character)
        else:
            found[-1] += character
    return found if len(found) > 1 else [token]


def _units(token: str, english: bool, years: bool) -> tuple[tuple[str, ...], str]:
    """Return what is spoken of a token, without its sign of money, and that sign."""
    if len(letters := pieces(token)) > 1:
        said = spoken(letters, "en" if english else "", years=years)
        return tuple(unit for units in said for unit in units), ""
    text = key(token)
    if amount := _AMOUNT.fullmatch(text):
        units = _number(amount, years) if english else (text.strip("%" + "".join(_MONEY)),)
        sign = amount["before"] or amount["after"]
        if sign == "%":
            return (*units, *(_SAID["%"] if english else "%")), ""
        return units, sign
    if "&" in text and text != "&":
        parts = [part for part in re.split("(&)", text) if part]
        return tuple(unit for part in parts for unit in _units(part, english, years)[0]), ""
    return _plain_units(token, text, english), ""


def _plain_units(token: str, text: str, english: bool) -> tuple[str, ...]:
    """Return what is spoken of a token without digits: words, or numbers joined by hyphens."""
    parts = [key(part) for part in _HYPHENS.split(token)]
    if english and len(parts) > 1 and set(parts[:-1]) <= _NUMBER_WORDS and parts[-1]:
        return tuple(parts)
    plain = (text,) if text else ()
    return _SAID.get(text, plain) if english else plain


def _number(amount: re.Match[str], years: bool) -> tuple[str, ...]:
    """Spell a number out."""
    whole = int(amount["whole"].replace(",", ""))
    plain = not amount["decimals"] and not amount["before"] and not amount["after"]
    if years and plain and amount["whole"].isdigit() and 1100 <= whole < 2100:
        century, year = divmod(whole, 100)
        last = ["hundred"] if not year else (["oh"] if year < 10 else []) + _cardinal(year)
        words = _cardinal(century) + last
    else:
        words = _cardinal(whole)
    if amount["decimals"]:
        words += ["point", *(_SMALL[int(digit)] for digit in amount["decimals"])]
    if amount["ordinal"]:
        last_word = words[-1]
        ending = last_word[:-1] + "ieth" if last_word.endswith("y") else last_word + "th"
        words[-1] = _ORDINALS.get(last_word, ending)
    return tuple(words)


def _cardinal(number: int) -> list[str]:
    """Spell a quantity out."""
    if number < 20:
        return [_SMALL[number]]
    for size, name in _SCALES:
        if number >= size:
            count, rest = divmod(number, size)
            return [*_cardinal(count), name, *(_cardinal(rest) if rest else [])]
    tens, rest = divmod(number, 10)
    return [_TENS[tens - 2], *([_SMALL[rest]] if rest else [])]
