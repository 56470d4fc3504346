"""Rows of a scene: those with a face or speech, and steps from one to the next."""

from __future__ import annotations

import numpy as np

from facedit.types import Bool, Float32, Float64

MARGIN = 2
"""Motion frames at both ends of a silence that do not count."""


SPEAKING = 0.5
"""Voice activity from which on a frame is speech."""

FEWEST_STEPS = 5
"""Steps from which a clip's own speed can be told."""


def has_face(values: Float32) -> Bool:
    """Return which rows of motion or landmarks, shape (T, ...), are free of NaN."""
    return np.asarray(np.isfinite(values).all(axis=tuple(range(1, values.ndim))), dtype=np.bool_)


def speaking(voice_activity: Float32) -> Bool:
    """Return which motion frames hold speech."""
    return np.asarray(voice_activity >= SPEAKING, dtype=np.bool_)


def eroded(rows: Bool, by: int) -> Bool:
    """Take frames off both ends of every run of True; what lies outside counts as True."""
    padded = np.pad(rows, by, constant_values=True)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * by + 1)
    return np.asarray(windows.all(axis=-1), dtype=np.bool_)


def steps_within(rows: Bool) -> Bool:
    """Return which steps, from row k to k + 1, lead from one chosen row to another, (T - 1,)."""
    return np.asarray(rows[1:] & rows[:-1], dtype=np.bool_)


def step_lengths(values: Float32 | Float64) -> Float64:
    """Return the absolute change, or length of the vector of changes, of each step, (T - 1,)."""
    change = np.diff(values.astype(np.float64), axis=0)
    lengths: Float64 = np.abs(change) if change.ndim == 1 else np.linalg.norm(change, axis=1)
    return lengths


def against_own(steps: Float64, own: Float64) -> list[float]:
    """Sum steps up beside what the clip's own would have made of as many, for ``ratio_of``.

    Empty if there are no steps, or fewer than ``FEWEST_STEPS`` of the clip's own.
    """
    if not len(steps) or len(own) < FEWEST_STEPS:
        return []
    return [float(steps.sum()), float(len(steps) * own.mean())]


def silent(voice_activity: Float32) -> Bool:
    """Return in which motion frames nobody speaks."""
    return eroded(~speaking(voice_activity), MARGIN)
