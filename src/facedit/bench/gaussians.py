"""The Fréchet distance of two Gaussians, from sums that add up over items.

``d^2 = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^(1/2) C2 C1^(1/2))^(1/2))`` (Dowson and Landau, "The
Fréchet distance between multivariate normal distributions", 1982; the customary "distance" of
FID-like measures is this square). It is biased upwards when there are few vectors: compare only
figures of equally many.
"""

from __future__ import annotations

import numpy as np

from facedit.types import Float64


def gaussian_sums(vectors: Float64) -> list[float]:
    """Return what a Gaussian is fitted from, as sums.

    ``vectors``: shape (n, d); n may be 0.
    Returns ``n``, the sum of the vectors, the upper triangle of the sum of their outer products
    (row by row): ``1 + d + d (d + 1) / 2`` numbers, to seven significant digits.
    """
    outer = vectors.T @ vectors
    upper = outer[np.triu_indices(vectors.shape[1])]
    return [float(len(vectors)), *(float(f"{x:.7g}") for x in (*vectors.sum(axis=0), *upper))]


def sums_length(dims: int) -> int:
    """Return how many sums describe a Gaussian of ``dims`` dimensions."""
    return 1 + dims + dims * (dims + 1) // 2


def gaussian_of(total: Float64, dims: int) -> tuple[Float64, Float64, Float64]:
    """Fit a Gaussian.

    ``total``: added ``gaussian_sums``, shape (..., sums_length(dims)).
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
    """Return the squared Fréchet distance of Gaussians; leading axes go along.

    ``covariance``: symmetric, shape (..., d, d); ``other_covariance``: symmetric, shape (..., d,
    d).
    Returns 0 or more, shape (...); NaN where an entry is not finite.
    """
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
    """Return the square root of symmetric matrices; negative eigenvalues count as 0.

    Returns symmetric, shape (..., d, d).
    """
    values, vectors = np.linalg.eigh(matrix)
    scaled = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    root: Float64 = scaled @ np.swapaxes(vectors, -1, -2)
    return root
