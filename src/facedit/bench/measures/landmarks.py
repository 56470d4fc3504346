"""Landmark error against ground truth: in the picture, and of the face's shape alone.

``landmark_*_error`` is the mean over hidden pictures and points of the distance in the picture
(2-D) between output and truth, over the clip's outer-eye distance (in space, mean over the truth's
pictures). Head and mouth errors add up in it. ``shape_*_error`` is the same of the pose-free shapes
that the motion stands for, in space: what is left once the head is right. Per cent, 0 and more. The
unit is that of the face-alignment literature (inter-ocular normalised mean error, 300-W: Sagonas et
al., Image Vis. Comput. 47, 2016); the points are the face mesh's.
"""

from __future__ import annotations

import math

import numpy as np

from facedit.bench.scene import Scene
from facedit.evaluation.measure import Measure, mean_of, mean_sums
from facedit.evaluation.meter import lip_meter
from facedit.evaluation.rows import has_face
from facedit.face.distances import eye_distance
from facedit.face.regions import JAW, LIPS, SURFACE
from facedit.types import Float32, Float64

PARTS: dict[str, tuple[int, ...]] = {"lips": LIPS, "jaw": JAW, "face": tuple(range(SURFACE))}
"""Points of each part; ``face`` is the whole surface without the irises."""

TITLES = {"lips": "lips", "jaw": "jaw", "face": "whole face"}


def _measures() -> tuple[Measure, ...]:
    kinds = {"landmark": "Landmark error", "shape": "Shape error"}
    return tuple(
        Measure(
            f"{kind}_{part}_error", f"{title}, {TITLES[part]}", "% of eye distance", "lower",
            f"{kind}_{part}", mean_of, 0.0, math.inf, 2, "motion",
        )
        for kind, title in kinds.items()
        for part in PARTS
    )  # fmt: skip


MEASURES: tuple[Measure, ...] = _measures()


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum the landmark errors of a scene up; nothing without ground truth."""
    if scene.truth is None:
        return {}
    found: dict[str, list[float]] = {}
    true = scene.truth.landmarks
    seen = has_face(true)
    if seen.any():
        unit = float(eye_distance(true[seen]).mean())
        drawn, right = scene.output.landmarks[scene.filled, :, :2], true[scene.filled, :, :2]
        for part, error in point_errors(drawn, right, unit).items():
            found[f"landmark_{part}"] = mean_sums(error)
    if not scene.hidden.any():
        return found
    space = lip_meter().space
    shapes = [
        space.decode_shape(view.motion[scene.hidden], scene.identity)
        for view in (scene.output, scene.truth)
    ]
    unit = float(eye_distance(scene.identity.neutral))
    for part, error in point_errors(shapes[0], shapes[1], unit).items():
        found[f"shape_{part}"] = mean_sums(error)
    return found


def point_errors(points: Float32, truth: Float32, unit: float) -> dict[str, Float64]:
    """Return how far points (F, 478, 2 or 3) are from the truth, in % of the unit, by part."""
    distance = np.linalg.norm(points.astype(np.float64) - truth, axis=-1) * (100 / unit)
    return {part: distance[:, list(chosen)].mean(axis=1) for part, chosen in PARTS.items()}
