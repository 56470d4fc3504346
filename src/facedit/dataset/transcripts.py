"""What is said in a clip: from a table, a file, GRID's names, or recognised."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from facedit.compose.words.source_words import given_transcript
from facedit.dataset.clip_tables import read_table
from facedit.dataset.footage_list import Source
from facedit.dataset.grid_names import words_of_name
from facedit.errors import BadTranscript
from facedit.media.held_sound import HeldSound
from facedit.media.info import VideoInfo
from facedit.speech.recognition.align import align
from facedit.speech.recognition.sound_cache import cached_transcript
from facedit.speech.text.transcript_io import FORMATS, PLAIN, load_transcript, needs_alignment
from facedit.types import Sound, Transcript

SUFFIXES = tuple(form.suffix for form in (*FORMATS, PLAIN))
"""Suffixes of transcript files, the best first."""


@dataclass(frozen=True, slots=True)
class GivenText:
    """What a table says of a clip.

    The text is empty if only the language, an ISO 639-1 code, is known.
    """

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Given:
    """Transcripts that were given.

    Attributes:
        table: What is said, by file or pattern (``lrw_ar/*``).
        name: Name of the table.
        folder: A folder of transcript files named as the clips, or None.
    """

    table: dict[str, GivenText] = field(default_factory=dict)
    name: str = ""
    folder: Path | None = None

    @classmethod
    def read(cls, path: Path | None) -> Given:
        """Read a table (columns ``file``, ``language``, ``text``), a folder, or nothing (None).

        UsageError is raised if the table is malformed or missing.
        """
        if path is None:
            return cls()
        if path.is_dir():
            return cls(folder=path)
        rows = read_table(path, ("file", "language", "text"))
        table = {row["file"]: GivenText(row["text"], row["language"] or "en") for _, row in rows}
        return cls(table, path.name)

    def of(self, file: str) -> GivenText | None:
        """Return what the table says of a clip; its own line goes before a pattern."""
        if file in self.table:
            return self.table[file]
        return next((one for p, one in self.table.items() if fnmatchcase(file, p)), None)

    def files(self, source: Source) -> list[Path]:
        """List the transcript files of a clip: those of the folder, then those beside it."""
        stems = [source.path.with_suffix("")]
        if self.folder is not None:
            inside = self.folder / source.file
            stems = [inside.with_suffix(""), self.folder / inside.stem, *stems]
        named = (stem.with_name(stem.name + suffix) for stem in stems for suffix in SUFFIXES)
        return [file for file in named if file.is_file()]


def words_of(source: Source, info: VideoInfo, sound: Sound, given: Given) -> tuple[Transcript, str]:
    """Find the words of a clip with their times; without any, why there are none.

    The table goes first, then a transcript file, then GRID's file names; else the words are
    recognised. A text that is not what is heard counts as no text.
    """
    entry = given.of(source.file)
    if entry is not None and not entry.text:
        nothing = Transcript((), info.duration_s, entry.language, given.name)
        return nothing, f"the words are not given (language {entry.language})"
    try:
        if entry is not None:
            found = align(sound, entry.text, entry.language)
            return replace(found, origin=f"{given.name}, times by {found.origin}"), ""
        for file in given.files(source):
            return _from_file(file, source.path, info), ""
    except BadTranscript as error:
        return Transcript((), info.duration_s, "en", "none"), f"transcript refused: {error}"
    if name := words_of_name(source.path.stem):
        # A name may look like GRID's by chance.
        with suppress(BadTranscript):
            found = align(sound, " ".join(name))
            return replace(found, origin=f"GRID file name, times by {found.origin}"), ""
    found = cached_transcript(sound)
    return found, "" if found.words else "no words were recognised"


def _from_file(file: Path, clip: Path, info: VideoInfo) -> Transcript:
    found = load_transcript(file, info.duration_s)
    # GRID's times were measured: its short letters are no ground to doubt them.
    measured = file.suffix == ".align" or found.language != "en"
    if measured and not needs_alignment(found):
        return found
    return replace(given_transcript(file, HeldSound(clip, info)), origin=file.name)
