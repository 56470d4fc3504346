"""The text of subtitles after an edit: old words give way to new ones where a cue shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from facedit.editing.diff import WordEdit
from facedit.editing.plan import EditPlan
from facedit.editing.spelling import runs
from facedit.editing.words import key
from facedit.types import Transcript, Word

_MARKUP = re.compile(r"<[^>]*>|\{[^}]*\}|\\[Nnh]|&nbsp;")
_TOKEN = re.compile(r"\S+")
_TAIL = re.compile(r"[^\w]*$")


@dataclass(frozen=True, slots=True)
class EditedText:
    """The text of a cue.

    Attributes:
        text: With the new words; empty if no word is left.
        missed: Whether words changed under the cue that were not found in it.
    """

    text: str
    missed: bool = False


def edited_text(
    text: str, start_s: float, end_s: float, plan: EditPlan, transcript: Transcript
) -> EditedText:
    """Exchange the words of a cue as the edits do.

    ``text``: what it shows, with markup of SRT, WebVTT or ASS. Returns the new text: markup,
    capitals and punctuation stay.
    """
    missed = False
    shown = [word for word in transcript.words if _in(word, start_s, end_s)]
    # From the last edit on, so that places found in the text stay true.
    for edit in reversed(plan.edits):
        if edit.kind == "express":
            continue
        change = _inserted if edit.old_start == edit.old_end else _replaced
        changed = change(text, edit, transcript, shown)
        missed |= changed is None
        text = text if changed is None else changed
    empty = not any(key(token) for token in _masked(text).split())
    return EditedText("" if empty else text, missed)


def _replaced(
    text: str, edit: WordEdit, transcript: Transcript, shown: Sequence[Word]
) -> str | None:
    """Exchange those of an edit's old words that are shown; None if the text has them not."""
    old = [word for word in transcript.words[edit.old_start : edit.old_end] if word in shown]
    if not old:
        return text
    found = [word.text for word in old]
    place = _find(text, found, _share(old[0], shown), transcript.language)
    first = transcript.words[edit.old_start] is old[0]
    return None if place is None else _exchanged(text, *place, edit.text if first else "")


def _inserted(
    text: str, edit: WordEdit, transcript: Transcript, shown: Sequence[Word]
) -> str | None:
    """Put new words behind the word before them, in front of the first word of all.

    None if the text of the cue that shows that word has it not: one cue shows them, not two.
    """
    at = edit.old_start
    if not shown or (near := transcript.words[max(at - 1, 0)]) not in shown:
        return text
    place = _find(text, [near.text], _share(near, shown), transcript.language)
    if place is None:
        return None
    start, end = place
    if at:
        return f"{text[:end]} {edit.text}{text[end:]}"
    return f"{text[:start]}{edit.text} {text[start:]}"


def _in(word: Word, start_s: float, end_s: float) -> bool:
    """Tell whether a cue is shown while a word is spoken."""
    middle_s = (word.start_s + word.end_s) / 2
    return start_s <= middle_s < end_s


def _share(word: Word, shown: Sequence[Word]) -> float:
    """Tell how far into a cue's words a word is."""
    return next(at for at, one in enumerate(shown) if one is word) / len(shown)


def _masked(text: str) -> str:
    """Blank markup out, so that what is left stays in its place."""
    return _MARKUP.sub(lambda found: " " * len(found[0]), text)


def _find(text: str, words: Sequence[str], share: float, language: str) -> tuple[int, int] | None:
    """Find consecutive words in a text: of several places the one nearest to a share of it."""
    tokens = [token for token in _TOKEN.finditer(_masked(text)) if key(token[0])]
    places = runs([token[0] for token in tokens], words, language)
    if not places:
        return None
    first, end = min(places, key=lambda place: abs(place[0] / len(tokens) - share))
    return tokens[first].start(), tokens[end - 1].end()


def _exchanged(text: str, start: int, end: int, new: str) -> str:
    """Put new words in the place of old ones, with their capitals and the marks behind them."""
    old = text[start:end]
    if not new:
        return (text[:start].rstrip(" ") + text[end:]).lstrip(" ")
    bare = old.strip("\"'([{¿¡“‘«- ")
    head = old[: len(old) - len(old.lstrip("\"'([{¿¡“‘«-"))]
    tail = _TAIL.search(old)
    if bare.isupper() and len(bare) > 1:
        new = new.upper()
    elif bare[:1].isupper():
        new = new[:1].upper() + new[1:]
    return (
        text[:start]
        + head
        + new
        + (tail[0] if tail and not _TAIL.fullmatch(new) else "")
        + text[end:]
    )
