"""``facedit batch``: every item of a list once, whoever died meanwhile."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from facedit.batch.batch_options import BatchOptions
from facedit.batch.jobs import RESULT, Job, part_of, read_jobs
from facedit.batch.records import Record, content_of, key_of, read_record, write_record
from facedit.batch.work import Task, make_worker
from facedit.errors import FaceditError, ItemsFailed, NoItemDone, OutputExists, OutputNotWritable
from facedit.lock import locked
from facedit.progress import OnProgress, Progress
from facedit.scale.outcome import DIED, Failure, failure_of
from facedit.scale.run_items import run_items
from facedit.scale.workers import Workers

_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a list.

    Attributes:
        items: What became of each item that was worked on or refused, in the order of their ends.
        skipped: How many were done before.
        todo: What each item would do, if that was all that was asked.
    """

    items: tuple[Record, ...]
    skipped: int
    todo: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Record, ...]:
        """The items that failed."""
        return tuple(item for item in self.items if item.status == "failed")

    @property
    def exit_status(self) -> int:
        """0, or one that says whether some or all failed."""
        if not self.failed:
            return 0
        none = len(self.failed) == len(self.items) and not self.skipped
        return (NoItemDone if none else ItemsFailed).exit_status

    @property
    def summary(self) -> str:
        """How many items ended how, in one line."""
        done = len(self.items) - len(self.failed)
        return f"{done} done, {self.skipped} done before, {len(self.failed)} failed."

    def __str__(self) -> str:
        """Return the result for people: a line for each item that failed."""
        if self.todo:
            return "\n".join(self.todo)
        lines = [f"{item.id}: {item.error}: {item.message}" for item in self.failed]
        return "\n".join([*lines, self.summary])


def run_batch(
    jobs: Path,
    output: Path,
    options: BatchOptions | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> BatchResult:
    """Work on the items of a list; those that are done are skipped.

    Args:
        jobs: The list: JSON lines or CSV.
        output: Folder of the outputs and of a result for each item.
        options: How it is worked on.
        on_progress: Told of every item that is done.

    Returns:
        What became of the items; those that failed are in it. (``UsageError`` if the list is no
        good: then nothing is done; ``OutputNotWritable`` if the folder cannot be written.)
    """
    options = options or BatchOptions()
    clips = part_of(read_jobs(jobs), options.shard)
    look = partial(_look, folder=output, force=options.force, name=secrets.token_hex(8))
    content = cache(content_of)
    if options.dry_run:
        todo = tuple(_said(job, look(job, content=content)) for clip in clips for job in clip)
        return BatchResult((), 0, todo)
    batch = _Batch(output, sum(map(len, clips)), on_progress)
    # Its name keeps others from the same shard, and from no other one.
    with locked(output / f".shard-{options.shard.number}-of-{options.shard.count}", "batch"):
        found = [[look(job, content=content) for job in clip] for clip in clips]
        batch.begin([one for clip in found for one in clip])
        left = [tuple(one for one in clip if isinstance(one, Task)) for clip in found]
        while left := [tasks for tasks in left if tasks]:
            left = batch.work(left, options.workers)
    return BatchResult(tuple(batch.records), batch.skipped)


def _look(
    job: Job, *, folder: Path, force: bool, name: str, content: Callable[[Path], str]
) -> Task | Record | None:
    """Tell what is to be done for an item: a task, a refusal, or None if it is done.

    ``name`` is that of the call, ``content`` hashes a file.
    """
    task = Task(job, folder, "", name, force)
    try:
        before = read_record(folder, job.id)
        task = replace(task, key=key_of(job, content))
        same = before is not None and before.key == task.key
        whole = all(os.path.lexists(path) for path in job.outputs(folder))
        if before is not None and same and before.status == "done" and whole:
            return None
        there = [path for path in job.made(folder) if os.path.lexists(path)]
        ours = before is not None and before.ours and (same or before.status != "done")
        if there and not (ours or force):
            raise OutputExists(
                f"{there[0]}: exists already, and was made of something else (another request, "
                "source, weights or version): --force replaces it."
            )
        return replace(task, force=ours or force)
    except FaceditError as error:
        return replace(task.failed(failure_of(error)), ours=False)


def _said(job: Job, found: Task | Record | None) -> str:
    """Say what an item would do."""
    what = f"{job.id}: {job.verb} {job.source} -> {job.output}"
    if found is None:
        return f"{what}: is done"
    if isinstance(found, Record):
        return f"{what}: would fail: {found.error}: {found.message}"
    return f"{what}: to be done"


class _Batch:
    """The items of a call: which have ended, and which of their workers died."""

    def __init__(self, folder: Path, total: int, on_progress: OnProgress | None) -> None:
        self.records: list[Record] = []
        self.skipped = 0
        self._folder = folder
        self._total = total
        self._on_progress = on_progress
        self._died: Counter[str] = Counter()

    def begin(self, found: Sequence[Task | Record | None]) -> None:
        """Count what is done, and note what is refused; what is known of an output stays."""
        self.skipped = sum(one is None for one in found)
        self._tell()
        for one in found:
            if isinstance(one, Record):
                if not (self._folder / f"{one.id}{RESULT}").exists():
                    write_record(self._folder, one)
                self._ended(one)

    def work(self, clips: Sequence[tuple[Task, ...]], workers: Workers) -> list[tuple[Task, ...]]:
        """Work on clips; return what is to be tried again because a worker died."""
        again: list[tuple[Task, ...]] = []

        def done(_: int, tasks: tuple[Task, ...], outcome: list[Record] | Failure) -> None:
            if isinstance(outcome, Failure):
                again.extend(self._broken(tasks, outcome))
            else:
                for record in outcome:
                    self._ended(record)

        run_items(clips, make_worker, workers=workers, on_done=done)
        return again

    def _broken(self, tasks: tuple[Task, ...], failure: Failure) -> list[tuple[Task, ...]]:
        """Sort the items of a worker that ended: those that ended before it, and what to do again.

        The item that it worked on goes alone, so that it takes no others with it.
        """
        held, rest = [], []
        for task in tasks:
            record = read_record(self._folder, task.job.id)
            if record is None or record.batch != task.batch:
                rest.append(task)
            elif record.status == "started":
                held.append(task)
            else:
                self._ended(record)
        if not held:  # it ended between two items
            held, rest = rest[:1], rest[1:]
        alone = []
        for task in held:
            self._died[task.job.id] += 1
            if failure.kind == DIED and self._died[task.job.id] < _ATTEMPTS:
                alone.append((replace(task, force=True),))
                continue
            record = task.failed(failure)
            with suppress(OutputNotWritable):  # perhaps that is why
                write_record(self._folder, record)
            self._ended(record)
        return [*alone, tuple(rest)]

    def _ended(self, record: Record) -> None:
        self.records.append(record)
        self._tell()

    def _tell(self) -> None:
        if self._on_progress is not None:
            failed = sum(record.status == "failed" for record in self.records)
            done = self.skipped + len(self.records)
            self._on_progress(Progress("items", done, self._total, failed))
