"""Affine maps between what callers hold and what the network sees (NumPy, no torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.types import Bool, Float32

BESIDE = 2
"""Channels behind the states of features: energy and voice activity."""


@dataclass(frozen=True, slots=True)
class SpeechProjection:
    """Fixed affine map from an encoder's features to the network's S speech dims.

    The matrix has shape (C, S); the offset (S,) is added after the product. Where features hold
    several layers, all are mapped alike, each with what stands behind them (``BESIDE``).
    """

    matrix: Float32
    offset: Float32
    layers: int = 1

    @property
    def channels(self) -> int:
        """Channels of the features of a frame."""
        return self.layers * (len(self.matrix) - BESIDE) + BESIDE

    @property
    def width(self) -> int:
        """Numbers of a projected frame."""
        return self.layers * len(self.offset)

    def __call__(self, values: Float32) -> Float32:
        """Project features (T, channels), shape (T, width): layer by layer."""
        values = np.asarray(values, np.float32)
        if self.layers == 1:
            return np.asarray(values @ self.matrix + self.offset, np.float32)
        states = np.split(values[:, :-BESIDE], self.layers, axis=1)
        beside = values[:, -BESIDE:] @ self.matrix[-BESIDE:] + self.offset
        each = [layer @ self.matrix[:-BESIDE] + beside for layer in states]
        return np.concatenate(each, axis=1)

    def mean(self, values: Float32) -> Float32:
        """Project features and take the mean of the layers, shape (T, S)."""
        projected = self(values)
        if self.layers > 1:
            projected = projected.reshape(len(values), self.layers, -1).mean(axis=1)
        return projected


def kept_centre(motion: Float32, mask: Bool) -> Float32:
    """Return each dim's mean over its kept entries, shape (D,), 0 where nothing is kept.

    The mask (T, D) is True where motion (T, D) is to be drawn. Masked entries must not be in the
    mean: over the whole clip it would tell the network the sum of what it is to draw.
    """
    total = np.where(mask, 0.0, motion).sum(axis=0, dtype=np.float64)
    count = (~mask).sum(axis=0)
    centre: Float32 = (total / np.maximum(count, 1)).astype(np.float32)
    return centre
