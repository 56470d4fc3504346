"""Reads what people bring as hostile input: plain files, bounded sizes, text, JSON, TOML, CSV.

Every refusal is one line that names the file; the caller says which error it is.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import stat
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from facedit.errors import BadMedia, FaceditError, UsageError

MOST_BYTES = 20_000_000
"""Largest text file that is read: a hundred hours of words with times."""

MOST_TABLE_BYTES = 500_000_000
"""Largest CSV table that is read: millions of clips."""

MOST_LETTERS = 1_000_000
"""Longest text that is compared with what is said: some sixteen hours."""

MOST_NEW_LETTERS = 20_000
"""Longest text that is spoken anew at once: some twenty minutes."""

LONGEST_WORD = 300
"""Letters of the longest word that is taken for one."""

MOST_WORDS_PER_S = 20
"""Nobody says more words in a second; the fastest speakers say ten."""

MOST_SEED = 2**63 - 1
"""Largest seed that every generator of random numbers takes."""

_LARGEST_WHOLE = 2**63
_DEEPEST = 50


def check_input(path: Path, kind: str = "video", error: type[FaceditError] = BadMedia) -> int:
    """Return the size in bytes of an input that is a plain file with something in it.

    ``error`` is raised if it is missing, a folder, a pipe or device, unreadable, or empty; ``kind``
    is what it should be, for the message.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise error(f"{path}: no such file.") from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise error(f"{path}: cannot be read ({reason}).") from None
    if stat.S_ISDIR(status.st_mode):
        raise error(f"{path}: is a folder, not a {kind} file.")
    if not stat.S_ISREG(status.st_mode):
        raise error(f"{path}: is a pipe or device; only plain files are opened.")
    if status.st_size == 0:
        raise error(f"{path}: empty file (0 bytes).")
    if not os.access(path, os.R_OK):
        raise error(f"{path}: cannot be read (permission denied).")
    return status.st_size


def read_text(
    path: Path, kind: str, error: type[FaceditError], most_bytes: int = MOST_BYTES
) -> str:
    """Read a text file in UTF-8, or in UTF-16 where it is marked as such, without the mark.

    ``error`` is raised if it is no plain file, too large, or no text.
    """
    check_input(path, kind, error)
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as fault:
        raise error(f"{path}: cannot be read ({fault.strerror}).") from fault
    if len(data) > most_bytes:
        raise error(f"{path}: a {kind} has at most {most_bytes} bytes.")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as fault:
        name = encoding.removesuffix("-sig").upper()
        raise error(
            f"{path}: is no {name} text (byte {fault.start}): save it as UTF-8, e.g. with "
            "'iconv -f cp1252 -t utf-8'."
        ) from fault
    if "\0" in text:
        raise error(f"{path}: is no text (a NUL at letter {text.index(chr(0))}).")
    return text


def read_json(path: Path, kind: str, error: type[FaceditError]) -> Any:
    """Read a JSON file, with the errors of ``read_text`` and ``parse_json``."""
    return parse_json(read_text(path, kind, error), path.name, error)


def parse_json(text: str, name: str, error: type[FaceditError]) -> Any:
    """Parse a JSON document that may be meant to do harm.

    Numbers are finite and whole ones have 64 bits, NaN is None, strings can be written as UTF-8.
    ``error`` is raised if it is no such document (with the place), or an object has two members of
    one name, of which a parser would drop one silently.
    """
    with _refused(name, error):
        try:
            document = json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)
        except json.JSONDecodeError as fault:
            place = f"{name}, line {fault.lineno}, column {fault.colno}"
            raise error(f"{place}: no valid JSON ({fault.msg}).") from fault
        _check_values(document)
    return document


def parse_xml(text: str, name: str, error: type[FaceditError]) -> Element:
    """Parse an XML document that may be meant to do harm: no document type, so no entities.

    ``error`` is raised if it is no such document (with the place).
    """
    parser = XMLParser(target=_PlainTree())
    with _refused(name, error):
        try:
            parser.feed(text)
            root: Element = parser.close()
        except ParseError as fault:
            line, column = fault.position
            place = f"{name}, line {line}, column {column + 1}"
            raise error(f"{place}: no valid XML ({str(fault).partition(':')[0]}).") from fault
    return root


def read_toml(path: Path, kind: str, error: type[FaceditError]) -> dict[str, Any]:
    """Read a TOML file's table, values as ``parse_json`` gives them; ``error`` if it is none."""
    text = read_text(path, kind, error)
    with _refused(str(path), error):
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as fault:
            raise error(f"{path}: cannot be read as TOML ({fault}).") from fault
        _check_values(table)
    return table


