"""Words from and to Praat TextGrids, long and short form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NoReturn, TypeVar

from facedit.errors import BadTranscript
from facedit.speech.text.word_times import NO_SPEECH
from facedit.types import Transcript, Word

_Kind = TypeVar("_Kind", str, float)
SIGN = re.compile(r'(?:File type = )?"ooTextFile')
"""What the text of a TextGrid begins with."""

_WORD_TIERS = ("words", "word", "ort-mau", "ort", "orthography", "transcript", "text")

# The long form only adds names ("xmin = 0.1"), which carry nothing: both forms hold the same row of
# strings, numbers and flags.
_VALUE = re.compile(
    r'"((?:[^"]|"")*)"|(?<![\w\[."])([-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?)(?![\w\]".])'
)


def parse_textgrid(text: str, name: str) -> tuple[list[Word], str]:
    """Parse the word tier of a TextGrid.

    Returns the labelled intervals of the tier called ``words`` or alike (else of the only interval
    tier) without silences and noises, and the language (``en``). Raises BadTranscript if the file
    is malformed (with the line) or has no such tier.
    """
    values = _Values(text, name)
    if not SIGN.match(text.lstrip()) or [values.take(str), values.take(str)][1] != "TextGrid":
        raise BadTranscript(f"{name}, line 1: no TextGrid text file.")
    values.take(float)
    values.take(float)  # the whole file's begin and end
    tiers: dict[str, list[Word]] = {}
    for _ in range(values.count()):
        kind, title = values.take(str), values.take(str).strip().lower()
        values.take(float)
        values.take(float)
        if kind == "IntervalTier":
            tiers.setdefault(title, list(_intervals(values)))
        elif kind == "TextTier":
            for _ in range(values.count()):
                values.take(float)
                values.take(str)
        else:
            values.fail(f"unknown kind of tier {kind[:30]!r}")
    return word_tier(tiers, name), "en"


def word_tier(tiers: Mapping[str, list[Word]], name: str) -> list[Word]:
    """Return the tier called ``words`` or alike, else the only one; BadTranscript if none is it.

    ``tiers``: what lies in each, by names in small letters; ``name``: the file's, for the message.
    """
    named = [tiers[title] for title in _WORD_TIERS if title in tiers]
    if named or len(tiers) == 1:
        return (named or list(tiers.values()))[0]
    raise BadTranscript(f"{name}: no tier is called “words”; there are {sorted(tiers) or 'none'}.")


def format_textgrid(transcript: Transcript) -> str:
    """Write words as a TextGrid of one tier, in the short form, for their times to be corrected."""
    rows, at = [], 0.0
    for word in (*transcript.words, Word("", transcript.duration_s, transcript.duration_s)):
        if word.start_s > at:
            rows.append(f'{at}\n{word.start_s}\n""')
        if word.text:
            label = word.text.replace('"', '""')
            rows.append(f'{word.start_s}\n{word.end_s}\n"{label}"')
        at = word.end_s
    span = f"0\n{transcript.duration_s}"
    head = f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n{span}\n<exists>\n1\n'
    return head + f'"IntervalTier"\n"words"\n{span}\n{len(rows)}\n' + "\n".join([*rows, ""])


def _intervals(values: _Values) -> Iterator[Word]:
    """Read the labelled intervals of a tier."""
    for _ in range(values.count()):
        start, end = values.take(float), values.take(float)
        label = values.take(str).strip()
        if end < start:
            values.fail(f"ends at {end} s, before its start {start} s")
        if not NO_SPEECH.fullmatch(label):
            yield Word(label, start, end)


class _Values:
    """The strings and numbers of a TextGrid, taken one after the other."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._matches = _VALUE.finditer(text)
        self._at = 0

    def fail(self, problem: str) -> NoReturn:
        """Refuse the file, naming the line of the value taken last."""
        line = self._text.count("\n", 0, self._at) + 1
        raise BadTranscript(f"{self._name}, line {line}: {problem}.")

    def take(self, kind: type[_Kind]) -> _Kind:
        """Take the next value, which must be of a kind."""
        what = "a text" if kind is str else "a number"
        match = next(self._matches, None)
        if match is None:
            self.fail(f"ends where {what} was expected")
        self._at = match.start()
        value = match[1].replace('""', '"') if match[2] is None else float(match[2])
        if not isinstance(value, kind):
            self.fail(f"{str(value)[:30]!r} where {what} was expected")
        return value

    def count(self) -> int:
        """Take how many items follow; there cannot be more than letters."""
        value = self.take(float)
        if not 0 <= value <= len(self._text) or value != int(value):
            self.fail(f"{value} is no number of items")
        return int(value)
