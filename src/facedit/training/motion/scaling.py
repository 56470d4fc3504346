"""Fixed maps that a run begins with: speech to fewer dims, dims that hardly move to less."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from facedit.dataset.prepared import Meta
from facedit.model.normalise import BESIDE, SpeechProjection
from facedit.types import Float32, SpeechFeatures


def fit_projection(
    features: Iterable[Float32], encoder: str, dims: int, whiten: float, layers: int = 1
) -> SpeechProjection:
    """Fit principal components of the encoder's states; energy and voice activity pass through.

    The map leads to ``dims + 2`` dims with mean 0 and a variance of 1 on average; ``whiten`` 0
    keeps the components' spread, 1 makes it equal. Of several ``layers`` the mean is looked at: the
    mix that a network begins with. Raises BadWeights if features of that name end otherwise.
    """
    count, total, square, channels = 0, np.zeros(0), np.zeros((0, 0)), 0
    for values in features:
        states = SpeechFeatures.from_values(values, encoder).states
        channels = states.shape[1] // layers
        wide = values.astype(np.float64)
        if layers > 1:
            mean = wide[:, :-BESIDE].reshape(len(wide), layers, channels).mean(axis=1)
            wide = np.concatenate([mean, wide[:, -BESIDE:]], axis=1)
        if not count:
            total, square = np.zeros(wide.shape[1]), np.zeros((wide.shape[1],) * 2)
        count += len(wide)
        total += wide.sum(axis=0)
        square += wide.T @ wide
    mean = total / count
    covariance = square / count - np.outer(mean, mean)
    dims = min(dims, channels)
    variance, vectors = np.linalg.eigh(covariance[:channels, :channels])
    variance, vectors = variance[::-1][:dims].clip(1e-12), vectors[:, ::-1][:, :dims]
    factor = variance ** (-whiten / 2)
    factor /= np.sqrt((variance * factor**2).mean())
    matrix = np.zeros((channels + 2, dims + 2))
    matrix[:channels, :dims] = vectors * factor
    for extra in range(2):
        spread = max(covariance[channels + extra, channels + extra], 1e-6)
        matrix[channels + extra, dims + extra] = 1 / np.sqrt(spread)
    offset = (-mean @ matrix).astype(np.float32)
    return SpeechProjection(matrix.astype(np.float32), offset, layers)


def motion_scale(meta: Meta, smallest: float = 0.25) -> Float32:
    """Scale dims that hardly move the face down by the root of their effect, shape (D,)."""
    scale = np.ones(len(meta.dim_names), np.float32)
    for name in ("lips", "face"):
        effect = meta.effects[meta.groups[name]]
        scale[meta.groups[name]] = np.sqrt(effect / effect.max())
    return scale.clip(smallest, 1.0)
