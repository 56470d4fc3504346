"""What a worker does: the items of one clip, one after another in one open session."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from facedit import api
from facedit.batch.jobs import RESULT, Job
from facedit.batch.records import Record, write_record
from facedit.compose.requested import edit_in, generate_in, sync_in
from facedit.compose.results import Result
from facedit.compose.session import Session
from facedit.errors import OutputExists
from facedit.options import MOTION_SUFFIXES, EditRequest, GenerateRequest
from facedit.scale.outcome import Failure, attempt


@dataclass(frozen=True, slots=True)
class Task:
    """An item that is to be worked on.

    Attributes:
        job: The item.
        folder: Where its output goes.
        key: Of what it is made.
        batch: Which call works on it.
        force: Whether outputs that are there may be replaced.
    """

    job: Job
    folder: Path
    key: str
    batch: str
    force: bool

    @property
    def started(self) -> Record:
        """What is known of it before its end."""
        names = tuple(path.name for path in self.job.outputs(Path()))
        return Record(self.job.id, self.key, "started", self.batch, True, names)

    def failed(self, failure: Failure, seconds: float = 0.0) -> Record:
        """Say why it has no output."""
        return replace(
            self.started,
            status="failed",
            # What a verb writes beside its output, as the sound of motion, it alone knows.
            ours=self.force or failure.kind != OutputExists.__name__,
            seconds=round(seconds, 3),
            error=failure.kind,
            message=failure.message,
        )


def make_worker() -> Callable[[tuple[Task, ...]], list[Record]]:
    """Return what works on the items of a clip."""
    return work_on_clip


def work_on_clip(tasks: tuple[Task, ...]) -> list[Record]:
    """Work on the items of a clip; one that fails fails alone. Return what became of them."""
    job = tasks[0].job
    opened = partial(api.open, footage=job.footage, picture_only=job.picture_only)
    with _cleaning_up(), opened(job.source, run=job.run) as session:
        return [_work_on(task, session) for task in tasks]


def _work_on(task: Task, session: Session) -> Record:
    start = time.perf_counter()
    write_record(task.folder, task.started)
    try:
        outcome = attempt(lambda one: _made(one, session), task)
    except BaseException:  # Ctrl-C: of what has no output nothing is left
        if not any(path.exists() for path in task.job.outputs(task.folder)):
            (task.folder / f"{task.job.id}{RESULT}").unlink(missing_ok=True)
        raise
    seconds = time.perf_counter() - start
    if isinstance(outcome, Failure):
        record = task.failed(outcome, seconds)
    else:
        reports = outcome.details.get("reports", ())
        warnings = tuple(line for report in reports[:1] for line in report["warnings"])
        record = replace(task.started, status="done", seconds=round(seconds, 3), warnings=warnings)
    write_record(task.folder, record)
    return record


def _made(task: Task, session: Session) -> Result:
    """Make an item's video in the session of its clip, as its verb alone would."""
    job, request = task.job, task.job.request
    output, run = task.folder / job.output, replace(job.run, force=task.force)
    if output.suffix.lower() in MOTION_SUFFIXES and isinstance(request, GenerateRequest):
        return api.generate(job.source, output, request, run=run)
    session.run = run
    if isinstance(request, EditRequest):
        return edit_in(session, request, output)
    if isinstance(request, GenerateRequest):
        return generate_in(session, request, output)
    return sync_in(session, request.speech, output)


@contextmanager
def _cleaning_up() -> Iterator[None]:
    """Let a worker process that is told to end clean up first, without a traceback."""
    if multiprocessing.parent_process() is None:
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGTERM) from None
    finally:
        signal.signal(signal.SIGTERM, before)
