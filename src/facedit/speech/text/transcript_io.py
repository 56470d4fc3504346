"""Transcripts from and to files: one table of the formats that are read and written.

A reader gives entries, each a word or a phrase with its times; here they are put in order, cut
into words and held against the clip. A phrase's words share its stretch of time and get the score
``word_times.GUESSED``; ``needs_alignment`` tells whether a transcript holds such words, which
should then be aligned against the sound.
"""

from __future__ import annotations

import functools
import json
import logging
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facedit.editing.words import key
from facedit.errors import BadTranscript, UsageError
from facedit.inputs import check_pace, read_text
from facedit.media.output import whole_or_nothing
from facedit.speech.text.speaker_labels import without_labels
from facedit.speech.text.subtitle_writer import format_srt, format_vtt
from facedit.speech.text.subtitles import parse_ass, parse_lrc, parse_sbv, parse_srt, parse_vtt
from facedit.speech.text.textgrid import SIGN, format_textgrid, parse_textgrid
from facedit.speech.text.transcript_json import FORMAT, VERSION, parse_json
from facedit.speech.text.transcript_xml import EAF_SIGN, TTML_SIGN, parse_eaf, parse_ttml
from facedit.speech.text.word_times import GUESSED, NO_SPEECH, in_order, one_each
from facedit.types import Transcript, Word

_log = logging.getLogger(__name__)

TOLERANCE_S = 1.0
"""Times may lie this much outside the clip (they are clipped); more is an error."""

_SHORTEST_S = 0.01
"""A word that lasts less was not measured."""

_GRID_UNITS_PER_SECOND = 25_000

_CTM_LINE = r"[^\s;]\S* +\S+ +\d++(?:\.\d++)? +\d++(?:\.\d++)? +\S+(?: +[\d.]++)?[ \r]*+"


def load_transcript(path: Path, duration_s: float) -> Transcript:
    """Read a transcript of a clip.

    ``path``: a file of one of ``FORMATS``, known by its suffix or, under another suffix, by what it
    holds; ``duration_s``: length of the clip's sound in seconds. Returns the words in order, inside
    the clip; origin is the file's name. Raises BadTranscript if the file cannot be read, is
    malformed (with the line), has no words, or has times that do not belong to a clip of this
    length.
    """
    text = read_text(path, "transcript", BadTranscript)
    form = _FORMATS.get(path.suffix.lower())
    if form is None or form is PLAIN:
        form = next((one for one in FORMATS if one.sign.match(text.lstrip())), form)
    if form is None:
        names = ", ".join(one.suffix for one in FORMATS)
        raise BadTranscript(f"{path.name}: transcripts are {names} or {PLAIN.suffix} files.")
    entries, language = form.read(text, path.name)
    entries, notes = _off_the_hour(entries, duration_s, path.name)
    words = _fitted(entries, duration_s, path.name)
    return Transcript(words, duration_s, language, path.name, notes)


def needs_alignment(transcript: Transcript) -> bool:
    """Tell whether some words' times were shared out, not measured.

    Returns whether it should be aligned against the sound before it is used.
    """
    return any(word.score == GUESSED for word in transcript.words)


def written_kind(path: Path) -> str:
    """Return the kind of transcript that a file name asks for.

    Raises UsageError if no transcript is written under that suffix.
    """
    kind = path.suffix.lower()
    if kind not in _FORMATS or _FORMATS[kind].write is None:
        names = ", ".join(one.suffix for one in FORMATS if one.write)
        raise UsageError(f"{path.name}: transcripts are written as {names}.")
    return kind