def read_csv(path: Path, kind: str, error: type[FaceditError]) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV table with a header: number of the line and cells by column of each row.

    White space at the ends of cells is taken off; a short row lacks columns, cells beyond the
    header are left out. ``error`` is raised if it cannot be read or is no table.
    """
    reader = csv.DictReader(io.StringIO(read_text(path, kind, error, MOST_TABLE_BYTES), newline=""))
    try:
        return [
            (
                reader.line_num,
                {name: cell.strip() for name, cell in row.items() if name and cell is not None},
            )
            for row in reader
        ]
    except csv.Error as fault:
        raise error(f"{path}: is no CSV {kind} ({fault}).") from fault


def check_text(
    text: str, name: str, error: type[FaceditError], most_letters: int = MOST_LETTERS
) -> None:
    """Raise on a text that nobody can mean: endless, a word without end, or no letters at all."""
    if len(text) > most_letters:
        raise error(f"{name}: {len(text)} letters; at most {most_letters} are taken.")
    check_words(text.split(), name, error)


def check_words(words: Sequence[str], name: str, error: type[FaceditError]) -> None:
    """Raise on a word that is longer than ``LONGEST_WORD`` or cannot be written."""
    if (longest := max(map(len, words), default=0)) > LONGEST_WORD:
        raise error(
            f"{name}: a word of {longest} letters; at most {LONGEST_WORD} are taken "
            "(is there no space between the words?)."
        )
    if any("\ud800" <= letter <= "\udfff" for word in words for letter in word):
        raise error(f"{name}: holds bytes that are no UTF-8 text.")


def check_seed(seed: int) -> int:
    """Return a seed; UsageError if it is below 0 or above ``MOST_SEED``."""
    if not 0 <= seed <= MOST_SEED:
        raise UsageError(f"--seed {seed}: choose 0 to {MOST_SEED}.")
    return seed


def check_pace(
    words: Sequence[str], duration_s: float, name: str, error: type[FaceditError]
) -> None:
    """Raise on words that nobody can say in a time: too many or too long."""
    if len(words) > MOST_WORDS_PER_S * max(duration_s, 1.0):
        raise error(
            f"{name}: {len(words)} words in {duration_s:.2f} s; nobody says more than "
            f"{MOST_WORDS_PER_S} in a second."
        )
    check_words(words, name, error)


class _PlainTree(TreeBuilder):
    """Builds a tree of elements; refuses a document type, which declares entities, and depth."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse a document type."""
        raise ValueError("declares a document type (<!DOCTYPE>), which is not read")

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        """Begin an element."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("nested too deeply")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        """End an element."""
        self._depth -= 1
        return super().end(tag)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return members as a dict; of two with one name, json alone would drop the first silently."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in members if names.count(name) > 1)
        raise ValueError(f"'{double[:60]}' stands twice in one object")
    return members


def _constant(name: str) -> None:
    """Take NaN, which Python's json writes for what is missing; no number is infinite."""
    if name != "NaN":
        raise ValueError(f"{name} is no number")


def _check_values(document: object) -> None:
    """Look at every value of a document without recursion; ``ValueError`` if one is no use."""
    todo = [(document, 0)]
    while todo:
        value, depth = todo.pop()
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        match value:
            case dict() as members:
                todo += [(each, depth + 1) for pair in members.items() for each in pair]
            case list() as items:
                todo += [(each, depth + 1) for each in items]
            case str() as text if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
                raise ValueError("a text holds NUL or half a letter (\\u0000, \\ud800 ...)")
            case int() as number if not -_LARGEST_WHOLE <= number < _LARGEST_WHOLE:
                raise ValueError("a whole number is too long (over 64 bits)")
            case float() as number if not math.isfinite(number):
                raise ValueError(f"{number} is too large, or no number")


@contextmanager
def _refused(name: str, error: type[FaceditError]) -> Iterator[None]:
    """Turn what parsers and ``_check_values`` raise into one line."""
    try:
        yield
    except FaceditError:  # some are ValueErrors too
        raise
    except RecursionError as fault:
        raise error(f"{name}: nested too deeply.") from fault
    except ValueError as fault:
        raise error(f"{name}: {_reason(fault)}.") from fault


def _reason(fault: ValueError) -> str:
    """Say what is wrong with a value; Python's own words for endless digits name its settings."""
    return "a number is too long" if "digits" in str(fault) else str(fault)
