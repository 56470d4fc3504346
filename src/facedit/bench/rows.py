"""Rows of a scene: runs of them, those that show a face, and steps from one to the next."""

from __future__ import annotations

import numpy as np

from facedit.types import Bool, Float32, Float64


def runs(rows: Bool) -> list[tuple[int, int]]:
    """Return the runs of True.

    Args:
        rows: Shape (T,).

    Returns:
        First and last-plus-one index of each run.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def has_face(values: Float32) -> Bool:
    """Return which rows are free of NaN.

    Args:
        values: Motion or landmarks, shape (T, ...).

    Returns:
        Shape (T,).
    """
    return np.asarray(np.isfinite(values).all(axis=tuple(range(1, values.ndim))), dtype=np.bool_)


def eroded(rows: Bool, by: int) -> Bool:
    """Take frames off both ends of every run of True; what lies outside counts as True.

    Args:
        rows: Shape (T,).
        by: Frames taken off at each end.

    Returns:
        Shape (T,).
    """
    padded = np.pad(rows, by, constant_values=True)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * by + 1)
    return np.asarray(windows.all(axis=-1), dtype=np.bool_)


def steps_within(rows: Bool) -> Bool:
    """Return which steps lead from one chosen row to the next one, also chosen.

    Args:
        rows: Shape (T,).

    Returns:
        Step k leads from row k to k + 1, shape (T - 1,).
    """
    return np.asarray(rows[1:] & rows[:-1], dtype=np.bool_)


def step_lengths(values: Float32 | Float64) -> Float64:
    """Measure each step.

    Args:
        values: One value or vector a row, shape (T,) or (T, D).

    Returns:
        Absolute change, or length of the vector of changes, shape (T - 1,).
    """
    change = np.diff(values.astype(np.float64), axis=0)
    lengths: Float64 = np.abs(change) if change.ndim == 1 else np.linalg.norm(change, axis=1)
    return lengths