def save_transcript(transcript: Transcript, path: Path, *, force: bool = True) -> None:
    """Write a transcript, whole or not at all.

    JSON keeps the time and score of every word, TextGrid the times; subtitles keep the times of
    short phrases.

    ``transcript``: what to write; ``path``: a ``.json``, ``.srt``, ``.vtt`` or ``.TextGrid`` file;
    ``force``: replace it if it is there; (``OutputExists`` if not, ``OutputNotWritable`` if it
    cannot be written, ``UsageError`` if it has another suffix.).
    """
    write = _FORMATS[written_kind(path)].write
    assert write is not None
    with whole_or_nothing(path, force) as temporary:
        temporary.write_text(write(transcript), encoding="utf-8")


def _format_json(transcript: Transcript) -> str:
    """Format a transcript as our own JSON."""
    document = {"format": FORMAT, "version": VERSION, **transcript.to_dict()}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _parse_plain(text: str, name: str) -> tuple[list[Word], str]:
    """Take what is spoken of a text as one phrase that lasts as long as the sound."""
    spoken = "\n".join(without_labels(text.splitlines()))
    return [Word(spoken, 0.0, math.inf, GUESSED)], "en"


def _parse_rows(units_per_second: float, text: str, name: str) -> tuple[list[Word], str]:
    """Parse lines of begin, end and label; Whisper's table has a header and milliseconds."""
    words = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split(None, 2)
        if fields == ["start", "end", "text"] and number == 1:
            units_per_second = 1000
        elif fields and fields[0] != "\\":  # Audacity's range of frequencies
            try:
                begin, end = (float(field) / units_per_second for field in fields[:2])
                label = fields[2].strip()
            except (ValueError, IndexError):
                raise BadTranscript(
                    f"{name}, line {number}: expected begin, end and word, got “{line[:40]}”."
                ) from None
            if end < begin:
                raise BadTranscript(
                    f"{name}, line {number}: ends at {end} s, before its begin {begin} s."
                )
            if not NO_SPEECH.fullmatch(label):
                words.append(Word(label, begin, end))
    return words, "en"


