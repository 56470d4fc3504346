"""Offset correction where drawn motion meets kept motion (ours, an option; pure NumPy)."""

from __future__ import annotations

import numpy as np

from facedit.runs import runs
from facedit.types import Bool, Float32

REACH = 4.0
"""Frames over which a correction at a seam fades to 1/e."""


def correct_offsets(motion: Float32, mask: Bool, share: float, reach: float = REACH) -> Float32:
    """Take a share of the offset at each seam off the drawn frames next to it.

    The first drawn frame is compared with the kept frame before it plus the mean of the steps on
    either side of the seam: a drawn span that is right but for its level misses by just that level.
    What it misses by fades out from the seam, to 1/e after ``reach`` frames. The other end of a
    span is treated alike. A seam needs two kept and two drawn frames.

    Motion and mask (True where it was drawn) have shape (T, D); kept entries stay untouched; a
    share of 0 returns the motion as it is.
    """
    if share == 0:
        return motion
    out = motion.copy()
    frames = len(motion)
    for dims in _groups(mask):
        for start, stop in runs(mask[:, dims[0]]):
            if stop - start < 2:
                continue
            x = motion[:, dims]
            fade = share * np.exp(-np.arange(stop - start) / reach)[:, None]
            if start >= 2 and not mask[start - 2, dims[0]]:
                steps = (x[start - 1] - x[start - 2]) + (x[start + 1] - x[start])
                out[start:stop, dims] -= fade * (x[start] - x[start - 1] - steps / 2)
            if stop <= frames - 2 and not mask[stop + 1, dims[0]]:
                steps = (x[stop + 1] - x[stop]) + (x[stop - 1] - x[stop - 2])
                out[start:stop, dims] -= fade[::-1] * (x[stop - 1] - x[stop] + steps / 2)
    return out


def _groups(mask: Bool) -> list[list[int]]:
    """Group dims that are masked in the same frames."""
    groups: dict[bytes, list[int]] = {}
    for dim in range(mask.shape[1]):
        groups.setdefault(mask[:, dim].tobytes(), []).append(dim)
    return list(groups.values())
