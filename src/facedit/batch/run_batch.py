"""``facedit batch``: every item of a list once, whoever died meanwhile."""

from __future__ import annotations

import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from facedit.batch.batch_options import BatchOptions
from facedit.batch.batch_page import write_page
from facedit.batch.dry_run import plan_batch
from facedit.batch.jobs import RESULT, Job, part_of, read_jobs
from facedit.batch.records import (
    Record,
    content_of,
    key_of,
    log_name,
    log_record,
    read_record,
    write_record,
)
from facedit.batch.work import Task, make_worker
from facedit.errors import (
    DiskFull,
    FaceditError,
    ItemsFailed,
    NoItemDone,
    OutputExists,
    OutputNotWritable,
)
from facedit.lock import locked
from facedit.progress import OnProgress, Progress
from facedit.scale.outcome import DIED, Failure, failure_of
from facedit.scale.run_items import run_items

TIMED_OUT = "TimedOut"
"""Kind of the failure of an item that took longer than it may."""

TIMER = "SIGALRM"

_RETRIED = (DIED, TIMED_OUT, DiskFull.__name__)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a list.

    Attributes:
        items: What became of each item that was worked on or refused, in the order of their ends.
        skipped: How many were done before.
        todo: What each item would do, if that was all that was asked.
        page: A page over all items of the list.
    """

    items: tuple[Record, ...]
    skipped: int
    todo: tuple[str, ...] = ()
    page: Path | None = None

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
        line = f"{done} done, {self.skipped} done before, {len(self.failed)} failed."
        return f"{line} All of the list: {self.page}" if self.page else line

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
    return run_jobs(read_jobs(jobs), output, options, on_progress=on_progress)


def run_jobs(
    listed: tuple[Job, ...],
    output: Path,
    options: BatchOptions | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> BatchResult:
    """Work on items as ``run_batch`` on those of a list."""
    options = options or BatchOptions()
    clips = part_of(listed, options.shard)
    look = partial(_look, folder=output, force=options.force, name=secrets.token_hex(8))
    content = cache(content_of)
    if options.dry_run:
        seen = [[(job, look(job, content=content)) for job in clip] for clip in clips]
        return BatchResult((), 0, plan_batch(seen, output, options.staff))
    batch = _Batch(output, sum(map(len, clips)), options, on_progress)
    # Its name keeps others from the same shard, and from no other one.
    with locked(output / f".shard-{options.shard.number}-of-{options.shard.count}", "batch"):
        found = [[look(job, content=content) for job in clip] for clip in clips]
        batch.begin([one for clip in found for one in clip])
        left = [tuple(one for one in clip if isinstance(one, Task)) for clip in found]
        while left := [tasks for tasks in left if tasks]:
            left = batch.work(left)
        page = write_page(listed, output)
    return BatchResult(tuple(batch.records), batch.skipped, page=page)


def _look(
    job: Job, *, folder: Path, force: bool, name: str, content: Callable[[Path], str]
) -> Task | Record | None:
    """Tell what is to be done for an item: a task, a refusal, or None if it is done.

    ``name`` is that of the call, ``content`` hashes a file.
    """
    task = Task(job, folder, "", name, force)
    try:
        before = _before(folder, job.id, force)
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


def _before(folder: Path, name: str, force: bool) -> Record | None:
    """Read what became of an item before; with ``force`` a file that is no result is none."""
    try:
        return read_record(folder, name)
    except OutputExists as error:
        if force:
            return None
        raise OutputExists(f"{error} It is no result of a batch: --force replaces it.") from error


class _Batch:
    """The items of a call: which have ended, and which are tried again."""

    def __init__(
        self, folder: Path, total: int, options: BatchOptions, on_progress: OnProgress | None
    ) -> None:
        self.records: list[Record] = []
        self.skipped = 0
        self._folder = folder
        self._total = total
        self._options = options
        self._log = folder / log_name(options.shard)
        self._on_progress = on_progress
        self._tries: Counter[str] = Counter()

    def begin(self, found: Sequence[Task | Record | None]) -> None:
        """Count what is done, and note what is refused; what is known of an output stays."""
        self.skipped = sum(one is None for one in found)
        self._tell()
        for one in found:
            if isinstance(one, Record):
                if not (self._folder / f"{one.id}{RESULT}").exists():
                    write_record(self._folder, one)
                self._ended(one)

    def work(self, clips: Sequence[tuple[Task, ...]]) -> list[tuple[Task, ...]]:
        """Work on clips; return what is left: what is tried again, and what waited behind it."""
        left: list[tuple[Task, ...]] = []

        def done(_: int, tasks: tuple[Task, ...], outcome: list[Record] | Failure) -> None:
            if isinstance(outcome, Failure):
                left.extend(self._broken(tasks, outcome))
            else:
                for task, record in zip(tasks, outcome, strict=True):
                    left.extend(self._tried(task, record))

        maker = partial(make_worker, self._options.limits)
        before = self._tries.total()
        run_items(clips, maker, workers=self._options.staff, on_done=done)
        if self._tries.total() > before:
            time.sleep(2.0 ** max(self._tries.values()))
        return left

    def _broken(self, tasks: tuple[Task, ...], failure: Failure) -> list[tuple[Task, ...]]:
        """Sort the items of a worker that ended: those that ended before it, and what to do again.

        The item that it worked on goes alone, so that it takes no others with it.
        """
        held: list[tuple[Task, Failure]] = []
        left: list[tuple[Task, ...]] = []
        rest: list[Task] = []
        for task in tasks:
            record = read_record(self._folder, task.job.id)
            if record is None or record.batch != task.batch:
                rest.append(task)
            elif record.status == "started":
                held.append((task, self._named(failure, record.began)))
            else:
                left += self._tried(task, record)
        if not held:  # it ended between two items
            held, rest = [(task, self._named(failure, None)) for task in rest[:1]], rest[1:]
        for task, why in held:
            record = task.failed(why)
            with suppress(OutputNotWritable):  # perhaps that is why
                write_record(self._folder, record)
            left += self._tried(task, record)
        return [*left, tuple(rest)]

    def _named(self, failure: Failure, began: float | None) -> Failure:
        """Tell a worker that took too long from one that died of itself."""
        limit = self._options.timeout
        if failure.kind != DIED or limit is None:
            return failure
        late = began is not None and time.time() - began >= limit
        if late or TIMER in failure.message:  # another machine does not say by which signal
            return Failure(TIMED_OUT, f"it took longer than {limit:g} s (--timeout).")
        return failure

    def _tried(self, task: Task, record: Record) -> list[tuple[Task, ...]]:
        """Note an attempt; return the item if it is worth another one."""
        again = record.error in _RETRIED and self._tries[task.job.id] < self._options.retries
        if not again:
            self._ended(record)
            return []
        self._tries[task.job.id] += 1
        self._note(record)
        return [(replace(task, force=task.force or record.ours),)]

    def _note(self, record: Record) -> None:
        with suppress(OutputNotWritable):  # a full disk is told of by its item
            log_record(self._log, record)

    def _ended(self, record: Record) -> None:
        self._note(record)
        self.records.append(record)
        self._tell()

    def _tell(self) -> None:
        if self._on_progress is not None:
            failed = sum(record.status == "failed" for record in self.records)
            done = self.skipped + len(self.records)
            self._on_progress(Progress("items", done, self._total, failed))