def _parse_ctm(text: str, name: str) -> tuple[list[Word], str]:
    """Parse lines of recording, channel, begin, length, word and perhaps score: NIST's, Kaldi's."""
    words, recordings = [], set()
    for number, line in enumerate(text.splitlines(), 1):
        recording, *fields = line.partition(";;")[0].removesuffix(" NA").split()[:6] or ("",)
        if not recording or NO_SPEECH.fullmatch("".join(fields[3:4])):
            continue
        try:
            begin, length, score = map(float, [*fields[1:3], *fields[4:], "1"][:3])
            word = Word(fields[3], begin, begin + length, min(1.0, max(0.0, score)))
        except (ValueError, IndexError):
            raise BadTranscript(
                f"{name}, line {number}: expected recording, channel, begin, length and word, "
                f"got “{line[:40]}”."
            ) from None
        if length < 0:
            raise BadTranscript(f"{name}, line {number}: lasts {length} s.")
        words.append(word)
        recordings.add(recording)
    if len(recordings) > 1:
        raise BadTranscript(
            f"{name}: holds the words of {len(recordings)} recordings; give those of one."
        )
    return words, "en"


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of transcript file.

    Attributes:
        suffix: What its files' names end in.
        sign: Matches the text of such a file that has another suffix.
        read: Gives the entries and the language of a text; takes the file's name for messages.
        write: Gives the text of a transcript; None if this kind is only read.
    """

    suffix: str
    sign: re.Pattern[str]
    read: Callable[[str, str], tuple[list[Word], str]]
    write: Callable[[Transcript], str] | None = None


FORMATS = (
    Format(
        ".align", re.compile(r"(?:\d+ \d+ \S+\s*\n)+\Z"),
        functools.partial(_parse_rows, _GRID_UNITS_PER_SECOND),
    ),
    Format(".json", re.compile(r'[{\[]\s*["{]'), parse_json, _format_json),
    Format(".TextGrid", SIGN, parse_textgrid, format_textgrid),
    Format(
        ".tsv", re.compile(r"start\tend\ttext|\d+(?:\.\d+)?\t\d+(?:\.\d+)?\t"),
        functools.partial(_parse_rows, 1),
    ),
    Format(".vtt", re.compile(r"WEBVTT\b"), parse_vtt, format_vtt),
    Format(".srt", re.compile(r"(?:\d+\s{0,9}\n)?\d+:\d\d.{0,20}-->"), parse_srt, format_srt),
    Format(".sbv", re.compile(r"\d+:\d\d:\d\d\.\d{3},\d+:\d\d:"), parse_sbv),
    Format(".ass", re.compile(r"\[Script Info\]"), parse_ass),
    Format(".ttml", TTML_SIGN, parse_ttml),
    Format(".dfxp", TTML_SIGN, parse_ttml),
    Format(".eaf", EAF_SIGN, parse_eaf),
    Format(".ctm", re.compile(rf"(?:(?:;;.*|{_CTM_LINE})\n)++\s*\Z"), _parse_ctm),
    Format(".lrc", re.compile(r"\[(?:\d+:\d\d(?:[.:]\d{1,3})?\]|ar:|ti:|al:|by:)"), parse_lrc),
)  # fmt: skip
"""The kinds of transcript with times, those first whose times are best; a table (``.tsv``) is
Whisper's, in milliseconds, or Audacity's labels, in seconds."""

PLAIN = Format(".txt", re.compile(""), _parse_plain)
"""The bare words."""

_FORMATS = {form.suffix.lower(): form for form in (*FORMATS, PLAIN)}


def _off_the_hour(
    entries: list[Word], duration_s: float, name: str
) -> tuple[list[Word], tuple[str, ...]]:
    """Let times of a timeline that begins at a full hour begin at 0; the notes say so."""
    first = min((entry.start_s for entry in entries), default=0.0)
    hours = int(first // 3600) if duration_s < first < math.inf else 0
    if not 0 < hours < 24 or first - 3600 * hours > duration_s:
        return entries, ()
    moved = [
        replace(one, start_s=one.start_s - 3600 * hours, end_s=one.end_s - 3600 * hours)
        for one in entries
    ]
    return moved, (f"{name}: the times begin at {hours:02d}:00:00, which was taken for 0.",)


def _fitted(entries: Sequence[Word], duration_s: float, name: str) -> tuple[Word, ...]:
    """Hold entries against the clip and against each other, and cut them into words."""
    for number, entry in enumerate(entries, 1):
        _check_entry(entry, duration_s, f"{name}: word {number} ({entry.text.strip()[:30]!r})")
    latest = max((entry.end_s for entry in entries), default=0.0)
    if duration_s < latest < math.inf:
        _log.warning("%s: ends at %.2f s, clipped to the sound's %.2f s.", name, latest, duration_s)
    once = {(key(one.text), one.start_s, one.end_s): one for one in entries}
    ordered = sorted(once.values(), key=lambda one: one.start_s)
    words = one_each(in_order(ordered, duration_s))
    if not words:
        raise BadTranscript(f"{name} has no words.")
    check_pace([word.text for word in words], duration_s, name, BadTranscript)
    return tuple(
        replace(word, score=GUESSED) if word.end_s - word.start_s < _SHORTEST_S else word
        for word in words
    )


def _check_entry(entry: Word, duration_s: float, label: str) -> None:
    """Refuse times that are none, or that lie outside the clip."""
    open_end = entry.score == GUESSED  # a caption may stay on when the clip has ended
    if not -TOLERANCE_S <= entry.start_s <= entry.end_s <= (math.inf if open_end else 1e9):
        raise BadTranscript(f"{label} has the times {entry.start_s} to {entry.end_s} s.")
    if entry.start_s >= duration_s or (entry.end_s > duration_s + TOLERANCE_S and not open_end):
        raise BadTranscript(
            f"{label} is at {entry.start_s:.2f} to {entry.end_s:.2f} s, but the clip's sound "
            f"is {duration_s:.2f} s long: is this the transcript of another clip?"
        )
