"""Explicit requests ("replace this by that") turned into word edits, or refused with the reason."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from facedit.editing.diff import WordEdit, changes
from facedit.editing.spelling import runs
from facedit.editing.words import key, tokenise
from facedit.errors import BadEdit
from facedit.types import Transcript, Word

_QUALIFIED = re.compile(
    r"(?P<phrase>.*\S)\s*(?:#(?P<number>\d{1,6})|@(?P<time>(?:\d+:){0,2}\d+(?:[.,]\d*)?)\s*s?)"
)
_SUGGESTED = 30
"""Words of the longest phrase for which others like it are looked up."""
_LISTED = 8
"""Occurrences or neighbours that a message lists at most."""


@dataclass(frozen=True, slots=True)
class Replace:
    """Say ``new`` in the place of the phrase ``old``.

    A phrase stands as in the transcript; ``phrase#2`` is its second occurrence, ``phrase@3.1s`` (or
    ``phrase@1:03.1``) the one spoken at that time or nearest to it.
    """

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Cut a phrase, perhaps qualified as in ``Replace``."""

    old: str


@dataclass(frozen=True, slots=True)
class InsertAfter:
    """Say ``text`` after the phrase ``anchor``, perhaps qualified as in ``Replace``."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class InsertBefore:
    """Say ``text`` before the phrase ``anchor``, perhaps qualified as in ``Replace``."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Express:
    """Keep the phrase ``old``, qualified as in ``Replace``, and show expressions while it is said.

    They are written as ``--expression`` has them.
    """

    old: str
    expression: tuple[str, ...]


Request = Replace | Delete | InsertAfter | InsertBefore | Express


def resolve(transcript: Transcript, requests: Sequence[Request]) -> tuple[WordEdit, ...]:
    """Turn requests into edits in order, a kept word or more between them.

    Only words that really change are edited. Requests that touch each other become one edit: an
    insertion after a replaced word is said with it. Insertions at one place are said in the order
    of the requests.

    BadEdit is raised if a phrase does not occur, or occurs several times and is not qualified; if
    two requests overlap; if a request brings no words or changes nothing.
    """
    located = [_locate(transcript, request) for request in requests]
    # Insertions sort before what replaces the word behind them; equal places keep their order.
    order = sorted(
        range(len(located)), key=lambda index: (located[index].old_start, located[index].old_end)
    )
    merged: list[WordEdit] = []
    names: list[Request] = []
    for index in order:
        edit = located[index]
        if merged and edit.old_start < merged[-1].old_end:
            raise BadEdit(
                f"{_name(names[-1])} and {_name(requests[index])} change the same words: "
                "make them one request."
            )
        if merged and edit.old_start == merged[-1].old_end:
            edit = _joined(merged.pop(), edit)
        merged.append(edit)
        names.append(requests[index])
    return tuple(reduced for edit in merged for reduced in _reduce(transcript, edit))


def _joined(first: WordEdit, second: WordEdit) -> WordEdit:
    """Make one edit of two that touch; of expressions only where both show the same."""
    if first.expression != second.expression:
        raise BadEdit(
            "words that stay and show an expression touch others that change: leave a word between "
            "them, or let new words show it by --expression."
        )
    words = first.new_words + second.new_words
    return WordEdit(first.old_start, second.old_end, words, first.expression)


def find(transcript: Transcript, phrase: str) -> tuple[int, int]:
    """Return the first word of the phrase that is meant and the word after its last.

    It may be qualified by ``#2`` or ``@3.1s``; BadEdit if it does not occur, or several times and
    is not qualified.
    """
    places, plain, number, time_s = _places(transcript, phrase)
    words = transcript.words
    if not places:
        raise BadEdit(f"'{plain}' does not occur in the transcript; {_nearest(words, plain)}.")
    if number is not None:
        if not 1 <= number <= len(places):
            raise BadEdit(
                f"'{phrase}': '{plain}' occurs {len(places)} time(s): "
                f"{_listing(words, places, plain)}."
            )
        return places[number - 1]
    if time_s is not None:
        if time_s > transcript.duration_s:
            raise BadEdit(f"'{phrase}': the sound is only {transcript.duration_s:.2f} s long.")
        return min(places, key=lambda place: _distance_s(words, place, time_s))
    if len(places) > 1:
        start_s = words[places[1][0]].start_s
        raise BadEdit(
            f"'{plain}' occurs {len(places)} times: {_listing(words, places, plain)}; say which, "
            f"e.g. '{plain}#2' or '{plain}@{start_s:.2f}s'."
        )
    return places[0]


