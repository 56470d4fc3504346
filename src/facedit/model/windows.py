"""Which frames the network sees at once on a canvas of any length (pure index arithmetic)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.runs import runs
from facedit.types import Bool, Float32

WINDOW = 100
"""Frames the network sees at once, unless it was trained on longer windows."""

LONGEST_WINDOW = 750
"""Most frames of a window, 30 s, so that memory has a bound."""

CONTEXT = 40
"""Frames of kept motion to see on each side of what is masked, where they fit."""

PROMPT = 4
"""Kept frames put before a window that would otherwise see none."""


@dataclass(frozen=True, slots=True)
class Window:
    """Frames that pass through the network together.

    Attributes:
        frames: Indices on the canvas: the prompt's, then the window's own, which are consecutive.
        weights: Share of each frame in the blend of overlapping windows; 0 for the prompt.
    """

    frames: NDArray[np.int64]
    weights: Float32


def plan_windows(masked: Bool, window: int = WINDOW, context: int = CONTEXT) -> list[Window]:
    """Cover every frame with entries to draw (``masked``, shape (T,)) by windows, in order.

    They overlap by half. Overlapping windows are blended at every sampler step, so all windows
    agree on one motion and nothing drifts however long the canvas is: no window builds on another's
    result. A window holds at most ``window`` frames, and ``context`` kept ones on each side of a
    masked run where that allows it; every masked frame has a positive total weight. Windows longer
    than ``WINDOW`` are as long as they must be, for every frame costs.
    """
    frames = len(masked)
    if frames <= min(window, WINDOW):
        return [Window(np.arange(frames), np.ones(frames, np.float32))]
    windows = [
        _with_prompt(start, stop, masked)
        for first, last in _clusters(masked, window - 2 * context)
        for start, stop in _tiles(first, last, frames, window, context)
    ]
    return windows


def _clusters(masked: Bool, longest: int) -> list[tuple[int, int]]:
    """Group masked runs that fit one window together: first and last masked frame of each."""
    clusters: list[tuple[int, int]] = []
    for first, stop in runs(masked):
        # A run joins the group before it if both fit, or if their windows would overlap anyway.
        if clusters and (stop - clusters[-1][0] <= longest or first - clusters[-1][1] <= longest):
            clusters[-1] = (clusters[-1][0], stop - 1)
        else:
            clusters.append((first, stop - 1))
    return clusters


def _tiles(first: int, last: int, frames: int, window: int, context: int) -> list[tuple[int, int]]:
    """Tile the frames ``first .. last`` and their context."""
    length = last - first + 1
    if length + 2 * context <= window:
        width = min(max(length + 2 * context, min(window, WINDOW)), frames)
        start = first + length // 2 - width // 2
        start = min(max(start, 0), frames - width)
        return [(start, start + width)]
    low, high = max(first - context, 0), min(last + 1 + context, frames)
    hop = window // 2
    starts = list(range(low, max(high - window, low) + 1, hop))
    if starts[-1] + window < high:
        starts.append(high - window)
    return [(start, min(start + window, frames)) for start in starts]


def _with_prompt(start: int, stop: int, masked: Bool) -> Window:
    own = np.arange(start, stop)
    # A tent: at the ends, where a window knows least, its neighbour decides.
    ramp = np.minimum(np.arange(1, len(own) + 1), np.arange(len(own), 0, -1))
    weights = ramp.astype(np.float32)
    kept = np.flatnonzero(~masked)
    if not masked[start:stop].all() or not len(kept):
        return Window(own, weights)
    before = kept[kept < start][-PROMPT:]
    prompt = before if len(before) else kept[kept >= stop][:PROMPT]
    return Window(
        np.concatenate([prompt, own]), np.concatenate([np.zeros(len(prompt), np.float32), weights])
    )
