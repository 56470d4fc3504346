"""Runs of True: where something holds without a break."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def runs(rows: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the runs of True in an array (T,), in order: first and last-plus-one index of each."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]])))
    return [(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]
