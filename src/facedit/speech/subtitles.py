"""Words from subtitles: SubRip (.srt) and WebVTT (.vtt)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from facedit.editing.words import tokenise
from facedit.errors import BadTranscript
from facedit.speech.word_times import spread
from facedit.types import Word

_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
_CUE = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_TAG = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&lrm;": "", "&rlm;": ""}
_SENTENCE_ENDS = (".", "?", "!", "…")
_CLAUSE_ENDS = (",", ";", ":", "—", "–")
_CLOSING = "\"'”’»)]"
_PAUSE_S = 0.6
# What subtitlers keep to: a cue of two lines, read in a few seconds.
_LINE_LETTERS = 42
_CUE_LINES = 2
_CUE_S = 7.0


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
    """Write words as subtitles: a cue ends with a sentence or at a pause.

    What is longer than two lines or seven seconds is parted where the speaker paused or a clause
    ends, as near to the middle as that allows; so are the lines of a cue.

    Args:
        words: Words in order.
        kind: ``.srt`` or ``.vtt``.

    Returns:
        The file's text.
    """
    stretches: list[list[Word]] = []
    for word in words:
        last = stretches[-1][-1] if stretches else None
        if (
            last is None
            or last.text.rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
            or word.start_s - last.end_s > _PAUSE_S
        ):
            stretches.append([])
        stretches[-1].append(word)
    cues = [cue for stretch in stretches for cue in _cues(stretch)]
    mark = "," if kind == ".srt" else "."
    blocks = ["WEBVTT\n"] if kind == ".vtt" else []
    for number, cue in enumerate(cues, 1):
        times = f"{_clock(cue[0][0].start_s, mark)} --> {_clock(cue[-1][-1].end_s, mark)}"
        text = "\n".join(" ".join(word.text for word in line) for line in cue)
        if kind == ".vtt":
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


def _cues(words: Sequence[Word]) -> list[list[Sequence[Word]]]:
    """Part words into cues, each a list of lines."""
    short = words[-1].end_s - words[0].start_s <= _CUE_S
    if len(words) == 1 or (short and _letters(words) <= _CUE_LINES * _LINE_LETTERS):
        lines = _lines(words)
        if len(lines) <= _CUE_LINES:
            return [lines]
    at = _best_break(words)
    return [*_cues(words[:at]), *_cues(words[at:])]


def _lines(words: Sequence[Word]) -> list[Sequence[Word]]:
    """Part words into lines."""
    if len(words) == 1 or _letters(words) <= _LINE_LETTERS:
        return [words]
    at = _best_break(words)
    return [*_lines(words[:at]), *_lines(words[at:])]


def _letters(words: Sequence[Word]) -> int:
    """Count the letters of words, and the spaces between them."""
    return sum(len(word.text) + 1 for word in words) - 1


def _best_break(words: Sequence[Word]) -> int:
    """Choose where to part words: at a pause or behind a clause, near the middle."""
    ends = list(accumulate(len(word.text) + 1 for word in words))

    def rating(index: int) -> float:
        pause_s = max(words[index].start_s - words[index - 1].end_s, 0.0)
        clause = words[index - 1].text.rstrip(_CLOSING).endswith(_CLAUSE_ENDS)
        off_middle = abs(2 * ends[index - 1] - ends[-1]) / ends[-1]
        return min(pause_s / _PAUSE_S, 1.0) + 0.5 * clause - 2.0 * off_middle

    return max(range(1, len(words)), key=rating)


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
