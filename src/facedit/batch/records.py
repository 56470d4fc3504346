"""What is kept of an item beside its output: that it is done, and of what it was made."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from facedit import __version__
from facedit.batch.batch_options import Shard
from facedit.batch.jobs import RESULT, Job
from facedit.batch.objects import address_of, fingerprint
from facedit.compose.source.weights import choose_weights
from facedit.editing.script import loads
from facedit.errors import BadEdit, OutputExists
from facedit.fields import build
from facedit.inputs import check_input, read_json, read_text
from facedit.media.output import unwritable, whole_or_nothing
from facedit.options import EditRequest
from facedit.weights.fetch import sha256_of

_NOT_OF_THE_VIDEO = ("device", "force", "report")


@dataclass(frozen=True, slots=True)
class Record:
    """What became of an item.

    Attributes:
        id: The item's name.
        key: Hash of all that decides its output; empty if a file of it could not be read.
        status: Started, done or failed.
        batch: Which call worked on it.
        ours: Whether files at the names of its outputs, if there are any, were made by the batch.
        outputs: Names of the outputs.
        seconds: How long it took.
        began: When it was begun, in seconds since 1970.
        seams: Where changed pictures meet the source's own, how many.
        rough: How many of them show a step larger than the clip's own.
        worst: The largest step at a seam, over what is large in the clip itself.
        report: Page of the report.
        warnings: What the user should know of the output.
        error: Kind of the error.
        message: What went wrong.
    """

    id: str
    key: str
    status: Literal["started", "done", "failed"]
    batch: str
    ours: bool
    outputs: tuple[str, ...] = ()
    seconds: float = 0.0
    began: float = 0.0
    seams: int = 0
    rough: int = 0
    worst: float | None = None
    report: str = ""
    warnings: tuple[str, ...] = ()
    error: str = ""
    message: str = ""


def read_record(folder: Path, name: str) -> Record | None:
    """Read an item's result, if there is one; OutputExists if a file of that name is none."""
    path = folder / f"{name}{RESULT}"
    if not path.exists():
        return None
    found = build(Record, read_json(path, "result", OutputExists), str(path), OutputExists)
    return found


def write_record(folder: Path, record: Record) -> None:
    """Write an item's result, whole or not at all; OutputNotWritable if that fails."""
    with whole_or_nothing(folder / f"{record.id}{RESULT}", force=True) as temporary:
        text = json.dumps(asdict(record), indent=2, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def log_name(shard: Shard) -> str:
    """Return the name of the log of a shard's attempts, which only its call writes."""
    part = "" if shard.count == 1 else f".{shard.number}-of-{shard.count}"
    return f"results{part}.jsonl"


def log_record(file: Path, record: Record) -> None:
    """Append an attempt's record to a log, a line each; OutputNotWritable if that fails."""
    line = json.dumps(asdict(record), ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with file.open("ab+") as log:
            # What a killed call or a full disk left of a line does not spoil this one.
            if size := log.seek(0, os.SEEK_END):
                log.seek(size - 1)
                line = line if log.read(1) == b"\n" else f"\n{line}"
            log.write(line.encode())
    except OSError as error:
        raise unwritable(file, error) from error


def key_of(job: Job, content: Callable[[Path], str]) -> str:
    """Hash what decides an item's output: source, request, options, weights and version.

    Files count by ``content``, wherever they lie, and so do recordings that a script names. The
    errors of ``content`` and of the choice of weights pass through.
    """
    options = asdict(job.run)
    options = {name: options[name] for name in options if name not in _NOT_OF_THE_VIDEO}
    options["weights"] = [sha256_of(path) for path in choose_weights(job.run).files]
    made_of = (job.source, *_recordings(job))
    facts = (__version__, job.verb, made_of, asdict(job.request), options, job.output)
    text = json.dumps(facts, sort_keys=True, default=content)
    return hashlib.sha256(text.encode()).hexdigest()


def _recordings(job: Job) -> list[Path]:
    """Return the recordings beside an item's script; none of a malformed one: its run says so."""
    if not isinstance(job.request, EditRequest) or job.request.script is None:
        return []
    file = job.request.script
    with suppress(BadEdit):
        named = (own.speech for own in loads(read_text(file, "script", BadEdit)).own)
        return [path for path in (file.parent / name for name in named if name) if path.is_file()]
    return []


def content_of(path: Path) -> str:
    """Hash a file, the files of a folder, or what a store says of an object.

    BadMedia is raised if it cannot be read.
    """
    if address := address_of(path):
        return fingerprint(address)
    if path.is_dir():
        inside = [(str(one.relative_to(path)), sha256_of(one)) for one in _files(path)]
        return hashlib.sha256(repr(inside).encode()).hexdigest()
    check_input(path, "input")
    return sha256_of(path)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
