"""The list of a batch: an item a line, with the options of its verb by the names they have."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from facedit.batch.batch_options import Shard
from facedit.batch.objects import address_of, marked
from facedit.compose.session.results import take_files
from facedit.compose.takes.job import report_folder
from facedit.dataset.footage_list import SUFFIXES
from facedit.errors import UsageError
from facedit.fields import build, check_known
from facedit.inputs import MOST_TABLE_BYTES, parse_json, read_csv, read_text
from facedit.model.weight_sets import WEIGHT_SETS
from facedit.options import (
    EditRequest,
    GenerateRequest,
    MotionOptions,
    Run,
    TranscribeOptions,
)
from facedit.provenance.library import sidecar_of

RESULT = ".result.json"
"""What follows an item's id in the name of its result."""


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """The speech that is put over a video."""

    speech: Path


Verb = Literal["edit", "sync", "generate", "transcribe", "motion"]
"""What can be done to an item."""

Request = EditRequest | GenerateRequest | SyncRequest | TranscribeOptions | MotionOptions

_REQUESTS: dict[str, type[Request]] = {
    "edit": EditRequest,
    "sync": SyncRequest,
    "generate": GenerateRequest,
    "transcribe": TranscribeOptions,
    "motion": MotionOptions,
}
_READING = {"transcribe": ".json", "motion": ".csv"}
"""Verbs that make no video, and what they make unless an item says so."""

_SOUNDS = (".wav", ".mp3", ".m4a", ".flac", ".ogg")

_OF_THE_BATCH = ("force", "report", "voice_command")
_ID = re.compile(r"[\w-][\w.-]{0,99}")
_Options = TypeVar("_Options", bound=Request | Run)


@dataclass(frozen=True, slots=True)
class _Line:
    """What every item says, whatever its verb."""

    id: str
    verb: Verb
    source: Path
    output: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """An item of a batch.

    Attributes:
        id: Its name, which no other item has.
        verb: What is done.
        source: The clip, picture or sound.
        output: File name of the output.
        request: What shall change or be said.
        run: Options.
    """

    id: str
    verb: Verb
    source: Path
    output: str
    request: Request
    run: Run

    @property
    def makes_video(self) -> bool:
        """Whether it is made in an open session; the words or motion of a clip need none."""
        return self.verb not in _READING

    @property
    def clip(self) -> tuple[object, ...]:
        """What the items that share a session have in common."""
        return (self.source, self.run.allow_truncated, self.footage, self.picture_only)

    @property
    def footage(self) -> Path | None:
        """Another video of the same person, if there is one."""
        return self.request.footage if isinstance(self.request, GenerateRequest) else None

    @property
    def picture_only(self) -> bool:
        """Whether only one picture of a video is used."""
        return isinstance(self.request, GenerateRequest) and self.request.picture_only

    def placed(self, place: Callable[[Path], Path]) -> Job:
        """Return the item with every file of it where ``place`` says."""
        request, run = _placed(self.request, place), _placed(self.run, place)
        return replace(self, source=place(self.source), request=request, run=run)

    def outputs(self, folder: Path) -> tuple[Path, ...]:
        """Return the files of the takes in a folder."""
        return take_files(folder / self.output, self.run.takes)

    def made(self, folder: Path) -> tuple[Path, ...]:
        """Return all that its run makes in a folder: videos, reports, manifests beside them."""
        outputs = self.outputs(folder)
        if not self.makes_video:
            return outputs
        reports = [report_folder(path, self.run) for path in outputs]
        manifests = [path for path in map(sidecar_of, outputs) if path is not None]
        return (*outputs, *reports, *manifests)


def read_jobs(file: Path) -> tuple[Job, ...]:
    """Read the items of a list.

    Args:
        file: JSON lines, or a CSV table if it is named so. Files that it names are relative to it.

    Returns:
        The items, in order.

    Raises:
        UsageError: If a line is no item, or two items have one id or one output; the message names
            the line.
    """
    jobs = [(where, _job(table, where, file.parent)) for where, table in _tables(file)]
    if not jobs:
        raise UsageError(f"{file}: lists no items.")
    return _without_clashes(jobs)


def jobs_of(verb: Verb, request: Request, sources: Sequence[Path]) -> tuple[Job, ...]:
    """Make a list of one request for many clips: files, and folders with all that is in them.

    UsageError if there is none, or two would have one output.
    """
    files: list[Path] = []
    suffixes = (*SUFFIXES, *_SOUNDS) if verb == "transcribe" else SUFFIXES
    for source in sources:
        inside = sorted(p for p in source.rglob("*") if p.suffix.lower() in suffixes)
        files += inside if source.is_dir() else [source]
    if not files:
        raise UsageError(f"no clips in {', '.join(map(str, sources))} ({', '.join(suffixes)}).")
    named = [(re.sub(r"[^\w.-]+", "-", file.stem)[:100], file) for file in files]
    return _without_clashes(
        (str(file), Job(name, verb, file, f"{name}{_READING.get(verb, '.mp4')}", request, Run()))
        for name, file in named
    )


