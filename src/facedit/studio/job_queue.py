"""One job at a time: a queue by urgency, one worker thread, progress and cancelling."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Event, Thread
from typing import Any, Literal, get_args

from facedit.errors import Cancelled, FaceditError
from facedit.progress import Progress
from facedit.studio.refused import Refused
from facedit.studio.studio_options import MOST_JOBS

Kind = Literal["sounds", "takes", "correct", "export", "sync", "generate", "look", "words", "proxy"]
"""What is done; the first is the most urgent."""

_URGENCY: tuple[Kind, ...] = get_args(Kind)

_GIVES_WAY = ("look", "words")
"""What stops for anything more urgent and goes on afterwards: nothing of it is lost."""

_TELL_S = 0.1
_HELD = 200

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """Something that the worker does.

    Attributes:
        kind: What.
        clip: Id of the clip.
        work: Does it; returns what the page is told.
        id: A random name.
        state: How it is.
        stage: What is being done now.
        share: How much of the stage is done, 0 to 1; None if that is not known.
        result: What came of it.
        error: Why it failed.
        again: Whether it gives way to a more urgent one, to be begun anew.
    """

    kind: Kind
    clip: str
    work: Callable[[], dict[str, Any]]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    state: Literal["queued", "running", "done", "failed", "cancelled"] = "queued"
    stage: str = ""
    share: float | None = None
    result: dict[str, Any] | None = None
    error: str | None = None
    again: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state not in ("queued", "running")

    def to_dict(self) -> dict[str, Any]:
        """Return what a page is told."""
        names = ("id", "kind", "clip", "state", "stage", "share", "result", "error")
        return {name: getattr(self, name) for name in names}


class Jobs:
    """The queue and its worker.

    Args:
        tell: Told of every change.
        plain: Words an error for the page (no paths of this machine in it).

    Attributes:
        cancel: Stops what the sessions are doing; they are opened with it.
    """

    def __init__(
        self, tell: Callable[[dict[str, Any]], object], plain: Callable[[Job, str], str]
    ) -> None:
        self.cancel = Event()
        self._tell, self._plain = tell, plain
        self._jobs: dict[str, Job] = {}
        self._changed = Condition()
        self._running: Job | None = None
        self._closed = False
        self._told_s = 0.0
        self._thread = Thread(target=self._work, name="facedit-studio", daemon=True)
        self._thread.start()

    def submit(self, kind: Kind, clip: str, work: Callable[[], dict[str, Any]]) -> Job:
        """Queue a job; newer sounds or looks of a clip take the place of older ones.

        Refused is raised if too many wait.
        """
        if kind in ("sounds", "look"):
            for job in self.of(clip):
                if job.kind == kind and not job.is_over:
                    self.stop(job.id)
        with self._changed:
            now = self._running
            if now and now.kind in _GIVES_WAY and _before(kind, now.kind):
                now.again = True
                self.cancel.set()
            if sum(not job.is_over for job in self._jobs.values()) >= MOST_JOBS:
                raise Refused(429, f"{MOST_JOBS} jobs wait already: cancel one, or wait.")
            job = Job(kind, clip, work)
            self._jobs[job.id] = job
            over = [one.id for one in self._jobs.values() if one.is_over]
            for name in over[: max(len(self._jobs) - _HELD, 0)]:
                del self._jobs[name]
            self._tell(job.to_dict())
            self._changed.notify()
        return job

    def get(self, name: str) -> Job:
        """Return a job.

        Refused is raised if there is none of that name.
        """
        if (job := self._jobs.get(name)) is None:
            raise Refused(404, "no such job.")
        return job

    def of(self, clip: str) -> list[Job]:
        """List the jobs of a clip, the oldest first."""
        with self._changed:
            return [job for job in self._jobs.values() if job.clip == clip]

    def stop(self, name: str) -> Job:
        """Cancel a job; one that is over stays as it is. ``get``'s error passes through."""
        job = self.get(name)
        with self._changed:
            if job.state == "queued":
                self._end(job, "cancelled")
            elif job is self._running:
                job.again = False
                self.cancel.set()
        return job

    def progress(self, progress: Progress) -> None:
        """Pass on how far the running job is; sessions are opened with this."""
        job = self._running
        if job is None:
            return
        now_s = time.monotonic()
        is_new = job.stage != progress.stage
        job.stage = progress.stage
        job.share = min(progress.done / progress.total, 1.0) if progress.total else None
        if is_new or now_s - self._told_s >= _TELL_S:
            self._told_s = now_s
            self._tell(job.to_dict())

    def close(self) -> None:
        """Stop what runs and let the worker end."""
        with self._changed:
            self._closed = True
            self.cancel.set()
            self._changed.notify()
        self._thread.join(10)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not (waiting := self._waiting()):
                    self._changed.wait()
                if self._closed:
                    return
                job = self._running = waiting[0]
                job.state = "running"
                self.cancel.clear()
                self._tell(job.to_dict())
            state, result, error = self._done(job)
            with self._changed:
                self._running = None
                if state == "cancelled" and job.again:
                    job.state, job.again = "queued", False
                    continue
                job.result, job.error = result, error
                self._end(job, state)

    def _waiting(self) -> list[Job]:
        queued = [job for job in self._jobs.values() if job.state == "queued"]
        return sorted(queued, key=lambda job: _URGENCY.index(job.kind))

    def _done(
        self, job: Job
    ) -> tuple[Literal["done", "failed", "cancelled"], dict[str, Any] | None, str | None]:
        """Do a job; whatever happens, the worker goes on."""
        try:
            return "done", job.work(), None
        except Cancelled:
            return "cancelled", None, None
        except FaceditError as error:
            return "failed", None, self._plain(job, str(error))
        except Exception:
            _log.exception("the job %r failed", job.kind)
            return "failed", None, "unexpected fault: the terminal shows more; please report it."
        except BaseException:  # SystemExit of a library, say: it must not end the only worker
            _log.exception("the job %r ended its worker", job.kind)
            return "failed", None, "worker ended: the terminal shows more; please report it."

    def _end(self, job: Job, state: Literal["done", "failed", "cancelled"]) -> None:
        job.state, job.share = state, None
        self._tell(job.to_dict())


def _before(one: Kind, other: Kind) -> bool:
    return _URGENCY.index(one) < _URGENCY.index(other)
