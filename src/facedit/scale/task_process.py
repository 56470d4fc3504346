"""A process that works for a server: what crashes in it ends a task, and never the server."""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from facedit.errors import Cancelled, FaceditError
from facedit.progress import OnProgress
from facedit.scale.outcome import raise_again, sendable
from facedit.scale.processes import end_with_parent, how_ended, interrupts_blocked

Tell = Callable[[Any], None]
"""Tells the server something while a task is under way."""

Make = Callable[[OnProgress, Event], object]
"""Makes in a new process what does its tasks, which are methods of that."""

PATIENCE_S = 10.0
"""Once cancelled, a task has this long before its process is ended."""

_LOOK_S = 0.05
_LEAVES_S = 5.0
_LEAVE = 0

_log = logging.getLogger(__name__)


class WorkerEnded(FaceditError):
    """A process ended in the middle of a task."""


class Worker:
    """A process that does one task at a time; one that has ended is begun anew by the next task.

    Args:
        make: Makes what does the tasks. It can be pickled, and costs the server nothing.
    """

    def __init__(self, make: Make) -> None:
        self._make = make
        self._busy = Lock()
        self._count = 0
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Begin the process before it is needed, so that nobody waits for what it loads."""
        with self._busy:
            self._started()

    def call(
        self,
        task: str,
        *arguments: object,
        told: Tell | None = None,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
        limit_s: float | None = None,
    ) -> Any:
        """Let the process do something, and wait for it.

        Args:
            task: Name of a method; its errors pass through.
            *arguments: What it is given, and after that a function to tell ``told`` by.
            told: Told meanwhile what the task tells.
            on_progress: Told of every step.
            cancel: Once set, the task is cancelled, and raises ``Cancelled``.
            limit_s: Seconds after which the process is ended.

        Returns:
            What the method returns. (``WorkerEnded`` if the process ends meanwhile.)

        Raises:
            Cancelled: If the task was cancelled.
        """
        with self._busy:
            pipe = self._started()
            self._count += 1
            number, over = self._count, False
            with suppress(OSError):  # that it has ended is noticed below
                pipe.send((number, task, arguments, told is not None))
            try:
                for kind, value in self._messages(pipe, number, cancel, limit_s):
                    if kind == "progress" and on_progress is not None:
                        on_progress(value)
                    elif kind == "told" and told is not None:
                        told(value)
                    elif kind == "done":
                        over = True
                        return value
                    elif kind == "failed":
                        over = True
                        raise_again(value)
                raise Cancelled("cancelled")
            finally:
                if not over:
                    _cancel(pipe, number)

    def close(self) -> None:
        """Let the process end, by force if it does not."""
        with self._busy:
            if self._pipe is not None and self._process is not None:
                with suppress(OSError):
                    self._pipe.send(_LEAVE)
                self._process.join(_LEAVES_S)
            self._end()

    def _started(self) -> Connection:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._end()
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._make), daemon=True)
            with interrupts_blocked():
                self._process.start()
            theirs.close()  # only without ours does the pipe end when the process does
        return self._pipe

    def _messages(
        self, pipe: Connection, number: int, cancel: Event | None, limit_s: float | None
    ) -> Iterator[tuple[str, Any]]:
        """Give what is told of a task; it ends where the task was cancelled."""
        end = None if limit_s is None else time.monotonic() + limit_s
        asked = False
        while True:
            if cancel is not None and cancel.is_set() and not asked:
                asked, end = True, time.monotonic() + PATIENCE_S
                _cancel(pipe, number)
            try:
                if not pipe.poll(_LOOK_S):
                    if end is not None and time.monotonic() > end:
                        self._end()
                        if asked:
                            return
                        raise WorkerEnded(f"this took longer than {limit_s:.0f} s and was ended.")
                    continue
                of, kind, value = pipe.recv()
            except (EOFError, OSError):
                process = self._process
                how = "" if process is None else f" ({how_ended(process)})"
                self._end()
                raise WorkerEnded(
                    f"worker ended{how}: nothing that was saved is lost; try again, and report it "
                    "if it ends again."
                ) from None
            if of != number:  # of a task that was left
                continue
            if kind == "cancelled":
                return
            yield kind, value

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._pipe = self._process = None


def _cancel(pipe: Connection, number: int) -> None:
    with suppress(OSError):
        pipe.send(number)


def _serve(pipe: Connection, make: Make) -> None:
    """Run in the process: do tasks until it is ended."""
    Thread(target=end_with_parent, daemon=True).start()
    cancel, sending = Event(), Lock()
    tasks: SimpleQueue[tuple[int, str, tuple[Any, ...], bool] | None] = SimpleQueue()
    number, cancelled = 0, set()

    def send(of: int, kind: str, value: object = None) -> None:
        with sending, suppress(OSError):  # without a server it ends by itself
            pipe.send((of, kind, value))

    def hear() -> None:
        with suppress(EOFError, OSError):
            while True:
                message = pipe.recv()
                if isinstance(message, tuple) or message == _LEAVE:
                    tasks.put(message or None)
                    continue
                cancelled.add(message)
                if message == number:
                    cancel.set()

    worker = make(lambda progress: send(number, "progress", progress), cancel)
    Thread(target=hear, daemon=True).start()
    while (message := tasks.get()) is not None:
        number, task, arguments, tells = message
        cancel.clear()
        if number in cancelled:
            cancel.set()
        tell = (partial(send, number, "told"),) if tells else ()
        try:
            done = getattr(worker, task)(*arguments, *tell)
        except Cancelled:
            send(number, "cancelled")
        except FaceditError as error:
            send(number, "failed", sendable(error))
        except Exception as error:
            _log.exception("the task %r failed", task)
            send(number, "failed", sendable(error))
        else:
            send(number, "done", done)
