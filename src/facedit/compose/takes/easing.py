"""How far an expression shows in each frame, and when eyes blink (pure arithmetic)."""

from __future__ import annotations

import numpy as np

from facedit.compose.frames.canvas import Canvas
from facedit.editing.plan import EASE_S
from facedit.render.blink import Blink, closure_at
from facedit.runs import runs
from facedit.types import Float32, Float64
from facedit.units import MOTION_FPS

_BLINK_S, _SHUT = 0.24, 0.38
"""How long an asked-for blink takes, and at which share of that the eyes are shut."""


def blinking(canvas: Canvas, times: tuple[float, float], amount: float = 1.0) -> Float32 | None:
    """Return what eyes do that blink in the middle of a stretch, or as near as frames are drawn.

    Shape (T, 2, 3); None if no drawn frames are there, or too few to blink.
    """
    at_s = canvas.start_s + np.arange(len(canvas.values)) / MOTION_FPS
    start_s, end_s = max(times[0], float(at_s[0])), min(times[1], float(at_s[-1]))
    asked_s = (start_s + end_s) / 2
    fits = []
    for first, stop in runs(np.asarray(canvas.mask.any(axis=1))):
        low_s = at_s[first] + _SHUT * _BLINK_S
        high_s = at_s[stop - 1] - (1 - _SHUT) * _BLINK_S
        if start_s <= at_s[stop - 1] and at_s[first] <= end_s and low_s <= high_s:
            fits.append(float(np.clip(asked_s, low_s, high_s)))
    if not fits:
        return None
    shut_s = min(fits, key=lambda one: abs(one - asked_s))
    eyes = np.zeros((len(at_s), 2, 3), np.float32)
    closure = closure_at(at_s, [Blink(shut_s - _SHUT * _BLINK_S, _BLINK_S)])
    eyes[..., 0] = amount * closure[:, None]
    return eyes


def share_of(canvas: Canvas, times: tuple[float, float]) -> Float64:
    """Return how far an expression shows in each frame, shape (T,): less where kept ones are near.

    It eases in before its time and out after it, and is gone in kept frames.
    """
    at_s = canvas.start_s + np.arange(len(canvas.values)) / MOTION_FPS
    kept = np.flatnonzero(~canvas.mask.any(axis=1))
    near = np.full(len(at_s), np.inf)
    if len(kept):
        near = np.abs(np.arange(len(at_s))[:, None] - kept[None, :]).min(axis=1) / MOTION_FPS
    return eased(at_s, times, near)


def eased(at_s: Float64, times: tuple[float, float], near_s: Float64) -> Float64:
    """Return how far an expression that shows between two times does so at others, shape (T,).

    ``near_s``: how far frames are kept as they are from each, in seconds, shape (T,).
    """
    away_s = np.maximum(np.maximum(times[0] - at_s, at_s - times[1]), 0.0)
    return _raised(1 - away_s / EASE_S) * _raised(near_s / EASE_S)


def _raised(value: Float64) -> Float64:
    """Return a raised cosine from 0 at 0 to 1 at 1."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(value, 0.0, 1.0)))
