"""What a worker does: the items of one clip, one after another in one open session."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from facedit import api
from facedit.batch.batch_options import Limits
from facedit.batch.jobs import RESULT, Job
from facedit.batch.objects import Objects
from facedit.batch.records import Record, write_record
from facedit.compose.session.requested import edit_in, generate_in, sync_in
from facedit.compose.session.results import Result, TranscriptResult
from facedit.compose.session.session import Session
from facedit.errors import OutputExists
from facedit.options import (
    MOTION_SUFFIXES,
    EditRequest,
    GenerateRequest,
    MotionOptions,
    TranscribeOptions,
)
from facedit.report.report_files import PAGE_NAME
from facedit.scale.outcome import Failure, attempt

_NO_LIMITS = Limits()


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

    def placed(self, objects: Objects) -> Task:
        """Return it with the objects of a store that its item names as files."""
        return replace(self, job=self.job.placed(objects))

    @property
    def started(self) -> Record:
        """What is known of it before its end."""
        names = tuple(path.name for path in self.job.outputs(Path()))
        return Record(self.job.id, self.key, "started", self.batch, True, names, began=time.time())

    def failed(self, failure: Failure) -> Record:
        """Say why it has no output."""
        return replace(
            self.started,
            status="failed",
            # What a verb writes beside its output, as the sound of motion, it alone knows.
            ours=self.force or failure.kind != OutputExists.__name__,
            error=failure.kind,
            message=failure.message,
        )


def make_worker(limits: Limits) -> Callable[[tuple[Task, ...]], list[Record]]:
    """Return what works on the items of a clip within limits, which hold for this process."""
    if limits.memory_bytes is not None and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, resource.RLIM_INFINITY))
    return partial(work_on_clip, limits=limits)


def work_on_clip(tasks: tuple[Task, ...], limits: Limits = _NO_LIMITS) -> list[Record]:
    """Work on the items of a clip; one that fails fails alone. Return what became of them."""
    making = [task.job for task in tasks if task.job.makes_video]
    with _cleaning_up(), _timers(limits) as restart, Objects() as objects, ExitStack() as stack:
        session = stack.enter_context(opened(making[0], objects)) if making else None
        return [_work_on(task, session, objects, restart) for task in tasks]


def opened(job: Job, objects: Objects) -> Session:
    """Open the clip of an item."""
    source, footage = objects(job.source), job.footage and objects(job.footage)
    return api.open(source, run=job.run, footage=footage, picture_only=job.picture_only)


@contextmanager
def _timers(limits: Limits) -> Iterator[Callable[[], object]]:
    """End this process when the time is up that an item may take; yield what starts it anew.

    By a signal that nothing catches: a decoder that hangs would hold up any handler.
    """
    if limits.timeout_s is None or sys.platform == "win32":
        yield lambda: None
        return
    restart = partial(signal.setitimer, signal.ITIMER_REAL, limits.timeout_s)
    restart()
    try:
        yield restart
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _work_on(
    task: Task, session: Session | None, objects: Objects, restart: Callable[[], object]
) -> Record:
    started = task.started
    write_record(task.folder, started)
    restart()
    start = time.perf_counter()
    try:
        outcome = attempt(lambda one: _made(one.placed(objects), session), task)
    except BaseException:  # Ctrl-C: of what has no output nothing is left
        if not any(path.exists() for path in task.job.outputs(task.folder)):
            (task.folder / f"{task.job.id}{RESULT}").unlink(missing_ok=True)
        raise
    seconds = round(time.perf_counter() - start, 3)
    if isinstance(outcome, Failure):
        record = task.failed(outcome)
    else:
        record = replace(started, status="done", **_found(task, outcome))
    record = replace(record, seconds=seconds, began=started.began)
    write_record(task.folder, record)
    return record


def _found(task: Task, made: Result | TranscriptResult) -> dict[str, Any]:
    """Tell what a run's report says that a batch should know."""
    if not isinstance(made, Result) or not (reports := made.details.get("reports")):
        return {}
    seams = [seam for report in reports for seam in report["seams"]]
    jumps = [seam[name] for seam in seams for name in ("motion", "velocity", "picture")]
    known = [jump for jump in jumps if jump and jump["high"] and jump["value"] is not None]
    steps = [jump["value"] / jump["high"] for jump in known]
    return {
        "seams": len(seams),
        "rough": sum(not seam["smooth"] for seam in seams),
        "worst": round(max(steps), 4) if steps else None,
        "report": str((made.report / PAGE_NAME).relative_to(task.folder)) if made.report else "",
        "warnings": tuple(reports[0]["warnings"]),
    }


def _made(task: Task, session: Session | None) -> Result | TranscriptResult:
    """Make an item's output as its verb alone would, a video in the session of its clip."""
    job, request = task.job, task.job.request
    output, run = task.folder / job.output, replace(job.run, force=task.force)
    if isinstance(request, TranscribeOptions):
        return api.transcribe(job.source, output, replace(request, force=task.force))
    if isinstance(request, MotionOptions):
        return api.export_motion(job.source, output, replace(request, force=task.force))
    if output.suffix.lower() in MOTION_SUFFIXES and isinstance(request, GenerateRequest):
        return api.generate(job.source, output, request, run=run)
    assert session is not None
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
