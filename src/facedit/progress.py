"""How far a run is: stages that are timed, told to whoever listens, and stopped on request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from facedit.errors import Cancelled

Tick = Callable[[int], None]
"""Called with the number of things done so far."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is.

    Attributes:
        stage: What is being done, for people.
        done: Things done so far; 0 as the stage begins.
        total: How many there are to do; None if that is not known.
        failed: How many of those done failed.
    """

    stage: str
    done: int
    total: int | None
    failed: int = 0


OnProgress = Callable[[Progress], object]
"""Told of every step of every stage, in the thread that called."""


class StageClock:
    """Times the stages of a run, tells of them, and ends the run when it is cancelled.

    Once ``cancel`` is set, the next step raises ``Cancelled``. ``seconds`` holds those per stage,
    in order of first use.
    """

    def __init__(self, on_progress: OnProgress | None = None, cancel: Event | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._on_progress = on_progress
        self._cancel = cancel

    def check(self) -> None:
        """Raise ``Cancelled`` if the run was cancelled."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("cancelled; no unfinished output was left.")

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Tick]:
        """Time one stage; it yields a function to call with the number of things done.

        ``total`` is how many there are to do, if known; the error of ``check`` passes through.
        """

        def tick(done: int) -> None:
            if self._on_progress is not None:
                self._on_progress(Progress(name, done, total))
            self.check()

        start = time.perf_counter()
        tick(0)
        yield tick
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
