"""The environment that child processes start with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from facedit.device import CORES


def threads_of(cores: int) -> dict[str, str]:
    """Return what tells a process how many threads to take: with more than that all would wait.

    NumPy's products, which each number of threads rounds otherwise, are always computed by one.
    """
    threads = str(max(cores // 2, 1))
    return {CORES: str(cores), "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": "1"}


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables for the children that are started in the block.

    Libraries read them when they are first imported, which in a child may be before any code of
    ours, so that they must stand when it starts.
    """
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
