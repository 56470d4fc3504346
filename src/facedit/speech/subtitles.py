"""Words from subtitles: SubRip (.srt) and WebVTT (.vtt)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facedit.editing.words import tokenise
from facedit.errors import BadTranscript
from facedit.speech.timing import spread
from facedit.types import Word

_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
_CUE = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_TAG = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&lrm;": "", "&rlm;": ""}
_SENTENCE_ENDS = (".", "?", "!", "…")
_PAUSE_S = 0.6
_LONGEST_CUE = 42  # letters that one line of a subtitle usually holds


def parse_cues(text: str, name: str) -> list[Word]:
    """Parse subtitles; each cue's words share its stretch of time.

    Args:
        text: The file's text.
        name: The file's name, for messages.

    Returns:
        Words with guessed times.

    Raises:
        BadTranscript: If there is no cue, or a time is malformed (with the line).
    """
    words: list[Word] = []
    cue: tuple[float, float] | None = None
    said: list[str] = []
    cues = 0
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if "-->" in line:
            start, end = _times(line, f"{name}, line {number}")
            if (
                cue is not None
            ):  # no blank line between cues: the last line was the new one's number
                words += spread(_spoken(said[:-1]), *cue)
            cue, said = (start, end), []
            cues += 1
        elif not line.strip():
            if cue is not None:
                words += spread(_spoken(said), *cue)
            cue, said = None, []
        elif cue is not None:
            said.append(line)
    if not cues:
        raise BadTranscript(f"{name}: has no line of times such as 00:00:01,000 --> 00:00:02,500.")
    return words


def format_cues(words: Sequence[Word], kind: str) -> str:
    """Write words as subtitles: a cue ends with a sentence, at a pause, or when it gets long.

    Args:
        words: Words in order.
        kind: ``.srt`` or ``.vtt``.

    Returns:
        The file's text.
    """
    cues: list[list[Word]] = []
    for word in words:
        last = cues[-1][-1] if cues else None
        if (
            last is None
            or last.text.endswith(_SENTENCE_ENDS)
            or word.start_s - last.end_s > _PAUSE_S
            or len(" ".join(said.text for said in cues[-1])) + len(word.text) >= _LONGEST_CUE
        ):
            cues.append([])
        cues[-1].append(word)
    mark = "," if kind == ".srt" else "."
    blocks = ["WEBVTT\n"] if kind == ".vtt" else []
    for number, cue in enumerate(cues, 1):
        times = f"{_clock(cue[0].start_s, mark)} --> {_clock(cue[-1].end_s, mark)}"
        text = " ".join(word.text for word in cue)
        if kind == ".vtt":
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


def _clock(time_s: float, mark: str) -> str:
    """Write a time as hours, minutes, seconds and milliseconds."""
    minutes, milliseconds = divmod(round(1000 * time_s), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{mark}{milliseconds % 1000:03}"


def _spoken(lines: list[str]) -> tuple[str, ...]:
    """Take the mark-up out of a cue's lines."""
    text = _TAG.sub("", " ".join(lines))
    for entity, letter in _ENTITIES.items():
        text = text.replace(entity, letter)
    return tokenise(text)


def _times(line: str, place: str) -> tuple[float, float]:
    """Parse a line of times."""
    match = _CUE.match(line)
    if match is None:
        raise BadTranscript(f"{place}: “{line.strip()[:60]}” is no pair of times.")
    groups = match.groups()
    start, end = (
        int(hours or 0) * 3600
        + int(minutes) * 60
        + int(seconds)
        + int(fraction.ljust(3, "0")) / 1e3
        for hours, minutes, seconds, fraction in (groups[:4], groups[4:])
    )
    if end < start:
        raise BadTranscript(f"{place}: ends at {end} s, before its start {start} s.")
    return start, end
