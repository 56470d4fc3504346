"""Judges a tuned motion model on held-out speech of its speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.evaluation.lip_sums import FIGURES
from facedit.types import Float64

LEAST_GAIN = 0.01
"""Share by which the error must fall for the tuned weights to be kept."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Errors of a hidden span over the truth's spread, before and after, on held-out speech.

    Attributes:
        opening_before: Error of the lip opening of the base.
        opening_after: The same of the tuned weights.
        width_before: Error of the mouth's width of the base.
        width_after: The same of the tuned weights.
        spans: Number of spans.
    """

    opening_before: float
    opening_after: float
    width_before: float
    width_after: float
    spans: int

    @property
    def gain(self) -> float:
        """Share by which the mean of both errors falls; negative if it rises."""
        before = self.opening_before + self.width_before
        return 1 - (self.opening_after + self.width_after) / before

    @property
    def better(self) -> bool:
        """Whether the tuned weights are kept: a fixed rule."""
        return self.gain >= LEAST_GAIN

    def __str__(self) -> str:
        """Return the figures for people."""
        return (
            f"opening {self.opening_before:.3f} -> {self.opening_after:.3f}, width "
            f"{self.width_before:.3f} -> {self.width_after:.3f} (error over spread, {self.spans} "
            "held-out spans)"
        )


def judged(before: Sequence[Float64], after: Sequence[Float64]) -> Judgement:
    """Compare two models by their sums on the same spans, as of ``draw_spans``."""
    first, second = np.sum(before, axis=0), np.sum(after, axis=0)
    opening, width = FIGURES["opening_rel"], FIGURES["width_rel"]
    return Judgement(
        float(opening(first)), float(opening(second)), float(width(first)), float(width(second)),
        len(before),
    )  # fmt: skip
