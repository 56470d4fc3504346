"""Times the stages of a run and shows their progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Tick = Callable[[int], None]
"""Called with the number of things done so far."""


class StageClock:
    """Collects the seconds that each stage takes.

    Args:
        progress: Show a bar on standard error while a stage runs.

    Attributes:
        seconds: Seconds per stage, in order of first use.
    """

    def __init__(self, *, progress: bool) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Tick]:
        """Time one stage.

        Args:
            name: What is being done, for people.
            total: How many things there are to do, if known.

        Yields:
            A function to call with the number of things done.
        """
        start = time.perf_counter()
        with tqdm(
            total=total, desc=name, file=sys.stderr, disable=not self._progress, leave=False
        ) as bar:
            yield lambda done: _advance(bar, done)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def _advance(bar: tqdm, done: int) -> None:
    bar.update(done - bar.n)
