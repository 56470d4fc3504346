"""Words from subtitles: SubRip, WebVTT, SubViewer, SubStation Alpha and lyrics."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, takewhile

from facedit.editing.words import tokenise
from facedit.errors import BadTranscript
from facedit.speech.text.speaker_labels import without_labels
from facedit.speech.text.word_times import GUESSED
from facedit.types import Word

_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
_HEAD = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_MOST_ROLLED = 4
_SBV_HEAD = re.compile(rf"^({_TIME}),({_TIME})[ \t]*$", re.MULTILINE)
_ASS_LINE = re.compile(rf"^Dialogue:[^,]*, *{_TIME}, *{_TIME},(?:[^,]*,){{6}}(.*)$", re.MULTILINE)
_ASS_TAG = re.compile(r"\{[^{}]*\}")
_INLINE = re.compile(rf"<{_TIME}>")
_LRC_TIME = re.compile(r"[ \t]*\[(\d{1,4}):([0-5]?\d)(?:[.:](\d{1,3}))?\]")
_LRC_TAG = re.compile(r"\s*\[(\w+):(.*)\]\s*$")
_VTT_LANGUAGE = re.compile(r"^Language:\s*([a-z]{2,3})\b", re.MULTILINE)
_TAG = re.compile(r"<rt>[^<>]*</rt>|<[^<>]*>|\{\\[^{}]*\}")
# Captions for the hard of hearing name sounds in brackets and speakers in capitals.
_SOUND = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
_SPEAKER = re.compile(r"^[ \t]*(?:-|>>+)?[ \t]*[A-Z][A-Z0-9 .'’-]+:(?=.*[a-z])", re.MULTILINE)
_MARKED = re.compile(r"<(font|[cubi])\b[^<>]*>([^<>]*)</\1>")


@dataclass(frozen=True, slots=True)
class _Cue:
    """Lines with their mark-up and when they are shown."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]

    @property
    def plain(self) -> tuple[str, ...]:
        """The lines that show something, without mark-up."""
        return tuple(text for line in self.lines if (text := _TAG.sub("", line).strip()))


def parse_srt(text: str, name: str) -> tuple[list[Word], str]:
    """Parse SubRip.

    Returns a phrase for each cue (its words where they have times of their own: karaoke), and the
    language (``en``); ``BadTranscript`` if there is no cue, or a time is malformed (with the line).
    """
    return _spoken(_cues(text, name, _srt_body)), "en"


def parse_vtt(text: str, name: str) -> tuple[list[Word], str]:
    """Parse WebVTT.

    Returns as ``parse_srt``; the language is the header's.
    """
    language = _VTT_LANGUAGE.search(text.split("-->", 1)[0])
    cues = _cues(text, name, lambda lines, last: list(takewhile(bool, lines)))
    return _spoken(cues), language[1] if language else "en"


def parse_sbv(text: str, name: str) -> tuple[list[Word], str]:
    """Parse SubViewer as YouTube writes it; returns and raises as ``parse_srt``."""
    return parse_srt(_SBV_HEAD.sub(lambda head: f"{head[1]} --> {head[6]}", text), name)


def parse_ass(text: str, name: str) -> tuple[list[Word], str]:
    """Parse (Advanced) SubStation Alpha; returns and raises as ``parse_srt``."""
    cues = []
    for found in _ASS_LINE.finditer(text):
        start, end = _seconds(*found.groups()[:4]), _seconds(*found.groups()[4:8])
        shown = re.split(r"\\[Nn]", _ASS_TAG.sub("", found[9]))
        cues.append(_Cue(start, max(start, end), tuple(shown)))
    if not cues:
        raise BadTranscript(f"{name}: has no line such as Dialogue: 0,0:00:01.00,0:00:02.50,...")
    return _spoken(cues), "en"


def parse_lrc(text: str, name: str) -> tuple[list[Word], str]:
    """Parse lyrics, with or without times inside the lines.

    Returns as ``parse_srt``; a line lasts until the next one begins. Raises BadTranscript if no
    line has a time.
    """
    tags: dict[str, str] = {}
    lines: list[tuple[float, str]] = []
    for line in text.splitlines():
        if tag := _LRC_TAG.match(line):
            tags[tag[1].lower()] = tag[2].strip()
        times, at = [], 0
        while match := _LRC_TIME.match(line, at):
            times.append(_seconds(None, match[1], match[2], match[3] or "0"))
            at = match.end()
        lines += [(time, line[at:]) for time in times]
    if not lines:
        raise BadTranscript(f"{name}: has no line that begins with a time such as [00:01.50].")
    shift_s = (
        int(tags["offset"]) / 1e3 if re.fullmatch(r"[+-]?\d{1,6}", tags.get("offset", "")) else 0
    )
    lines.sort(key=lambda line: line[0])
    ends = [*(start for start, _ in lines[1:]), math.inf]
    words = _spoken(
        _Cue(start, end, (line,)) for (start, line), end in zip(lines, ends, strict=True)
    )
    shifted = [
        replace(word, start_s=word.start_s - shift_s, end_s=word.end_s - shift_s) for word in words
    ]
    return shifted, tags.get("la", "en")[:2].lower()


