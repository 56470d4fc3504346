"""Rows of frames: runs of True, blocks that bound memory, places spread over them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def runs(rows: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the runs of True in an array (T,), in order: first and last-plus-one index of each."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]])))
    return [(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]


def blocks(count: int, most: int) -> Iterator[slice]:
    """Cut a row into slices of so many places at most; at least one, which may be empty."""
    for start in range(0, max(count, 1), most):
        yield slice(start, min(start + most, count))


def spread(count: int, most: int) -> NDArray[np.intp]:
    """Choose so many places of a row at most, evenly spread over it; all if they are fewer."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.intp)
