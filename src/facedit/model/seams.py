"""Settle drawn motion onto its kept neighbours (pure NumPy)."""

from __future__ import annotations

import numpy as np

from facedit.runs import runs
from facedit.types import Bool, Float32

REACH = 4.0
"""Frames over which a correction at a seam fades to 1/e."""


def settle_seams(drawn: Float32, hidden: Bool, share: float, reach: float = REACH) -> Float32:
    """Take a share of the level error at each seam off the frames next to it.

    The first drawn frame is compared with the kept frame before it plus the mean of the steps on
    either side of the seam: a drawn span that is right but for its level misses by just that level.
    What it misses by fades out from the seam. The other end of a span is treated alike.

    Args:
        drawn: Motion with its hidden entries drawn, shape (T, D).
        hidden: True where it was drawn, shape (T, D).
        share: Share of the error taken off; 0 returns the motion as it is.
        reach: Frames over which the correction fades to 1/e.

    Returns:
        Motion, kept entries untouched, shape (T, D). A seam needs two kept and two drawn frames.
    """
    if share == 0:
        return drawn
    out = drawn.copy()
    frames = len(drawn)
    for dims in _alike(hidden):
        for start, stop in runs(hidden[:, dims[0]]):
            if stop - start < 2:
                continue
            x = drawn[:, dims]
            fade = share * np.exp(-np.arange(stop - start) / reach)[:, None]
            if start >= 2 and not hidden[start - 2, dims[0]]:
                steps = (x[start - 1] - x[start - 2]) + (x[start + 1] - x[start])
                out[start:stop, dims] -= fade * (x[start] - x[start - 1] - steps / 2)
            if stop <= frames - 2 and not hidden[stop + 1, dims[0]]:
                steps = (x[stop + 1] - x[stop]) + (x[stop - 1] - x[stop - 2])
                out[start:stop, dims] -= fade[::-1] * (x[stop - 1] - x[stop] + steps / 2)
    return out


def _alike(hidden: Bool) -> list[list[int]]:
    """Group dims that are hidden in the same frames."""
    groups: dict[bytes, list[int]] = {}
    for dim in range(hidden.shape[1]):
        groups.setdefault(hidden[:, dim].tobytes(), []).append(dim)
    return list(groups.values())
