"""Items in, results out as they come: the one function that callers need."""

from __future__ import annotations

from collections.abc import Sequence

from facedit.progress import OnProgress, Progress
from facedit.scale.cluster import run_on_ray
from facedit.scale.outcome import Done, Failure, Item, Maker, Result, attempt
from facedit.scale.processes import run_in_processes
from facedit.scale.workers import Workers


def run_items(
    items: Sequence[Item],
    make_worker: Maker[Item, Result],
    *,
    workers: Workers,
    on_done: Done[Item, Result],
    title: str = "",
    on_progress: OnProgress | None = None,
) -> int:
    """Work on independent items; return how many failed. What comes out does not depend on where.

    Items are handed out in order, one at a time, so that slow ones balance; results come in any
    order. Each worker calls ``make_worker``, which loads models and returns what turns an item into
    a result, once and then handles items. An item that raises, or whose worker ends, fails alone;
    the worker is replaced. ``on_done`` is called here, in the calling process and thread, for each
    item that is done. However the call ends (Ctrl-C and an ``on_done`` that raises included), no
    worker is left running.

    With several processes or Ray, ``make_worker``, items and results are pickled: the function
    belongs to a module (``functools.partial`` of one binds arguments), and a script that calls this
    does so under ``if __name__ == "__main__"``.

    What ``make_worker`` raises passes through; AssetMissing if Ray is asked for and not installed;
    FaceditError if workers end before they are ready.
    """
    finished = failed = 0

    def tell() -> None:
        if on_progress is not None:
            on_progress(Progress(title, finished, len(items), failed))

    def done(index: int, outcome: Result | Failure) -> None:
        nonlocal finished, failed
        on_done(index, items[index], outcome)
        finished += 1
        failed += isinstance(outcome, Failure)
        tell()

    if not items:
        return 0
    tell()
    if workers.backend == "ray":
        run_on_ray(items, make_worker, workers, done)
    elif workers.backend == "processes":
        run_in_processes(items, make_worker, workers.count or 1, done)
    else:
        handle = make_worker()
        for index, item in enumerate(items):
            done(index, attempt(handle, item))
    return failed
