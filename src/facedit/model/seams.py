"""Corrections where drawn motion meets kept motion (ours; pure NumPy)."""

from __future__ import annotations

import numpy as np

from facedit.report.seam_steps import HIGH_PERCENTILE, motion_steps
from facedit.runs import runs
from facedit.types import Bool, Float32

REACH = 4.0
"""Frames over which a correction at a seam fades to 1/e."""

RAMP = 3
"""Drawn frames over which a step at a seam that is too large is taken back."""

AROUND = 60
"""Frames to each side of a span whose steps are the clip's usual ones there."""

LEAST_STEPS = 8
"""Kept steps from which on a clip's usual ones are known."""


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


def limit_steps(motion: Float32, mask: Bool) -> Float32:
    """Take back what a step at a seam has beyond the clip's own large ones, over ``RAMP`` frames.

    The measure is the report's: the root mean square step of all dims that are drawn somewhere, and
    ``HIGH_PERCENTILE`` of the steps between kept frames around the span. A mouth that jumps open in
    the last drawn frame is seen at once; a seam that the clip could have by itself stays as drawn.

    Motion and mask (True where it was drawn) have shape (T, D); kept entries stay untouched, and so
    do seams with fewer than ``LEAST_STEPS`` kept steps to compare with.
    """
    dims, hidden = np.asarray(mask.any(axis=0)), np.asarray(mask.any(axis=1))
    steps = np.where(hidden[:-1] | hidden[1:], np.nan, motion_steps(motion[:, dims]))
    out = motion.copy()
    for start, stop in runs(hidden):
        own = steps[max(start - AROUND, 0) : stop + AROUND]
        own = own[np.isfinite(own)]
        if len(own) < LEAST_STEPS:
            continue
        most = float(np.percentile(own, HIGH_PERCENTILE))
        for edge, kept, way in ((start, start - 1, 1), (stop - 1, stop, -1)):
            if not 0 <= kept < len(motion):
                continue
            step = out[edge] - out[kept]
            size = float(motion_steps(out[[kept, edge]][:, dims])[0])
            ramp = range(min(RAMP, stop - start))
            for k in ramp if size > most else ():
                share = (1 - most / size) * (1 - k / len(ramp))
                out[edge + way * k] -= np.where(mask[edge + way * k], share * step, 0)
    return out


def _groups(mask: Bool) -> list[list[int]]:
    """Group dims that are masked in the same frames."""
    groups: dict[bytes, list[int]] = {}
    for dim in range(mask.shape[1]):
        groups.setdefault(mask[:, dim].tobytes(), []).append(dim)
    return list(groups.values())
