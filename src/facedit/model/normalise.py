"""Affine maps between what callers hold and what the network sees (NumPy, no torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.types import Bool, Float32


@dataclass(frozen=True, slots=True)
class SpeechProjection:
    """Fixed affine map from an encoder's C features to the network's S speech dims.

    The matrix has shape (C, S); the offset (S,) is added after the product.
    """

    matrix: Float32
    offset: Float32

    def __call__(self, values: Float32) -> Float32:
        """Project features (T, C) to (T, S)."""
        out: Float32 = values.astype(np.float32) @ self.matrix + self.offset
        return out


def kept_centre(motion: Float32, mask: Bool) -> Float32:
    """Return each dim's mean over its kept entries, shape (D,), 0 where nothing is kept.

    The mask (T, D) is True where motion (T, D) is to be drawn. Masked entries must not be in the
    mean: over the whole clip it would tell the network the sum of what it is to draw.
    """
    total = np.where(mask, 0.0, motion).sum(axis=0, dtype=np.float64)
    count = (~mask).sum(axis=0)
    centre: Float32 = (total / np.maximum(count, 1)).astype(np.float32)
    return centre
