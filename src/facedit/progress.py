"""How far a run is: stages that are timed, told to whoever listens, and stopped on request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, get_ident
from typing import TypeVar

from facedit.errors import Cancelled

Made = TypeVar("Made")

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

BEAT_S = 0.25
"""How often what cannot be interrupted is told of, and looks whether it was cancelled."""


class StageClock:
    """Times the stages of a run, tells of them, and ends the run when it is cancelled.

    Once ``cancel`` is set, the next step raises ``Cancelled``. ``seconds`` holds those per stage,
    in order of first use.
    """

    def __init__(self, on_progress: OnProgress | None = None, cancel: Event | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._on_progress = on_progress
        self._cancel = cancel
        self._now = Progress("", 0, None)
        self._stage: object = None
        self._thread = get_ident()
        self._helper: ThreadPoolExecutor | None = None

    def check(self) -> None:
        """Raise ``Cancelled`` if the run was cancelled."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("cancelled; no unfinished output was left.")

    def apart(self, work: Callable[[], Made]) -> Made:
        """Do work that cannot be interrupted in a thread of its own, if the run can be cancelled.

        When it is, the work is left to end by itself or at its next tick; what it gives is dropped.

        Args:
            work: Only computes; files that it writes come whole or not at all.

        Returns:
            What it gives. (``check``'s error, and what it raises.)
        """
        if self._cancel is None:
            return work()
        self.check()
        if self._helper is None:
            self._helper = ThreadPoolExecutor(1, "facedit")
        self._thread = get_ident()
        future = self._helper.submit(work)
        while not wait([future], BEAT_S).done:
            self._tell()
            if self._cancel.is_set():
                future.cancel()
                self.check()
        return future.result()

    def close(self) -> None:
        """Let go of the thread that works apart, once it is done."""
        if self._helper is not None:
            self._helper.shutdown(wait=False)
            self._helper = None

    def _tell(self) -> None:
        """Tell how far the stage is; the helper leaves that to who waits for it."""
        if self._on_progress is not None and get_ident() == self._thread:
            self._on_progress(self._now)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Tick]:
        """Time one stage; it yields a function to call with the number of things done.

        ``total`` is how many there are to do, if known; the error of ``check`` passes through.
        """
        this, outer = object(), self._stage

        def tick(done: int) -> None:
            if self._stage is not this:  # work that was left behind ends here
                raise Cancelled("the stage is over.")
            self._now = Progress(name, done, total)
            self._tell()
            self.check()

        start = time.perf_counter()
        self._stage, self._thread = this, get_ident()
        try:
            tick(0)
            yield tick
        finally:
            self._stage = outer
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
