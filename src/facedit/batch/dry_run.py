"""What a batch would do, and how long that may take: nothing is drawn or written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import fmean

from facedit.batch.jobs import Job
from facedit.batch.objects import Objects, address_of
from facedit.batch.records import Record, read_record
from facedit.batch.work import Task, opened
from facedit.compose.session.results import plan_result
from facedit.compose.session.session import Session
from facedit.compose.words.plans import PlannedEdit
from facedit.options import EditRequest
from facedit.scale.outcome import Failure, attempt
from facedit.scale.run_items import run_items
from facedit.scale.workers import Workers


def plan_batch(
    clips: Sequence[Sequence[tuple[Job, Task | Record | None]]], folder: Path, workers: Workers
) -> tuple[str, ...]:
    """Say what each item would do: edits with their plan, for which their words are recognised.

    ``clips``: the items of each clip, with what is to be done, why it is refused, or None if it is
    done.
    """
    todo = [tuple(one for _, one in clip if isinstance(one, Task)) for clip in clips]
    plans: dict[str, str] = {}

    def planned(_: int, tasks: tuple[Task, ...], outcome: list[str] | Failure) -> None:
        said = [f"would fail: {outcome}"] * len(tasks) if isinstance(outcome, Failure) else outcome
        plans.update({task.job.id: line for task, line in zip(tasks, said, strict=True)})

    run_items([tasks for tasks in todo if tasks], make_planner, workers=workers, on_done=planned)
    items = [item for clip in clips for item in clip]
    return (*(_said(*item, plans) for item in items), _estimate(items, folder, workers))


def make_planner() -> Callable[[tuple[Task, ...]], list[str]]:
    """Return what plans the items of a clip."""
    return _plans


def _plans(tasks: tuple[Task, ...]) -> list[str]:
    edits = [task.job for task in tasks if isinstance(task.job.request, EditRequest)]
    with Objects() as objects, ExitStack() as stack:
        session = stack.enter_context(opened(edits[0], objects)) if edits else None
        return [_plan(task.job, session, objects) for task in tasks]


def _plan(job: Job, session: Session | None, objects: Objects) -> str:
    if session is None or not isinstance(job.request, EditRequest):
        return "to be done"

    def planned(job: Job) -> PlannedEdit:
        placed = job.placed(objects)
        session.run = placed.run
        assert isinstance(placed.request, EditRequest)
        return session.plan(placed.request)

    made = attempt(planned, job)
    if isinstance(made, Failure):
        return f"would fail: {made}"
    return "to be done\n" + "\n".join(f"    {line}" for line in str(plan_result(made)).splitlines())


def _said(job: Job, found: Task | Record | None, plans: dict[str, str]) -> str:
    what = f"{job.id}: {job.verb} {address_of(job.source) or job.source} -> {job.output}"
    if found is None:
        return f"{what}: is done"
    if isinstance(found, Record):
        return f"{what}: would fail: {found.error}: {found.message}"
    return f"{what}: {plans[job.id]}"


def _estimate(
    items: Sequence[tuple[Job, Task | Record | None]], folder: Path, workers: Workers
) -> str:
    """Guess how long a batch takes by those of its items that are done."""
    seconds: dict[str, list[float]] = {}
    for job, one in items:
        if one is None and (record := read_record(folder, job.id)):
            seconds.setdefault(job.verb, []).append(record.seconds)
    todo = [job.verb for job, one in items if isinstance(one, Task)]
    line = f"{len(todo)} to be done, {sum(map(len, seconds.values()))} done."
    if not todo:
        return line
    if not seconds.keys() >= set(todo):
        return f"{line} How long it takes is known once an item of each verb is done."
    count = workers.count or 1
    length = timedelta(seconds=round(sum(fmean(seconds[verb]) for verb in todo) / count))
    return f"{line} About {length} (hours:minutes:seconds) on {count} worker(s), by what is done."
