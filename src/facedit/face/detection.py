"""Arithmetic of the short-range face detector: anchors, boxes, suppression of doubles.

The network looks at a 128 x 128 picture and predicts, for each of 896 anchors, a score, a box and
six key points relative to the anchor's centre (BlazeFace, Bazarevsky et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.types import Float32, Float64

DETECTOR_SIDE = 128
"""Side of the detector's input in pixels."""

RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH_CENTRE, RIGHT_EAR, LEFT_EAR = range(6)
"""Order of the key points (the subject's own right and left)."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found in a picture: edges of its box in pixels, score in [0, 1].

    The key points are eyes, nose tip, mouth and ears in pixels, shape (6, 2).
    """

    x0: float
    y0: float
    x1: float
    y1: float
    score: float
    keypoints: Float64

    @property
    def area(self) -> float:
        """Area of the box in square pixels."""
        return max(self.x1 - self.x0, 0.0) * max(self.y1 - self.y0, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        """Centre of the box in pixels."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def moved(self, dx: float, dy: float) -> Detection:
        """Return the same face with ``dx`` and ``dy`` pixels added to x and y."""
        return Detection(
            self.x0 + dx,
            self.y0 + dy,
            self.x1 + dx,
            self.y1 + dy,
            self.score,
            self.keypoints + np.array([dx, dy]),
        )


def anchor_centres() -> Float32:
    """Return the anchors' centres in units of the input's side, shape (896, 2).

    Two anchors in each cell of a 16 x 16 grid, then six in each cell of an 8 x 8 grid.
    """
    layers = []
    for cells, per_cell in ((16, 2), (8, 6)):
        axis = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        rows, columns = np.meshgrid(axis, axis, indexing="ij")
        grid = np.stack([columns.ravel(), rows.ravel()], axis=1)
        layers.append(np.repeat(grid, per_cell, axis=0))
    return np.concatenate(layers).astype(np.float32)


def overlap(first: Detection, second: Detection) -> float:
    """Return the intersection over union of two boxes, in [0, 1]."""
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    shared = max(width, 0.0) * max(height, 0.0)
    union = first.area + second.area - shared
    return shared / union if union > 0 else 0.0


def decode_detections(
    regressors: Float32,
    logits: Float32,
    anchors: Float32,
    scale: float,
    min_score: float,
    max_overlap: float = 0.3,
) -> list[Detection]:
    """Turn the detector's raw outputs into faces by falling score, in picture pixels.

    Per anchor, of which there are 896, the regressors (896, 16) are centre, size and six key points
    in input pixels, the logits (896,) scores, the anchors (896, 2) centres in units of the input's
    side. ``scale`` is picture pixels per input pixel, ``max_overlap`` as of ``suppress``.
    """
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits.astype(np.float64), -80, 80)))
    chosen = np.flatnonzero(scores >= min_score)
    points = regressors[chosen].astype(np.float64).reshape(-1, 8, 2)
    centres = anchors[chosen].astype(np.float64) * DETECTOR_SIDE
    points[:, 0] += centres
    points[:, 2:] += centres[:, None]
    raw = [
        _detection(row * scale, float(score))
        for row, score in zip(points, scores[chosen], strict=True)
    ]
    return suppress(raw, max_overlap)


def suppress(detections: list[Detection], max_overlap: float = 0.3) -> list[Detection]:
    """Merge faces whose boxes overlap more (weighted non-maximum suppression); by falling score.

    A score-weighted mean jitters less than the strongest one alone.
    """
    waiting = sorted(detections, key=lambda found: -found.score)
    kept = []
    while waiting:
        best = waiting[0]
        group = [found for found in waiting if found is best or overlap(best, found) > max_overlap]
        waiting = [found for found in waiting if not any(found is member for member in group)]
        weights = np.array([member.score for member in group])
        weights /= weights.sum()
        boxes = np.array([[member.x0, member.y0, member.x1, member.y1] for member in group])
        keypoints = np.stack([member.keypoints for member in group])
        x0, y0, x1, y1 = (weights @ boxes).tolist()
        kept.append(Detection(x0, y0, x1, y1, best.score, np.tensordot(weights, keypoints, 1)))
    return kept


def _detection(points: Float64, score: float) -> Detection:
    """Build a detection from centre, size and six key points in picture pixels, shape (8, 2)."""
    (x, y), (width, height) = points[0], points[1]
    return Detection(
        float(x - width / 2),
        float(y - height / 2),
        float(x + width / 2),
        float(y + height / 2),
        score,
        points[2:],
    )
