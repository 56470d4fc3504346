"""The list of a batch: an item a line, with the options of its verb by the names they have."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from facedit.batch.batch_options import Shard
from facedit.compose.job import report_folder
from facedit.compose.results import take_files
from facedit.errors import UsageError
from facedit.fields import build, check_known
from facedit.inputs import MOST_TABLE_BYTES, parse_json, read_csv, read_text
from facedit.model.weight_sets import WEIGHT_SETS
from facedit.options import EditRequest, GenerateRequest, Making, Run
from facedit.provenance.library import sidecar_of

RESULT = ".result.json"
"""What follows an item's id in the name of its result."""


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """The speech that is put over a video."""

    speech: Path


Request = EditRequest | GenerateRequest | SyncRequest

_REQUESTS: dict[str, type[Request]] = {
    "edit": EditRequest,
    "sync": SyncRequest,
    "generate": GenerateRequest,
}
_OF_THE_BATCH = ("force", "report", "voice_command")
_ID = re.compile(r"[\w-][\w.-]{0,99}")
_Options = TypeVar("_Options", EditRequest, GenerateRequest, SyncRequest, Run)


@dataclass(frozen=True, slots=True)
class _Line:
    """What every item says, whatever its verb."""

    id: str
    verb: Making
    source: Path
    output: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """An item of a batch.

    Attributes:
        id: Its name, which no other item has.
        verb: What is done.
        source: The clip or picture.
        output: File name of the output.
        request: What shall change or be said.
        run: Options.
    """

    id: str
    verb: Making
    source: Path
    output: str
    request: Request
    run: Run

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

    def outputs(self, folder: Path) -> tuple[Path, ...]:
        """Return the files of the takes in a folder."""
        return take_files(folder / self.output, self.run.takes)

    def made(self, folder: Path) -> tuple[Path, ...]:
        """Return all that its run makes in a folder: videos, reports, manifests beside them."""
        outputs = self.outputs(folder)
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
    jobs: list[Job] = []
    taken: dict[str, str] = {}
    for where, table in _tables(file):
        job = _job(table, where, file.parent)
        for name in (job.id + RESULT, *(path.name for path in job.made(Path()))):
            if before := taken.get(name.casefold()):
                raise UsageError(f"{where}: {name} is also of {before}: give it another id/output.")
            taken[name.casefold()] = where
        jobs.append(job)
    if not jobs:
        raise UsageError(f"{file}: lists no items.")
    return tuple(jobs)


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
    parts = [[field.name for field in fields(kind)] for kind in (_Line, request, Run)]
    known = [name for part in parts for name in part if name not in _OF_THE_BATCH]
    check_known(table, known, where, UsageError)
    own, wishes, options = ({n: table[n] for n in part if n in table} for part in parts)
    line: _Line = build(_Line, own, where)
    if not _ID.fullmatch(line.id):
        raise UsageError(f"{where}: id {line.id[:120]!r}: letters, digits, _, - and . are taken.")
    output = line.output or f"{line.id}.mp4"
    if Path(output).name != output or output.startswith("."):
        raise UsageError(f"{where}: output {output[:120]!r}: give a file name; -o says the folder.")
    run = _placed(build(Run, options, where), folder)
    if run.weights not in WEIGHT_SETS and (folder / run.weights).is_file():
        run = replace(run, weights=str(folder / run.weights))
    placed = _placed(build(request, wishes, where), folder)
    return Job(line.id, line.verb, folder / line.source, output, placed, run)


def _placed(options: _Options, folder: Path) -> _Options:
    """Let relative files be relative to a folder."""
    names = [field.name for field in fields(options)]
    paths = {n: getattr(options, n) for n in names if isinstance(getattr(options, n), Path)}
    return replace(options, **{name: folder / path for name, path in paths.items()})
