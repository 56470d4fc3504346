"""Is the new mouth as sharp and as grainy as the face round it, as it was in the clip?

In each frame a figure of the mouth's box is divided by the same figure of the rest of the face;
the ratio in made-anew pictures is divided by the usual ratio in the clip's own. 1 is right; below
it the mouth is too soft or too clean, above it too sharp or too noisy. No ground truth is needed.
Open mouths with teeth are sharper than closed ones, so that real pictures score a few per cent
beside 1 too: read the figure beside the truth's. Frames without a face don't count. Means are
geometric.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from facedit.bench.crops import face_box, face_mask, grey, mouth_box, spread
from facedit.bench.scene import Scene, View
from facedit.evaluation.measure import Measure, mean_of
from facedit.evaluation.rows import has_face
from facedit.types import Bool, Float32, Float64, UInt8

_FRAMES = 16
"""At most so many frames a side, evenly spread."""

_EDGES = 0.1
"""Share of a region, that with the steepest gradients, that does not count as grain."""

_FLOOR = 0.1
"""Grey levels added to both sides of a ratio: less cannot be seen in 8 bits."""

_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def sharpness(luma: Float32, region: Bool) -> float:
    """Return how sharp a region of the luma is: the standard deviation of the Laplacian.

    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000, take its square.
    """
    return float(cv2.Laplacian(luma, cv2.CV_32F)[region].std())


def grain(luma: Float32, region: Bool) -> float:
    """Estimate the standard deviation of the noise in a region of the luma.

    ``sqrt(pi / 2) / 6 * mean |I * N|`` with ``N = [[1, -2, 1], [-2, 4, -2], [1, -2, 1]]``, which
    answers to neither constants nor slopes (Immerkaer, "Fast Noise Variance Estimation", 1996); the
    tenth with the steepest gradients is left out, as edges would count as noise.
    """
    dx, dy = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    steepness = np.hypot(dx, dy)[region]
    answer = np.abs(cv2.filter2D(luma, cv2.CV_32F, _NOISE_KERNEL))[region]
    flat = answer[steepness <= np.quantile(steepness, 1.0 - _EDGES)]
    return float(math.sqrt(math.pi / 2.0) / 6.0 * flat.mean())


def mouth_to_face(picture: UInt8, landmarks: Float32) -> tuple[float, float]:
    """Return sharpness and grain of the mouth's box over those of the face outside it.

    NaN where there is too little of either in the picture.
    """
    face, mouth = face_box(landmarks, picture), mouth_box(landmarks, picture)
    if face is None or mouth is None:
        return math.nan, math.nan
    inside = face_mask(landmarks, picture)
    lips = np.zeros_like(inside)
    lips[mouth.slices] = True
    luma = grey(picture[face.slices])
    within = (lips & inside)[face.slices]
    rest = (inside & ~lips)[face.slices]
    if min(within.sum(), rest.sum()) < 64:
        return math.nan, math.nan
    ratios = [
        (figure(luma, within) + _FLOOR) / (figure(luma, rest) + _FLOOR)
        for figure in (sharpness, grain)
    ]
    return ratios[0], ratios[1]


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum up the logarithms of the ratios of ratios of a scene, with the number of frames."""
    made = _log_ratios(scene.output, scene.filled)
    own = _log_ratios(scene.source, np.ones(len(scene.source.frames), np.bool_))
    found = {}
    for column, key in enumerate(("sharpness", "grain")):
        count = float(len(made)) if len(own) else 0.0
        excess = made[:, column].mean() - own[:, column].mean() if count else 0.0
        found[key] = [count * float(excess), count]
    return found


def geometric_mean_of(total: Float64) -> Float64:
    """Return the geometric mean from sums of logarithms; NaN where nothing was counted."""
    return np.asarray(np.exp(mean_of(total)), np.float64)


def _log_ratios(view: View, wanted: Bool) -> Float64:
    """Return the logarithms of both ratios of some frames, shape (n, 2)."""
    rows = np.flatnonzero(wanted & has_face(view.landmarks))
    some = rows[spread(len(rows), _FRAMES)]
    pairs = [mouth_to_face(view.frames[k], view.landmarks[k]) for k in some]
    ratios = np.array(pairs, np.float64).reshape(-1, 2)
    return np.log(ratios[np.isfinite(ratios).all(axis=1)])


MEASURES: tuple[Measure, ...] = (
    Measure("sharpness_ratio", "sharpness mouth/face over the clip's own", "", "one", "sharpness",
            geometric_mean_of, 0.0, math.inf, 2, "picture"),
    Measure("grain_ratio", "grain mouth/face over the clip's own", "", "one", "grain",
            geometric_mean_of, 0.0, math.inf, 2, "picture"),
)  # fmt: skip
"""Both ratios."""
