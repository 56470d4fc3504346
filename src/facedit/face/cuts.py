"""Shot cuts, found from small grey copies of the frames."""

from __future__ import annotations

import numpy as np

from facedit.types import Float32, UInt8

THUMBNAIL = 32
"""Points along each side of the grid at which frames are compared."""

_MIN_DIFFERENCE = 18.0
_TIMES_USUAL = 6.0


class CutDetector:
    """Tells for each frame of a stream whether it begins a new shot.

    A cut is a mean grey difference to the previous frame above both a fixed floor (18 of 255) and
    six times the usual difference in this shot, so that neither noise nor a moving camera counts.
    """

    def __init__(self) -> None:
        """Start with no frame seen."""
        self._last: Float32 | None = None
        self._usual = 0.0
        self._seen = 0

    def is_cut(self, rgb: UInt8) -> bool:
        """Look at the next frame.

        Args:
            rgb: Picture, shape (H, W, 3).

        Returns:
            Whether it begins a new shot; False for the first frame of all.
        """
        small = thumbnail(rgb)
        last, self._last = self._last, small
        if last is None:
            return False
        difference = float(np.abs(small - last).mean())
        if difference > max(_MIN_DIFFERENCE, _TIMES_USUAL * self._usual):
            self._usual, self._seen = 0.0, 0
            return True
        self._seen += 1
        self._usual += (difference - self._usual) / min(self._seen, 12)
        return False


def thumbnail(rgb: UInt8) -> Float32:
    """Return a small grey copy of a picture for comparisons.

    Args:
        rgb: Picture, shape (H, W, 3).

    Returns:
        Grey levels 0 to 255 sampled on a regular grid, shape (<= 32, <= 32).
    """
    rows = max(rgb.shape[0] // THUMBNAIL, 1)
    columns = max(rgb.shape[1] // THUMBNAIL, 1)
    grid = rgb[rows // 2 :: rows, columns // 2 :: columns][:THUMBNAIL, :THUMBNAIL]
    return grid.mean(axis=2, dtype=np.float32)
