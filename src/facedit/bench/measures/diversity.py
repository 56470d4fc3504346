"""How much takes of the same item differ in their lips.

``diversity`` is the root mean square, over hidden frames and pairs of takes, of the distance
between the lip dims of two takes (equal units, before rendering), over the root mean square
deviation of the clip's own lip dims from their mean around the edited place. 0: all takes are the
same; takes that had no more in common than frames of the clip drawn by chance would have
sqrt(2) = 1.41. Only to be read beside the errors: noise is diverse too.

The definition is ours, after the multi-sample diversity of motion forecasting (mean pairwise
distance; Yuan & Kitani, ECCV 2020), with a unit that compares between clips.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from facedit.bench.scene import Scene
from facedit.evaluation.measure import Measure, mean_of
from facedit.evaluation.meter import lip_meter
from facedit.evaluation.rows import has_face
from facedit.types import Float32, Float64


def _over_spread(total: Float64) -> Float64:
    between, spread = mean_of(total[..., :2]), mean_of(total[..., 2:])
    return np.asarray(np.sqrt(between / np.where(spread > 0, spread, np.nan)), np.float64)


MEASURES: tuple[Measure, ...] = (
    Measure("diversity", "Difference between takes over the clip's own spread", "", "none",
            "diversity", _over_spread, 0.0, math.inf, 2, "motion"),
)  # fmt: skip


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum up the differences between the takes of a scene; nothing with fewer than two takes."""
    takes = [take for take in (scene.drawn, *scene.takes) if take is not None]
    own = scene.source.motion[has_face(scene.source.motion)]
    if len(takes) < 2 or len(own) < 2 or not scene.hidden.any():
        return {}
    meter = lip_meter()
    apart = mean_squares_apart([meter.lips(take[scene.hidden]) for take in takes])
    apart = apart[np.isfinite(apart)]
    usual = meter.lips(own).astype(np.float64)
    spread = ((usual - usual.mean(axis=0)) ** 2).sum(axis=1)
    return {
        "diversity": [
            float(apart.sum()), float(len(apart)), float(spread.sum()), float(len(spread)),
        ]
    }  # fmt: skip


def mean_squares_apart(takes: Sequence[Float32]) -> Float64:
    """Return the mean squared distance over all pairs of takes (T, L) in each frame, shape (T,)."""
    stack = np.stack(takes).astype(np.float64)
    # The mean over pairs is twice the variance with n - 1.
    return np.asarray(2 * stack.var(axis=0, ddof=1).sum(axis=-1), np.float64)
