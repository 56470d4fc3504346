"""The queue, its worker, and the events that tell of them."""

from __future__ import annotations

import asyncio
import json
from threading import Condition, Event
from typing import Any

import pytest

from facedit.errors import BadEdit, Cancelled
from facedit.progress import Progress
from facedit.studio.events import Events
from facedit.studio.job_queue import Job, Jobs


class Told:
    """Waits for what is told of jobs."""

    def __init__(self) -> None:
        self._changed = Condition()

    def __call__(self, _: dict[str, Any]) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, job: Job) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: job.is_over, 20)


def plain(job: Job, says: str) -> str:
    return f"{job.clip}: {says}"


def test_the_urgent_goes_first_and_a_failure_stops_nothing() -> None:
    told, begun, go, order = Told(), Event(), Event(), []
    jobs = Jobs(told, plain)

    def first() -> dict[str, Any]:
        begun.set()
        assert go.wait(20)
        raise BadEdit("no such word.")

    def step(name: str) -> Any:
        return lambda: order.append(name) or {"made": name}

    failing = jobs.submit("words", "a", first)
    assert begun.wait(20)
    jobs.submit("export", "b", step("export"))
    jobs.submit("takes", "c", step("takes"))
    last = jobs.submit("words", "d", step("words"))
    jobs.submit("sounds", "e", step("sounds"))
    go.set()
    told.wait_for(last)
    jobs.close()
    assert order == ["sounds", "takes", "export", "words"]
    assert (failing.state, failing.error) == ("failed", "a: no such word.")
    assert last.result == {"made": "words"}


def test_a_running_job_is_cancelled_by_what_its_session_looks_at() -> None:
    told, begun = Told(), Event()
    jobs = Jobs(told, plain)

    def work() -> dict[str, Any]:
        jobs.progress(Progress("rendering", 3, 4))
        begun.set()
        assert jobs.cancel.wait(20)
        raise Cancelled("cancelled")

    job = jobs.submit("takes", "a", work)
    assert begun.wait(20)
    assert (job.stage, job.share) == ("rendering", 0.75)
    jobs.stop(job.id)
    told.wait_for(job)
    after = jobs.submit("takes", "b", lambda: {"cancelled": jobs.cancel.is_set()})
    told.wait_for(after)
    jobs.close()
    assert (job.state, after.result) == ("cancelled", {"cancelled": False})


def test_newer_sounds_take_the_place_of_older_ones() -> None:
    told, begun = Told(), Event()
    jobs = Jobs(told, plain)

    def work() -> dict[str, Any]:
        begun.set()
        assert jobs.cancel.wait(20)
        raise Cancelled("cancelled")

    old = jobs.submit("sounds", "a", work)
    assert begun.wait(20)
    new = jobs.submit("sounds", "a", lambda: {"new": True})
    told.wait_for(new)
    jobs.close()
    assert (old.state, new.state) == ("cancelled", "done")


def test_a_look_gives_way_and_is_begun_anew() -> None:
    told, begun, order = Told(), Event(), []
    jobs = Jobs(told, plain)

    def look() -> dict[str, Any]:
        order.append("look")
        begun.set()
        if len(order) == 1:
            assert jobs.cancel.wait(20)
            raise Cancelled("cancelled")
        return {}

    first = jobs.submit("look", "a", look)
    assert begun.wait(20)
    sounds = jobs.submit("sounds", "a", lambda: order.append("sounds") or {})
    told.wait_for(first)
    jobs.close()
    assert order == ["look", "sounds", "look"]
    assert (first.state, sounds.state) == ("done", "done")


def test_a_page_that_was_cut_off_catches_up_and_one_of_an_earlier_run_does_not() -> None:
    events = Events()
    for number in range(3):
        events.publish({"number": number})

    async def heard(last_id: str | None) -> list[tuple[str, int]]:
        found = []
        async for text in events.stream(last_id):
            for line in text.splitlines():
                if line.startswith("id: "):
                    name = line[4:]
                if line.startswith("data: "):
                    found.append((name, json.loads(line[6:])["number"]))
        return found

    async def all_of_them() -> list[list[tuple[str, int]]]:
        listening = asyncio.create_task(heard(None))
        await asyncio.sleep(0)
        events.publish({"number": 3})
        events.close()
        ((name, _),) = new = await listening
        run = name.partition("-")[0]
        return [new, await heard(f"{run}-1"), await heard("00000000-1"), await heard("x-y-z")]

    new, missed, other, bad = asyncio.run(all_of_them())
    assert [number for _, number in new] == [3]
    assert [number for _, number in missed] == [1, 2, 3]
    assert (other, bad) == ([], [])


def test_what_would_end_the_worker_fails_one_job_and_stops_nothing() -> None:
    told = Told()
    jobs = Jobs(told, plain)

    def work() -> dict[str, Any]:
        raise SystemExit(3)

    job, after = jobs.submit("takes", "a", work), jobs.submit("takes", "b", lambda: {"made": 1})
    told.wait_for(after)
    jobs.close()
    assert (job.state, (job.error or "").partition(":")[0]) == ("failed", "worker ended")
    assert after.result == {"made": 1}


def test_an_unexpected_fault_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    told = Told()
    jobs = Jobs(told, plain)

    def work() -> dict[str, Any]:
        raise ZeroDivisionError("secret")

    job = jobs.submit("takes", "a", work)
    told.wait_for(job)
    jobs.close()
    assert job.state == "failed"
    assert "secret" not in (job.error or "")
    assert "secret" in caplog.text
