"""Edits written by hand, from a table.

Columns: ``file`` (the clip, as in the manifest), ``change`` (``replace``, ``delete``, ``insert
after``, ``insert before`` or ``say``), ``words`` (those that go, or those the new ones stand
beside, as on the command line: ``very#2``, ``very@3.1s``), ``new`` (the new words; for ``say`` the
whole new sentence), and, if wanted, ``speech``: a recording of the new words, relative to the
clips' folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedit.bench.items import SoundRecipe
from facedit.bench.make_items.build_clip import BuildClip
from facedit.bench.make_items.build_options import LeftOut
from facedit.bench.make_items.candidates import EditCandidate, spoken_by
from facedit.dataset.clip_tables import read_table
from facedit.editing.diff import WordEdit, diff
from facedit.editing.requests import find
from facedit.editing.words import tokenise
from facedit.errors import FaceditError, UsageError
from facedit.types import Transcript
from facedit.weights.fetch import sha256_of

COLUMNS = ("file", "change", "words", "new")
CHANGES = ("replace", "delete", "insert after", "insert before", "say")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table of edits.

    Attributes:
        where: Table and line, for messages.
        change: One of ``CHANGES``.
        words: The words that go, or that the new ones stand beside.
        speech: A recording of them, or nothing.
    """

    where: str
    file: str
    change: str
    words: str
    new: str
    speech: str = ""


def read_list(table: Path | None, known: set[str]) -> list[Line]:
    """Read a table of edits; ``UsageError`` if a line is malformed or its clip is not ``known``."""
    lines = []
    for number, row in read_table(table, COLUMNS) if table is not None else ():
        where = f"{table.name if table else ''}, line {number}"
        file, change, words, new = (row[name] for name in COLUMNS)
        if change not in CHANGES:
            raise UsageError(f"{where}: {change!r} is none of {', '.join(CHANGES)}.")
        if file not in known:
            raise UsageError(f"{where}: there is no clip {file!r}.")
        lines.append(Line(where, file, change, words, new, row.get("speech", "")))
    return lines


def listed_candidates(
    lines: list[Line], clips: list[BuildClip], root: Path, voice: str
) -> tuple[list[EditCandidate], list[LeftOut]]:
    """Find the edits of a table in the clips, in its order, and those left out."""
    by_file = {clip.facts.file: clip for clip in clips}
    candidates: list[EditCandidate] = []
    left: list[LeftOut] = []
    for line in lines:
        clip = by_file.get(line.file)
        if clip is None:
            left.append(LeftOut(line.where, f"its clip {line.file} is left out"))
            continue
        try:
            edit = _edit(clip.facts.transcript, line.change, line.words, line.new)
            sound = _sound(edit, line.speech, root, voice)
        except (FaceditError, ValueError) as error:
            left.append(LeftOut(line.where, f"{line.file}: {error}"))
            continue
        candidates.append(EditCandidate(clip, edit, "list", sound))
    return candidates, left


def _edit(transcript: Transcript, change: str, words: str, new: str) -> WordEdit:
    """Find the one edit that a line asks for."""
    if change == "say":
        edits = diff(transcript.words, new)
        if len(edits) != 1:
            raise UsageError(f"“{new[:40]}” makes {len(edits)} edits; an item holds one")
        return edits[0]
    start, end = find(transcript, words)
    spoken = () if change == "delete" else tokenise(new)
    if change == "insert after":
        start = end
    elif change == "insert before":
        end = start
    if change != "delete" and not spoken:
        raise UsageError("there are no new words")
    return WordEdit(start, end, spoken)


def _sound(edit: WordEdit, speech: str, root: Path, voice: str) -> SoundRecipe:
    if not edit.new_words or not speech:
        return spoken_by(voice, edit)
    file = root / speech
    if not file.is_file():
        raise UsageError(f"the recording {speech} is not in the clips' folder")
    return SoundRecipe("recording", file=Path(speech).as_posix(), sha256=sha256_of(file))
