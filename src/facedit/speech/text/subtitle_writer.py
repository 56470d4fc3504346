"""Words to subtitles, SubRip (.srt) and WebVTT (.vtt): a cue ends with a sentence or at a pause.

What is longer than two lines or seven seconds is parted where the speaker paused or a clause ends,
as near to the middle as that allows; so are the lines of a cue.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from facedit.types import Transcript, Word

_SENTENCE_ENDS = (".", "?", "!", "…")
_CLAUSE_ENDS = (",", ";", ":", "—", "–")
_CLOSING = "\"'”’»)]"
_PAUSE_S = 0.6
# What subtitlers keep to: a cue of two lines, read in a few seconds.
_LINE_LETTERS = 42
_CUE_LINES = 2
_CUE_S = 7.0


def format_srt(transcript: Transcript) -> str:
    """Write a transcript as SubRip; returns the file's text."""
    return "\n".join(_blocks(transcript.words, ","))


def format_vtt(transcript: Transcript) -> str:
    """Write a transcript as WebVTT; returns the file's text."""
    words = [replace(word, text=html.escape(word.text, quote=False)) for word in transcript.words]
    return "\n".join(["WEBVTT\n", *_blocks(words, ".")])


def _blocks(words: Sequence[Word], mark: str) -> Iterator[str]:
    """Write the cues, numbered."""
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
    cues = [cue for stretch in stretches for cue in _parted(stretch)]
    for number, cue in enumerate(cues, 1):
        times = f"{clock(cue[0][0].start_s, mark)} --> {clock(cue[-1][-1].end_s, mark)}"
        text = "\n".join(" ".join(word.text for word in line) for line in cue)
        yield f"{number}\n{times}\n{text}\n"


def _parted(words: Sequence[Word]) -> list[list[Sequence[Word]]]:
    """Part words into cues, each a list of lines."""
    short = words[-1].end_s - words[0].start_s <= _CUE_S
    if len(words) == 1 or (short and _letters(words) <= _CUE_LINES * _LINE_LETTERS):
        lines = _lines(words)
        if len(lines) <= _CUE_LINES:
            return [lines]
    at = _best_break(words)
    return [*_parted(words[:at]), *_parted(words[at:])]


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


def clock(time_s: float, mark: str) -> str:
    """Write a time as hours, minutes, seconds and milliseconds."""
    minutes, milliseconds = divmod(round(1000 * time_s), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{mark}{milliseconds % 1000:03}"
