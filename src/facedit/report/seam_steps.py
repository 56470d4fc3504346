"""How large the steps at the seams are against the clip's own.

These definitions are ours. The paper names continuity measures too, but its formulas were not
available to us: figures from here must not be compared with its tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facedit.types import Float64, UInt8

HIGH_PERCENTILE = 95.0
"""A step at a seam deserves a look if it is larger than this share of the clip's own steps."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A step at a seam beside the steps that the clip makes by itself.

    Attributes:
        value: Size of the step at the seam.
        usual: Median of the clip's own steps; NaN if none were measured.
        high: ``HIGH_PERCENTILE`` of the clip's own steps; NaN if none were measured.
        unit: What the numbers are, for people.
    """

    value: float
    usual: float
    high: float
    unit: str

    @property
    def ratio(self) -> float:
        """Step at the seam over the usual step; NaN if the clip does not move at all."""
        return self.value / self.usual if self.usual > 0 else float("nan")

    @property
    def is_usual(self) -> bool | None:
        """Whether the step is one the clip makes by itself; None if that is not known."""
        if np.isnan(self.high) or np.isnan(self.value):
            return None
        return self.value <= self.high


def seam_jump(at_seam: NDArray[np.floating], own: NDArray[np.floating], unit: str = "") -> Jump:
    """Compare the largest of the steps at a seam with the clip's own; NaNs don't count.

    ``ValueError`` if there is no step at the seam.
    """
    if not len(at_seam):
        raise ValueError("A seam needs at least one step.")
    own, step = own[np.isfinite(own)], float(np.max(at_seam))
    if not len(own):
        return Jump(step, float("nan"), float("nan"), unit)
    return Jump(step, float(np.median(own)), float(np.percentile(own, HIGH_PERCENTILE)), unit)


def motion_steps(motion: NDArray[np.floating]) -> Float64:
    """Return the root mean square over the dims of ``x[k + 1] - x[k]``, shape (T - 1,)."""
    return _rms(np.diff(motion.astype(np.float64), axis=0))


def velocity_steps(motion: NDArray[np.floating]) -> Float64:
    """Return the root mean square over the dims of ``x[k + 2] - 2 x[k + 1] + x[k]``, (T - 2,)."""
    return _rms(np.diff(motion.astype(np.float64), n=2, axis=0))


def picture_step(one: UInt8, other: UInt8) -> float:
    """Return the mean absolute difference of two crops (H, W, 3) in grey levels.

    ``ValueError`` if the crops have different shapes or no pixels.
    """
    if one.shape != other.shape or not one.size:
        raise ValueError(f"Crops {one.shape} and {other.shape} cannot be compared.")
    return cv2.norm(one, other, cv2.NORM_L1) / one.size


def _rms(steps: Float64) -> Float64:
    """Return the root mean square over the last axis."""
    return np.asarray(np.sqrt(np.mean(steps**2, axis=-1)), dtype=np.float64)
