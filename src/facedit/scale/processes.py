"""Items over processes of this machine.

``concurrent.futures`` breaks its whole pool when one process dies, and ``multiprocessing.Pool``
waits for ever; so each process has a pipe of its own, and whoever ends is known by its pipe. They
are spawned: PyAV and torch do not survive a fork.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from facedit.device import cores
from facedit.errors import FaceditError
from facedit.scale.environment import environment, threads_of
from facedit.scale.outcome import (
    DIED,
    Failure,
    Item,
    Maker,
    Result,
    attempt,
    failure_of,
    raise_again,
    sendable,
)

_PATIENCE_S = 5.0


def run_in_processes(
    items: Sequence[Item],
    make_worker: Maker[Item, Result],
    count: int,
    done: Callable[[int, Result | Failure], None],
) -> None:
    """Work on items in processes, no more than there are items.

    ``done`` is called here with an item's number and its outcome. What ``make_worker`` raises in a
    process is raised here; FaceditError if one ends before it is ready.
    """
    todo = iter(range(len(items)))
    left = len(items)
    staff: dict[Connection, _Process] = {}
    count = min(count, len(items))
    threads = threads_of(max(cores() // max(count, 1), 1))

    def hire() -> None:
        process = _Process(make_worker, threads)
        staff[process.pipe] = process

    try:
        for _ in range(count):
            hire()
        while left:
            for pipe in wait(list(staff)):
                process = staff[pipe]  # type: ignore[index]
                index, outcome = process.receive()
                if process.ended:
                    del staff[pipe]  # type: ignore[arg-type]
                    if left > 1 + len(staff):
                        hire()
                else:
                    process.give(next(todo, None), items)
                if index is not None:
                    left -= 1
                    done(index, outcome)
    finally:
        # Ctrl-C or an error: nobody waits for the items under way.
        _end(staff.values(), at_once=left > 0)


def _end(staff: Collection[_Process], *, at_once: bool) -> None:
    """Let processes end; ``at_once``: in the middle of their items."""
    if at_once:
        for process in staff:
            process.terminate()
    for process in staff:
        process.leave()


class _Process:
    """One child: its pipe and the item that it holds."""

    def __init__(
        self, make_worker: Callable[[], Callable[[Any], Any]], threads: dict[str, str]
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make_worker), daemon=True)
        self.held: int | None = None
        self.ready = self.ended = False
        with environment(threads), interrupts_blocked():
            self._process.start()
        # The child has its own copy now; only without ours does the pipe end when the child does.
        theirs.close()

    def give(self, index: int | None, items: Sequence[Any]) -> None:
        """Hand out an item, or nothing, to the process that asked for one."""
        self.ready, self.held = True, index
        if index is not None:
            # A child that just ended is noticed at the next look at its pipe.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.pipe.send((index, items[index]))

    def receive(self) -> tuple[int | None, Any]:
        """Return the number and the outcome of an item, or what it held if it ended.

        What ``make_worker`` raised in it is raised; FaceditError if it ended before it was ready.
        """
        try:
            index, outcome = self.pipe.recv()
        except (EOFError, OSError):
            self.ended, how = True, how_ended(self._process)
            self.leave()
            if not self.ready:
                raise FaceditError(
                    f"A worker process ended ({how}) before it was ready: is the memory enough, and"
                    " does the script start its work under 'if __name__ == \"__main__\"'?"
                ) from None
            return self.held, Failure(DIED, f"A worker process ended ({how})")
        if index is None and outcome is not None:
            raise_again(outcome)
        return index, outcome

    def terminate(self) -> None:
        """Ask the process to end at once."""
        self._process.terminate()

    def leave(self) -> None:
        """Let the process end, by force if it does not."""
        self.pipe.close()
        self._process.join(_PATIENCE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, make_worker: Callable[[], Callable[[Any], Any]]) -> None:
    """Run in the child: load once, then handle items until the pipe ends."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        handle = make_worker()
    except Exception as error:
        with suppress(OSError):
            pipe.send((None, sendable(error)))
        return
    with suppress(EOFError, OSError):
        pipe.send((None, None))
        while True:
            index, item = pipe.recv()
            outcome = attempt(handle, item)
            try:
                pipe.send((index, outcome))
            except OSError:
                return
            except Exception as error:  # a result that cannot be pickled
                pipe.send((index, failure_of(error)))


def how_ended(process: BaseProcess) -> str:
    """Say how a process ended whose pipe did: the signal, or its exit status."""
    process.join(_PATIENCE_S)
    code = process.exitcode
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit status {code}"


def end_with_parent() -> None:
    """End this process when its parent is gone, even by SIGKILL and in the middle of an item."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Start children that ignore Ctrl-C, which a terminal sends to all: the parent stops them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
