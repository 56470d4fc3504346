"""Transcripts from and to files: JSON (ours, whisperX's), SRT, VTT, TextGrid, GRID ``.align``.

Words without times of their own get the stretch of their cue shared out and the score
``timing.GUESSED``; ``needs_alignment`` tells whether a transcript holds such words, which should
then be aligned against the sound.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from facedit.errors import BadTranscript, UsageError
from facedit.inputs import check_pace, read_text
from facedit.media.output import whole_or_nothing
from facedit.speech.subtitles import format_cues, parse_cues
from facedit.speech.textgrid import parse_textgrid
from facedit.speech.transcript_json import FORMAT, VERSION, parse_json
from facedit.speech.word_times import GUESSED, in_order, one_each
from facedit.types import Transcript, Word

_log = logging.getLogger(__name__)

TOLERANCE_S = 1.0
"""Times may lie this much beyond the end of the clip (they are clipped); more is an error."""

_GRID_UNITS_PER_SECOND = 25_000
_GRID_SILENCE = ("sil", "sp")


def load_transcript(path: Path, duration_s: float) -> Transcript:
    """Read a transcript of a clip.

    Args:
        path: A ``.json``, ``.srt``, ``.vtt``, ``.TextGrid`` or ``.align`` file.
        duration_s: Length of the clip's sound in seconds.

    Returns:
        The words in order, inside the clip; origin is the file's name.

    Raises:
        BadTranscript: If the file cannot be read, is malformed (with the line), has no words, or
            has times that do not belong to a clip of this length.
    """
    text = read_text(path, "transcript", BadTranscript)
    kind = path.suffix.lower()
    language = "en"
    if kind == ".json":
        words, language = parse_json(text, path.name)
    elif kind in (".srt", ".vtt"):
        words = parse_cues(text, path.name)
    elif kind == ".textgrid":
        words = parse_textgrid(text, path.name)
    elif kind == ".align":
        words = parse_grid(text, path.name)
    else:
        raise BadTranscript(
            f"{path.name}: transcripts are .json, .srt, .vtt, .TextGrid or .align files."
        )
    words = one_each(words)
    return Transcript(_fitted(words, duration_s, path.name), duration_s, language, path.name)


def needs_alignment(transcript: Transcript) -> bool:
    """Tell whether some words' times were shared out, not measured.

    Args:
        transcript: A loaded transcript.

    Returns:
        Whether it should be aligned against the sound before it is used.
    """
    return any(word.score == GUESSED for word in transcript.words)


WRITTEN = (".json", ".srt", ".vtt")
"""Suffixes of the transcripts that can be written."""


def written_kind(path: Path) -> str:
    """Return the kind of transcript that a file name asks for.

    Args:
        path: The file to be written.

    Returns:
        Its suffix in small letters.

    Raises:
        UsageError: If no transcript is written under that suffix.
    """
    kind = path.suffix.lower()
    if kind not in WRITTEN:
        raise UsageError(f"{path.name}: transcripts are written as {', '.join(WRITTEN)}.")
    return kind


def save_transcript(transcript: Transcript, path: Path, *, force: bool = True) -> None:
    """Write a transcript, whole or not at all.

    JSON keeps the time and score of every word; subtitles keep those of short phrases.

    Args:
        transcript: What to write.
        path: A ``.json``, ``.srt`` or ``.vtt`` file.
        force: Replace it if it is there. (``OutputExists`` if not, ``OutputNotWritable`` if it
            cannot be written, ``UsageError`` if it has another suffix.)
    """
    kind = written_kind(path)
    text = _json(transcript) if kind == ".json" else format_cues(transcript.words, kind)
    with whole_or_nothing(path, force) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _json(transcript: Transcript) -> str:
    """Format a transcript as our own JSON."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "language": transcript.language,
        "origin": transcript.origin,
        "duration_s": transcript.duration_s,
        "words": [
            {
                "text": word.text,
                "start_s": word.start_s,
                "end_s": word.end_s,
                "score": word.score,
            }
            for word in transcript.words
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def parse_grid(text: str, name: str) -> list[Word]:
    """Parse word times of the GRID corpus.

    Args:
        text: Lines of begin, end (unit 1/25000 s) and word.
        name: The file's name, for messages.

    Returns:
        The words without silences.

    Raises:
        BadTranscript: If a line is malformed.
    """
    words = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields:
            continue
        try:
            begin, end = (int(field) / _GRID_UNITS_PER_SECOND for field in fields[:2])
            word = fields[2]
        except (ValueError, IndexError, OverflowError):
            raise BadTranscript(
                f"{name}, line {number}: expected begin, end and word, got “{line[:40]}”."
            ) from None
        if end < begin:
            raise BadTranscript(
                f"{name}, line {number}: ends at {end} s, before its begin {begin} s."
            )
        if word not in _GRID_SILENCE:
            words.append(Word(word, begin, end))
    return words


def _fitted(words: list[Word], duration_s: float, name: str) -> tuple[Word, ...]:
    """Check the times against the clip and against each other."""
    if not words:
        raise BadTranscript(f"{name} has no words.")
    check_pace([word.text for word in words], duration_s, name, BadTranscript)
    for number, word in enumerate(words, 1):
        label = f"{name}: word {number} (“{word.text[:30]}”)"
        if not 0.0 <= word.start_s <= word.end_s < float("inf"):
            raise BadTranscript(f"{label} has the times {word.start_s} to {word.end_s} s.")
        if word.start_s >= duration_s or word.end_s > duration_s + TOLERANCE_S:
            raise BadTranscript(
                f"{label} is at {word.start_s:.2f} to {word.end_s:.2f} s, but the clip's sound is "
                f"{duration_s:.2f} s long: is this the transcript of another clip?"
            )
        if number > 1 and word.start_s < words[number - 2].start_s:
            raise BadTranscript(
                f"{label} starts at {word.start_s:.2f} s, before the word in front of it "
                f"({words[number - 2].start_s:.2f} s)."
            )
    if words[-1].end_s > duration_s:
        _log.warning(
            "%s: ends at %.2f s, clipped to the sound's %.2f s.",
            name,
            words[-1].end_s,
            duration_s,
        )
    return in_order(words, duration_s)
