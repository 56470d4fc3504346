"""A clip's own subtitles after an edit: at their new times, with the new words where they show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from facedit.editing.captions import edited_text
from facedit.errors import BadTranscript, UsageError
from facedit.inputs import read_text
from facedit.speech.text.subtitle_writer import clock
from facedit.speech.text.subtitles import cue_times

if TYPE_CHECKING:
    from facedit.compose.words.plans import PlannedEdit

SUFFIXES = (".srt", ".vtt")

_TIMES = re.compile(r"^\s*[\d:.,]+\s*-->\s*[\d:.,]+")
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def read_subtitles(path: Path) -> str:
    """Read a file of subtitles, before any work.

    Raises UsageError if its name says that it is none, BadTranscript if it has no cue or cannot be
    read.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path.name}: --subtitles takes {' or '.join(SUFFIXES)} files.")
    text = read_text(path, "file of subtitles", BadTranscript)
    for number, line in enumerate(text.splitlines(), 1):
        if "-->" in line:
            cue_times(line, f"{path.name}, line {number}")
    if "-->" not in text:
        raise BadTranscript(f"{path.name}: has no line of times.")
    return text


def moved_subtitles(text: str, suffix: str, planned: PlannedEdit) -> tuple[str, tuple[str, ...]]:
    """Move cues and exchange their words; all else (styles, notes, places) stays as it is.

    ``text``: of SubRip or WebVTT, as ``suffix`` says. Returns the new text, and where changed words
    were not found in a cue. Cues of which no word is left are gone.
    """
    blocks, missed, number = [], [], 0
    for block in _BLANK.split("\n".join(text.splitlines()).strip("\n")):
        lines = block.split("\n")
        head = next((at for at, line in enumerate(lines) if "-->" in line), None)
        if head is None:
            blocks.append(block)
            continue
        start_s, end_s = cue_times(lines[head], "subtitles")
        plan = planned.plan
        shown = edited_text("\n".join(lines[head + 1 :]), start_s, end_s, plan, planned.transcript)
        from_s = max(plan.output_time(start_s), 0.0)
        to_s = max(plan.output_time(end_s, end=True), from_s)
        if not shown.text.strip() or (end_s > start_s and to_s <= from_s):
            continue
        number += 1
        mark = "," if suffix == ".srt" else "."
        if shown.missed:
            missed.append(f"{from_s:.2f} s")
        times = f"{clock(from_s, mark)} --> {clock(to_s, mark)}"
        names = [str(number)] if suffix == ".srt" else lines[:head]
        blocks.append("\n".join([*names, _TIMES.sub(times, lines[head]), shown.text]))
    notes = [f"subtitles keep their text at {', '.join(missed)}: the changed words are not in it."]
    return "\n\n".join([*blocks, ""]), tuple(notes if missed else ())
