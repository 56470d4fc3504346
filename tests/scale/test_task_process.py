"""A process that does tasks may be killed at any moment; who asked goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest

from facedit.errors import BadMedia, Cancelled
from facedit.progress import OnProgress, Progress
from facedit.scale.task_process import Tell, Worker, WorkerEnded
from facedit.studio.refused import Refused


class Tasks:
    """What the process of these tests can do."""

    def __init__(self, on_progress: OnProgress, cancel: Event) -> None:
        self._on_progress, self._cancel, self._count = on_progress, cancel, 0

    def crash(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)

    sounds = takes = look = crash

    def count(self) -> int:
        self._count += 1
        return self._count

    def telling(self, tell: Tell) -> str:
        self._on_progress(Progress("counting", 1, 2))
        tell("one")
        tell("two")
        return "three"

    def refusing(self, kind: str) -> None:
        raise Refused(409, "not now.") if kind == "refused" else BadMedia("x.mp4: no video.")

    def waiting(self, tell: Tell) -> None:
        tell("waits")
        self._cancel.wait(60)
        raise Cancelled("cancelled")

    def deaf(self, tell: Tell) -> None:
        tell("waits")
        Event().wait(60)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker(Tasks)
    yield made
    made.close()


def test_a_crash_ends_one_task_and_the_next_finds_a_new_process(worker: Worker) -> None:
    assert [worker.call("count"), worker.call("count")] == [1, 2]
    with pytest.raises(WorkerEnded, match=r"worker ended \(SIGSEGV\): nothing that was saved"):
        worker.call("crash")
    assert worker.call("count") == 1


def test_what_a_task_tells_and_how_it_fails_is_passed_on(worker: Worker) -> None:
    told: list[Any] = []
    assert worker.call("telling", told=told.append, on_progress=told.append) == "three"
    assert told == [Progress("counting", 1, 2), "one", "two"]
    with pytest.raises(Refused, match=r"not now\.") as refused:
        worker.call("refusing", "refused")
    assert refused.value.status == 409
    with pytest.raises(BadMedia, match=r"x\.mp4: no video\."):
        worker.call("refusing", "media")


def test_a_cancelled_task_ends_and_the_process_stays_warm(worker: Worker) -> None:
    before, cancel = worker.call("count"), Event()
    with pytest.raises(Cancelled):
        worker.call("waiting", told=lambda _: cancel.set(), cancel=cancel)
    assert worker.call("count") == before + 1


def test_a_task_that_does_not_listen_is_ended(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is cancelled, or over its limit: a hostile file must not hold the server up."""
    monkeypatch.setattr("facedit.scale.task_process.PATIENCE_S", 0.1)
    cancel = Event()
    with pytest.raises(Cancelled):
        worker.call("deaf", told=lambda _: cancel.set(), cancel=cancel)
    with pytest.raises(WorkerEnded, match="took longer than 0 s"):
        worker.call("deaf", told=lambda _: None, limit_s=0.1)
    assert worker.call("count") == 1


def test_a_page_that_fails_in_the_middle_leaves_the_process_to_the_next(worker: Worker) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    before = worker.call("count")
    with pytest.raises(ZeroDivisionError):
        worker.call("waiting", told=fail)
    assert worker.call("count") == before + 1


def test_two_at_once_wait_for_each_other(worker: Worker) -> None:
    before, found = worker.call("count"), []
    threads = [Thread(target=lambda: found.append(worker.call("count"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [before + k for k in (1, 2, 3, 4)]
