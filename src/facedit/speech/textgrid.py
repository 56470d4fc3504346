"""Words from Praat TextGrids, long and short form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from facedit.errors import BadTranscript
from facedit.types import Word

_WORD_TIERS = ("words", "word", "ort-mau", "ort", "orthography", "transcript", "text")
_SILENCE = frozenset(("", "sil", "sp", "spn", "<eps>", "<p:>", "<sil>", "<s>", "</s>", "#"))

# The long form only adds names ("xmin = 0.1"), which carry nothing: both forms hold the same row of
# strings, numbers and flags.
_VALUE = re.compile(
    r'"((?:[^"]|"")*)"|(?<![\w\[."])([-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?)(?![\w\]".])|(<exists>)'
)


@dataclass(frozen=True, slots=True)
class _Value:
    """A string or number of the file and the line it stands in."""

    value: str | float
    line: int


def parse_textgrid(text: str, name: str) -> list[Word]:
    """Parse the word tier of a TextGrid.

    Args:
        text: The file's text.
        name: The file's name, for messages.

    Returns:
        The labelled intervals of the tier called ``words`` or alike (else of the only interval
        tier), without silences.

    Raises:
        BadTranscript: If the file is malformed (with the line) or has no such tier.
    """
    values = _values(text)
    if len(values) < 2 or [value.value for value in values[:2]] != ["ooTextFile", "TextGrid"]:
        raise BadTranscript(f"{name}, line 1: no TextGrid text file.")
    row = _Row(values[2:], name)
    row.number()
    row.number()  # the whole file's begin and end
    row.skip_flag()
    tiers: dict[str, list[Word]] = {}
    for _ in range(row.count()):
        kind, title = row.string(), row.string()
        row.number()
        row.number()
        if kind == "IntervalTier":
            tiers.setdefault(title, row.intervals())
        elif kind == "TextTier":
            for _ in range(row.count()):
                row.number()
                row.string()
        else:
            raise BadTranscript(f"{name}, line {row.line}: unknown kind of tier “{kind[:30]}”.")
    for wanted in _WORD_TIERS:
        for title, words in tiers.items():
            if title.strip().lower() == wanted:
                return words
    if len(tiers) == 1:
        return next(iter(tiers.values()))
    raise BadTranscript(f"{name}: no tier is called “words”; there are {sorted(tiers) or 'none'}.")


class _Row:
    """Reads the values of a TextGrid one after the other."""

    def __init__(self, values: list[_Value], name: str) -> None:
        self._values = values
        self._name = name
        self._next = 0

    @property
    def line(self) -> int:
        """Line of the value that was read last."""
        return (
            self._values[max(0, min(self._next, len(self._values)) - 1)].line if self._values else 1
        )

    def _take(self, what: str) -> str | float:
        if self._next >= len(self._values):
            raise BadTranscript(f"{self._name}, line {self.line}: ends where {what} was expected.")
        self._next += 1
        return self._values[self._next - 1].value

    def number(self) -> float:
        """Read a number."""
        value = self._take("a number")
        if not isinstance(value, float):
            raise BadTranscript(
                f"{self._name}, line {self.line}: “{value[:30]}” where a number was expected."
            )
        return value

    def string(self) -> str:
        """Read a string."""
        value = self._take("a text")
        if not isinstance(value, str):
            raise BadTranscript(
                f"{self._name}, line {self.line}: {value} where a text was expected."
            )
        return value

    def count(self) -> int:
        """Read how many items follow; there cannot be more than values."""
        value = self.number()
        if not 0 <= value <= len(self._values) or value != int(value):
            raise BadTranscript(f"{self._name}, line {self.line}: {value} is no number of items.")
        return int(value)

    def skip_flag(self) -> None:
        """Pass over the flag that tiers follow."""
        if self._next < len(self._values) and self._values[self._next].value == "<exists>":
            self._next += 1

    def intervals(self) -> list[Word]:
        """Read the intervals of a tier."""
        words = []
        for _ in range(self.count()):
            start, end, label = self.number(), self.number(), self.string().strip()
            if end < start:
                raise BadTranscript(
                    f"{self._name}, line {self.line}: ends at {end} s, before its start {start} s."
                )
            if label.lower() not in _SILENCE:
                words.append(Word(label, start, end))
        return words


def _values(text: str) -> list[_Value]:
    """Find the strings, numbers and flags of a file."""
    values = []
    line, seen = 1, 0
    for match in _VALUE.finditer(text):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        string, number, flag = match.groups()
        if number is not None:
            values.append(_Value(float(number), line))
        else:
            values.append(_Value(flag if flag else string.replace('""', '"'), line))
    return values