def _cues(text: str, name: str, body: Callable[[list[str], bool], list[str]]) -> list[_Cue]:
    """Find the cues: a line of times and the lines below, of which ``body`` takes the shown."""
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if "-->" in line]
    if not heads:
        raise BadTranscript(f"{name}: has no line of times such as 00:00:01,000 --> 00:00:02,500.")
    cues = []
    for head, following in pairwise([*heads, len(lines)]):
        start, end = cue_times(lines[head], f"{name}, line {head + 1}")
        shown = body(lines[head + 1 : following], following == len(lines))
        cues.append(_Cue(start, end, tuple(shown)))
    return cues


def _srt_body(lines: list[str], last: bool) -> list[str]:
    """Take all lines but the number of the next cue; some files lack blank lines, or have more."""
    shown = [line for line in lines if line.strip()]
    return shown[:-1] if not last and shown and shown[-1].strip().isdigit() else shown


def _spoken(cues: Iterable[_Cue]) -> list[Word]:
    """Return what cues say, in order of time."""
    ordered = sorted(dict.fromkeys(_unlabelled(list(cues))), key=lambda cue: cue.start_s)
    words: list[Word] = []
    for _, same in groupby(_rolled_on(ordered), key=lambda cue: cue.plain):
        group = list(same)
        words += _highlighted(group) or [word for cue in group for word in _words(cue)]
    return words


def _unlabelled(cues: Sequence[_Cue]) -> Iterator[_Cue]:
    """Take out who speaks, where the first lines of cues begin with it."""
    firsts = without_labels([cue.lines[0] if cue.lines else "" for cue in cues])
    for cue, first in zip(cues, firsts, strict=True):
        yield replace(cue, lines=(first, *cue.lines[1:])) if first or cue.lines[1:] else cue


def _highlighted(group: Sequence[_Cue]) -> list[Word]:
    """Return the words of a line that is shown again and again, each time with one marked."""
    marked = []
    for cue in group:
        line = " ".join(cue.lines)
        marks = [_clean(match[2]) for match in _MARKED.finditer(line)]
        if len(marks) == 1 and tokenise(marks[0]) != tokenise(_clean(line)):
            marked.append(Word(marks[0], cue.start_s, cue.end_s))
    said = tokenise(_clean(" ".join(group[0].lines)))
    if len(marked) < 2:
        return []
    if tokenise(" ".join(word.text for word in marked)) == said:
        return marked
    return [Word(" ".join(said), group[0].start_s, group[-1].end_s, GUESSED)]


def _rolled_on(cues: Sequence[_Cue]) -> Iterator[_Cue]:
    """Leave out the lines of roll-up captions that were shown before, as YouTube's are."""
    timed = any(_INLINE.search(line) for cue in cues for line in cue.lines)
    carried = [0, *(_carried(one.plain, two.plain) for one, two in pairwise(cues))]
    rolls = sum(0 < count < len(cue.plain) for count, cue in zip(carried, cues, strict=True))
    if not timed and not (rolls > 1 and 2 * rolls >= len(cues) - 1):
        yield from cues
        return
    began = None
    for cue, count in zip(cues, carried, strict=True):
        shown = [line for line in cue.lines if _TAG.sub("", line).strip()]
        fresh = tuple(shown[count:])
        if fresh:
            # A cue of a hundredth of a second that brings nothing new stands in front.
            close = began is not None and began[1] == cue.start_s
            yield replace(cue, start_s=began[0] if close and began else cue.start_s, lines=fresh)
        began = None if fresh else (cue.start_s, cue.end_s)


def _carried(before: tuple[str, ...], now: tuple[str, ...]) -> int:
    """Count the lines at the top that were at the bottom before."""
    sizes = range(min(len(before), len(now), _MOST_ROLLED), 0, -1)
    return next((size for size in sizes if before[-size:] == now[:size]), 0)


def _words(cue: _Cue) -> Iterator[Word]:
    """Return a cue as one phrase, or as words if it has times inside."""
    # Each match of _INLINE leaves its four groups behind.
    parts = _INLINE.split("\n".join(cue.lines))
    starts = [cue.start_s, *(_seconds(*parts[at : at + 4]) for at in range(1, len(parts), 5))]
    for text, start, end in zip(parts[::5], starts, [*starts[1:], cue.end_s], strict=True):
        if tokenise(clean := _clean(text)):
            measured = len(starts) > 1 and start <= end < math.inf
            yield Word(clean, start, max(start, end), 1.0 if measured else GUESSED)


def _clean(text: str) -> str:
    """Take out mark-up, sounds and names of speakers."""
    text = _SPEAKER.sub("", _SOUND.sub("", _TAG.sub("", text)))
    return html.unescape(text).translate({0x200E: None, 0x200F: None})


def cue_times(line: str, place: str) -> tuple[float, float]:
    """Parse a line of times."""
    match = _HEAD.match(line)
    if match is None:
        raise BadTranscript(f"{place}: “{line.strip()[:60]}” is no pair of times.")
    start, end = _seconds(*match.groups()[:4]), _seconds(*match.groups()[4:])
    if end < start:
        raise BadTranscript(f"{place}: ends at {end} s, before its start {start} s.")
    return start, end


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    """Put a time together."""
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(fraction.ljust(3, "0")) / 1e3