def _locate(transcript: Transcript, request: Request) -> WordEdit:
    """Turn one request into one edit, not yet reduced to what changes."""
    match request:
        case Replace(old, new):
            start, end = find(transcript, old)
            edit = WordEdit(start, end, _spoken(new, request))
            if not _reduce(transcript, edit):
                raise BadEdit(f"{_name(request)} changes nothing: both are the same words.")
            return edit
        case Delete(old):
            return WordEdit(*find(transcript, old))
        case InsertAfter(anchor, text):
            end = find(transcript, anchor)[1]
            return WordEdit(end, end, _spoken(text, request))
        case InsertBefore(anchor, text):
            start = find(transcript, anchor)[0]
            return WordEdit(start, start, _spoken(text, request))
        case Express(old, expression):
            return expressive(transcript, *find(transcript, old), expression)


def expressive(
    transcript: Transcript, first: int, stop: int, expression: tuple[str, ...]
) -> WordEdit:
    """Keep the words from one to before another, and show expressions there."""
    kept = tuple(word.text for word in transcript.words[first:stop])
    return WordEdit(first, stop, kept, expression)


def _spoken(text: str, request: Request) -> tuple[str, ...]:
    """Return the words of a text that must bring some."""
    words = tokenise(text)
    if not words:
        raise BadEdit(f"{_name(request)} brings no words; to cut words, ask for a deletion.")
    return words


def _reduce(transcript: Transcript, edit: WordEdit) -> tuple[WordEdit, ...]:
    """Take out of an edit the words that stay."""
    if edit.kind == "express":
        return (edit,)
    old = [word.text for word in transcript.words[edit.old_start : edit.old_end]]
    return tuple(
        WordEdit(edit.old_start + part.old_start, edit.old_start + part.old_end, part.new_words)
        for part in changes(old, edit.new_words, transcript.language)
    )


def _places(
    transcript: Transcript, phrase: str
) -> tuple[list[tuple[int, int]], str, int | None, float | None]:
    """Return where a phrase occurs, the phrase without qualifier, and the qualifier."""
    texts, language = [word.text for word in transcript.words], transcript.language
    match = _QUALIFIED.fullmatch(phrase.strip())
    if match is None:
        return runs(texts, tokenise(phrase), language), phrase.strip(), None, None
    plain = match["phrase"]
    number = int(match["number"]) if match["number"] else None
    time_s = _seconds(match["time"]) if match["time"] else None
    return runs(texts, tokenise(plain), language), plain, number, time_s


def _seconds(time: str) -> float:
    """Read a time such as ``3.1``, ``3,1``, ``1:03.1`` or ``1:00:03``."""
    total = 0.0
    for part in time.replace(",", ".").split(":"):
        total = 60.0 * total + float(part)
    return total


def _distance_s(words: Sequence[Word], place: tuple[int, int], time_s: float) -> float:
    """Return how far a time lies from the span in which a run of words is spoken."""
    start_s, end_s = words[place[0]].start_s, words[place[1] - 1].end_s
    return max(start_s - time_s, time_s - end_s, 0.0)


def _listing(words: Sequence[Word], places: Sequence[tuple[int, int]], plain: str) -> str:
    """List occurrences with their numbers and times."""
    listed = [
        f"{plain}#{number} at {words[start].start_s:.2f} s"
        for number, (start, _) in enumerate(places[:_LISTED], 1)
    ]
    return ", ".join(listed) + (", …" if len(places) > _LISTED else "")


def _nearest(words: Sequence[Word], plain: str) -> str:
    """Say which phrases of the transcript look like the one that was not found."""
    size = max(len(tokenise(plain)), 1)
    runs: dict[str, tuple[str, float]] = {}
    for start in range(len(words) - size + 1 if size <= _SUGGESTED else 0):
        run = words[start : start + size]
        text = " ".join(key(word.text) for word in run)
        runs.setdefault(text, (" ".join(word.text for word in run), run[0].start_s))
    wanted = " ".join(key(token) for token in tokenise(plain))
    # Only suggestions: the alignment itself never uses this heuristic.
    close = difflib.get_close_matches(wanted, runs, n=3, cutoff=0.5)
    if close:
        found = (f"'{text}' at {start_s:.2f} s" for text, start_s in map(runs.__getitem__, close))
        return "nearest: " + ", ".join(found)
    text = " ".join(word.text for word in words)
    return f"it reads '{text[:120]}{'…' if len(text) > 120 else ''}'" if text else "it is empty"


def _name(request: Request) -> str:
    """Name a request as the user wrote it."""
    match request:
        case Replace(old, new):
            return f"replace '{old}' by '{new}'"
        case Delete(old):
            return f"delete '{old}'"
        case InsertAfter(anchor, text):
            return f"insert '{text}' after '{anchor}'"
        case InsertBefore(anchor, text):
            return f"insert '{text}' before '{anchor}'"
        case Express(old, expression):
            return f"show {', '.join(expression)} at '{old}'"