def _without_clashes(jobs: Iterable[tuple[str, Job]]) -> tuple[Job, ...]:
    """Refuse a list of which two items, each with its place, have one id or one output."""
    taken: dict[str, str] = {}
    listed = []
    for where, job in jobs:
        for name in (job.id + RESULT, *(path.name for path in job.made(Path()))):
            if before := taken.get(name.casefold()):
                raise UsageError(f"{where}: {name} is also of {before}: give it another id/output.")
            taken[name.casefold()] = where
        listed.append(job)
    return tuple(listed)


def part_of(jobs: tuple[Job, ...], shard: Shard) -> tuple[tuple[Job, ...], ...]:
    """Take the items of a shard, those of one clip together."""
    clips: dict[tuple[object, ...], list[Job]] = {}
    for job in jobs:
        clips.setdefault(job.clip, []).append(job)
    return tuple(map(tuple, clips.values()))[shard.number - 1 :: shard.count]


def _tables(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read the items as tables, with the place that each stands at."""
    if file.suffix.lower() == ".csv":
        for number, row in read_csv(file, "list of items", UsageError):
            where = f"{file.name}, line {number}"
            yield where, {name: _cell(name, text, where) for name, text in row.items() if text}
        return
    text = read_text(file, "list of items", UsageError, MOST_TABLE_BYTES)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            where = f"{file.name}, line {number}"
            table = parse_json(line, where, UsageError)
            if not isinstance(table, dict):
                raise UsageError(f"{where}: an item is an object, {{...}}.")
            yield where, {name: value for name, value in table.items() if value is not None}


def _cell(name: str, text: str, where: str) -> object:
    """Read a cell: texts, names and files as they stand, one text for a list, all else as JSON."""
    hint: Any = str
    for kind in (*_REQUESTS.values(), Run):
        hint = typing.get_type_hints(kind).get(name.replace("-", "_"), hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = typing.get_args(hint)[0]
    if hint in (str, Path) or typing.get_origin(hint) is typing.Literal:
        return text
    if typing.get_origin(hint) is tuple and not text.startswith("["):
        return [text]
    return parse_json(text, f"{where}, {name}", UsageError)


def _job(table: dict[str, Any], where: str, folder: Path) -> Job:
    """Make an item of its table."""
    table = {name.replace("-", "_"): value for name, value in table.items()}
    request = _REQUESTS.get(str(table.get("verb")), EditRequest)
    kinds = (_Line, request) if table.get("verb") in _READING else (_Line, request, Run)
    parts = [[field.name for field in fields(kind)] for kind in kinds]
    known = [name for part in parts for name in part if name not in _OF_THE_BATCH]
    check_known(table, known, where, UsageError)
    if request is EditRequest and isinstance(table.get("speech"), str):
        table["speech"] = [table["speech"]]  # one recording needs no list
    hints = {n: hint for kind in kinds for n, hint in typing.get_type_hints(kind).items()}
    table = {name: marked(value, hints[name]) for name, value in table.items()}
    own, wishes, *rest = ({n: table[n] for n in part if n in table} for part in parts)
    line = build(_Line, own, where)
    if not _ID.fullmatch(line.id):
        raise UsageError(f"{where}: id {line.id[:120]!r}: letters, digits, _, - and . are taken.")
    output = line.output or f"{line.id}{_READING.get(line.verb, '.mp4')}"
    if Path(output).name != output or output.startswith("."):
        raise UsageError(f"{where}: output {output[:120]!r}: give a file name; -o says the folder.")
    run = build(Run, rest[0] if rest else {}, where)
    if run.weights not in WEIGHT_SETS and (folder / run.weights).is_file():
        run = replace(run, weights=str(folder / run.weights))
    job = Job(line.id, line.verb, line.source, output, build(request, wishes, where), run)
    return job.placed(lambda path: path if address_of(path) else folder / path)


def _placed(options: _Options, place: Callable[[Path], Path]) -> _Options:
    """Put the files that options name where they are."""
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    placed: dict[str, Any] = {n: place(v) for n, v in values.items() if isinstance(v, Path)}
    for name, value in values.items():
        if isinstance(value, tuple) and value and isinstance(value[0], Path):
            placed[name] = tuple(map(place, value))
    return replace(options, **placed)
