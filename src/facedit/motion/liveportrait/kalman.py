"""The official tool's smoothing over time: each number a random walk seen through noise."""

from __future__ import annotations

import numpy as np

from facedit.types import Float32, Float64

USUAL_NOISE = 3e-7
"""Variance of an observation, as the official tool has it: next to nothing changes."""

_STEP = 1e-5
"""Variance of a step of the walk, as there."""


def smoothed(values: Float32 | Float64, noise: float = USUAL_NOISE) -> Float64:
    """Smooth by a Kalman filter forwards and Rauch, Tung and Striebel's pass backwards.

    Args:
        values: Shape (T, ...); the first is where the walk starts, with variance 1.
        noise: Variance of an observation; the more, the smoother.

    Returns:
        Shape (T, ...).
    """
    found = np.array(values, np.float64)
    before, after = np.ones(len(found)), np.ones(len(found))
    for k in range(len(found)):
        if k:
            before[k] = after[k - 1] + _STEP
            found[k] = found[k - 1] + (found[k] - found[k - 1]) * before[k] / (before[k] + noise)
        after[k] = before[k] * noise / (before[k] + noise)
    for k in range(len(found) - 2, -1, -1):
        found[k] += after[k] / before[k + 1] * (found[k + 1] - found[k])
    return found
