"""Shot cuts, found from small grey copies of the frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facedit.face.searched_picture import Picture
from facedit.types import Float32

THUMBNAIL = 32
"""Points along each side of the grid at which frames are compared."""

MIN_DIFFERENCE = 18.0
"""Least mean grey difference (of 255) across a cut."""

PEAK = 2.5
"""A cut's difference is at least so many times the next one's on either side."""


class CutDetector:
    """Finds the frames of a stream that begin a new shot.

    A cut is a mean grey difference to the previous frame above a fixed floor that stands alone:
    a camera that swings or a slow fade changes every frame by about as much.
    """

    def __init__(self) -> None:
        self._last: Float32 | None = None
        self._times: list[float] = []
        self._differences: list[float] = []

    def may_be_cut(self, time_s: float, picture: Picture) -> bool:
        """Tell whether the next frame looks like the first of a new shot.

        That is as far as can be told before the frame after it is seen; False for the first frame
        of all.
        """
        small = thumbnail(picture)
        last, self._last = self._last, small
        difference = 0.0 if last is None else float(np.abs(small - last).mean())
        before = self._differences[-1] if self._differences else 0.0
        self._times.append(time_s)
        self._differences.append(difference)
        return difference >= MIN_DIFFERENCE and difference >= PEAK * before

    def cuts(self) -> tuple[float, ...]:
        """Return the times of the frames that begin a new shot, now that all are seen."""
        padded = [0.0, *self._differences, 0.0]
        return tuple(
            time_s
            for time_s, before, difference, after in zip(
                self._times, padded, padded[1:], padded[2:], strict=False
            )
            if difference >= MIN_DIFFERENCE and difference >= PEAK * max(before, after)
        )


def thumbnail(picture: Picture) -> Float32:
    """Return a picture's grey levels, 0 to 255, on a regular grid of shape (<= 32, <= 32)."""
    columns, rows = (_along(length) for length in picture.size)
    return picture.grey(rows, columns)


def _along(length: int) -> NDArray[np.intp]:
    """Return which rows or columns of a length are on the grid."""
    step = max(length // THUMBNAIL, 1)
    return np.arange(step // 2, length, step)[:THUMBNAIL]
