"""Do new mouths look like the clips' mouths as a whole? Fréchet distances of picture features.

``FD-MobileNetV2`` compares mouth crops, ``FD-MobileNetV2-dt`` the change of their features from
frame to frame, between all made-anew pictures of a system and the clips' own pictures, each
described by a Gaussian. They are neither FID nor FVD and must not be called so:
the network is MobileNetV2 on mouth crops of 128 x 96, and of its 1280 features ``DIMS`` fixed
random orthonormal directions are kept, so that an item's share is a few hundred sums. Fewer
vectors than twice ``DIMS`` give no figure. Both are biased upwards when there are few: they compare
systems on the same items, nothing else.

The distance of two Gaussians, ``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1^(1/2) C2 C1^(1/2))^(1/2))``
(Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982; it is
customary to call this square a distance), is computed from sums that add up over items.
"""

from __future__ import annotations

import math

import numpy as np

from facedit.bench.crops import MOUTH_SIZE, mouth_box, resized, spread
from facedit.bench.nets.mobilenet import SIZE, PictureFeatures
from facedit.bench.scene import Scene, View
from facedit.evaluation.measure import Measure
from facedit.evaluation.rows import has_face
from facedit.types import Bool, Float64


def gaussian_sums(vectors: Float64) -> list[float]:
    """Return what a Gaussian is fitted from vectors (n, d), as sums; n may be 0.

    ``n``, the sum of the vectors, the upper triangle of the sum of their outer products (row by
    row), to seven significant digits.
    """
    outer = vectors.T @ vectors
    upper = outer[np.triu_indices(vectors.shape[1])]
    return [float(len(vectors)), *(float(f"{x:.7g}") for x in (*vectors.sum(axis=0), *upper))]


def sums_length(dims: int) -> int:
    """Return how many sums describe a Gaussian of ``dims`` dimensions."""
    return 1 + dims + dims * (dims + 1) // 2


def gaussian_of(total: Float64, dims: int) -> tuple[Float64, Float64, Float64]:
    """Fit a Gaussian from added ``gaussian_sums``, shape (..., sums_length(dims)).

    Returns number of vectors (...), mean (..., d), covariance over n - 1 (..., d, d); what is not
    determined is NaN.
    """
    total = np.asarray(total, np.float64)
    count = total[..., 0]
    n = np.where(count > 1, count, np.nan)[..., None]
    mean = total[..., 1 : 1 + dims] / n
    rows, columns = np.triu_indices(dims)
    outer = np.empty((*total.shape[:-1], dims, dims))
    outer[..., rows, columns] = outer[..., columns, rows] = total[..., 1 + dims :]
    spread = outer - n[..., None] * mean[..., :, None] * mean[..., None, :]
    return count, mean, spread / (n[..., None] - 1.0)


def frechet_distance(
    mean: Float64, covariance: Float64, other_mean: Float64, other_covariance: Float64
) -> Float64:
    """Return the squared Fréchet distance of Gaussians; NaN where one is not finite."""
    usable = np.asarray(np.isfinite(covariance + other_covariance).all(axis=(-2, -1)))
    one = np.where(usable[..., None, None], covariance, np.eye(covariance.shape[-1]))
    other = np.where(usable[..., None, None], other_covariance, np.eye(covariance.shape[-1]))
    root = symmetric_root(one)
    inner = np.linalg.eigvalsh(root @ other @ root)
    cross = np.sqrt(np.maximum(inner, 0.0)).sum(axis=-1)
    traces = np.trace(one, axis1=-2, axis2=-1) + np.trace(other, axis1=-2, axis2=-1)
    far = np.square(mean - other_mean).sum(axis=-1)
    distance = np.maximum(far + traces - 2.0 * cross, 0.0)
    return np.asarray(np.where(usable, distance, np.nan), np.float64)


def symmetric_root(matrix: Float64) -> Float64:
    """Return the square root of symmetric matrices; negative eigenvalues count as 0."""
    values, vectors = np.linalg.eigh(matrix)
    scaled = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    root: Float64 = scaled @ np.swapaxes(vectors, -1, -2)
    return root


DIMS = 24
"""Directions kept of the features."""

_SEED = 0
_PAIRS = 12
"""At most so many pairs of consecutive pictures a side, evenly spread."""


def projection(inside: int = SIZE, outside: int = DIMS, seed: int = _SEED) -> Float64:
    """Draw orthonormal directions, always the same ones: columns of shape (inside, outside)."""
    drawn = np.random.default_rng(seed).standard_normal((inside, outside))
    basis, triangle = np.linalg.qr(drawn)
    directions: Float64 = basis * np.where(np.diag(triangle) < 0, -1.0, 1.0)
    return directions


def frechet_of(total: Float64) -> Float64:
    """Return the squared distance from the sums of made-anew and own pictures, side by side.

    NaN where a side has fewer than ``2 DIMS`` vectors.
    """
    half = sums_length(DIMS)
    count, mean, covariance = gaussian_of(total[..., :half], DIMS)
    other_count, other_mean, other_covariance = gaussian_of(total[..., half:], DIMS)
    distance = frechet_distance(mean, covariance, other_mean, other_covariance)
    enough = np.minimum(count, other_count) >= 2 * DIMS
    return np.asarray(np.where(enough, distance, np.nan), np.float64)


def sums(scene: Scene, net: PictureFeatures) -> dict[str, list[float]]:
    """Measure a scene: sums of features and of their changes, made-anew and own side by side."""
    directions = projection()
    everything = np.ones(len(scene.source.frames), np.bool_)
    made = _features(scene.output, scene.filled, net, directions)
    own = _features(scene.source, everything, net, directions)
    return {
        "frechet": gaussian_sums(made[0]) + gaussian_sums(own[0]),
        "frechet_dt": gaussian_sums(made[1]) + gaussian_sums(own[1]),
    }


def _features(
    view: View, wanted: Bool, net: PictureFeatures, directions: Float64
) -> tuple[Float64, Float64]:
    """Describe some mouths of a view: features (n, DIMS) and changes (m, DIMS)."""
    rows = set(np.flatnonzero(wanted & has_face(view.landmarks)).tolist())
    boxes = {k: mouth_box(view.landmarks[k], view.frames[k]) for k in sorted(rows)}
    crops = {k: view.frames[k][box.slices] for k, box in boxes.items() if box is not None}
    starts = [k for k in crops if k + 1 in crops]
    starts = [starts[k] for k in spread(len(starts), _PAIRS)]
    looked_at = sorted({*starts, *(k + 1 for k in starts)}) or list(crops)
    described = net.describe([resized(crops[k], MOUTH_SIZE) for k in looked_at])
    features = dict(zip(looked_at, described.astype(np.float64) @ directions, strict=True))
    changes = [features[k + 1] - features[k] for k in starts]
    return (
        np.array([*features.values()], np.float64).reshape(-1, DIMS),
        np.array(changes, np.float64).reshape(-1, DIMS),
    )


MEASURES: tuple[Measure, ...] = (
    Measure("fd_mobilenetv2", "FD-MobileNetV2, mouth", "", "lower", "frechet", frechet_of,
            0.0, math.inf, 3, "picture"),
    Measure("fd_mobilenetv2_dt", "FD-MobileNetV2-dt, mouth", "", "lower", "frechet_dt", frechet_of,
            0.0, math.inf, 3, "picture"),
)  # fmt: skip
"""Fréchet distances of mouth crops and of their change."""
