"""From the motion of a mesh to LivePortrait's expression, fitted to footage of a face.

A ridge regression of each part of the keypoints on the dims of the mesh that move it, and on a
layer of random features beside them (Rahimi and Recht 2007) where frames that were held out are
told better with it. Only changes of motion are mapped: what does not move stays as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from facedit.motion.identity import Identity
from facedit.motion.liveportrait.keypoints import KEYPOINTS
from facedit.motion.liveportrait.liveportrait_space import LIPS, OTHERS, expression_statistics
from facedit.motion.space import MotionSpace
from facedit.types import Float32, Float64

Part = Literal["lips", "face"]

PARTS: dict[Part, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "lips": (LIPS, ("lips",)),
    "face": (OTHERS, ("lips", "face")),
}
"""Keypoints, and the groups of dims that move them."""

LEAST_FRAMES = 50
"""Fewer say too little."""

_FOLDS, _FEATURES = 5, 64
_STRENGTHS = 10.0 ** np.arange(-3, 5)
_BETTER = 0.95
"""The random features must leave less than this share of what is left without them."""


_KNOWN = 0.9
"""A map that leaves more than this share of the variance is taken for chance."""


@dataclass(frozen=True, slots=True)
class PartMap:
    """Moves some keypoints.

    Attributes:
        into: From D dims of motion, and 1, to H random features, shape (D + 1, H).
        weights: From motion and features to K standardised coordinates, shape (D + H, K).
        error: Share of the variance that is left on frames that were held out.
    """

    into: Float64
    weights: Float64
    error: float

    def __call__(self, motion: Float64) -> Float64:
        """Map motion, (n, D), to coordinates, (n, K), but for a constant."""
        return np.asarray(_widened(motion, self.into) @ self.weights, np.float64)


@dataclass(frozen=True, slots=True)
class ExpressionMap:
    """How a person's expression follows the mesh.

    Attributes:
        space: Space of the motion, which goes by landmarks.
        neutral: The person's neutral shape in it, (478, 3).
        parts: What moves the keypoints of each part.
    """

    space: MotionSpace
    neutral: Float32
    parts: Mapping[Part, PartMap]

    @classmethod
    def fitted(
        cls, space: MotionSpace, landmarks: Float32, expression: Float32
    ) -> ExpressionMap | None:
        """Fit a map.

        Args:
            space: A space that goes by landmarks.
            landmarks: Of consecutive frames, in pixels, shape (n, 478, 3).
            expression: What the motion extractor reads of them, shape (n, 21, 3).

        Returns:
            The map; None of fewer than ``LEAST_FRAMES``.
        """
        if len(landmarks) < LEAST_FRAMES:
            return None
        neutral = space.identity(landmarks, np.ones(len(landmarks), np.float32)).neutral
        motion = space.encode(landmarks, Identity(neutral)).astype(np.float64)
        mean, std = expression_statistics()
        wanted = (expression - mean) / std
        parts = {
            name: _fitted(
                motion[:, dims_of(space, groups)], wanted[:, list(points)].reshape(len(motion), -1)
            )
            for name, (points, groups) in PARTS.items()
        }
        return cls(space, neutral, parts)

    @property
    def known(self) -> tuple[Part, ...]:
        """The parts of which held-out frames were told well better than by their mean."""
        return tuple(name for name, part in self.parts.items() if part.error < _KNOWN)

    def change(self, part: Part, base: Float32, target: Float32) -> Float32:
        """Say how the expression changes from landmarks to others.

        Args:
            part: Whose keypoints.
            base: Landmarks in pixels, shape (478, 3).
            target: Others.

        Returns:
            Shape (21, 3), 0 for all other keypoints.
        """
        motion = self.space.encode(np.stack([base, target]), Identity(self.neutral))
        points, groups = PARTS[part]
        before, after = self.parts[part](motion[:, dims_of(self.space, groups)].astype(np.float64))
        result = np.zeros((KEYPOINTS, 3))
        result[list(points)] = (after - before).reshape(-1, 3)
        return np.asarray(result * expression_statistics()[1], np.float32)


def dims_of(space: MotionSpace, groups: tuple[str, ...]) -> list[int]:
    """List the dims of some groups."""
    return [dim for name in groups for dim in range(*space.groups[name].indices(len(space.names)))]


def _fitted(motion: Float64, wanted: Float64) -> PartMap:
    """Fit (n, D) to (n, K), with random features where they help."""
    random = np.random.default_rng(0)
    scale = np.sqrt(np.square(motion).sum(axis=1).mean() + 1e-12)
    into = random.normal(size=(motion.shape[1] + 1, _FEATURES))
    into[:-1] /= scale
    best: PartMap | None = None
    for some in (into[:, :0], into):
        wide = _widened(motion, some)
        errors = [_held_out_error(wide, wanted, strength) for strength in _STRENGTHS]
        least = int(np.argmin(errors))
        if best is None or errors[least] < _BETTER * best.error:
            weights = _ridge(wide, wanted, float(_STRENGTHS[least]))[0]
            best = PartMap(some, weights, float(errors[least]))
    assert best is not None
    return best


def _widened(motion: Float64, into: Float64) -> Float64:
    """Put features beside motion, shape (n, D + H)."""
    return np.concatenate([motion, np.tanh(motion @ into[:-1] + into[-1])], axis=1)


def _ridge(x: Float64, y: Float64, strength: float) -> tuple[Float64, Float64]:
    """Return weights and the constant."""
    middle, mean = x.mean(axis=0), y.mean(axis=0)
    square = (x - middle).T @ (x - middle) + strength * np.eye(x.shape[1])
    weights = np.linalg.solve(square, (x - middle).T @ (y - mean))
    return weights, mean - middle @ weights


def _held_out_error(x: Float64, y: Float64, strength: float) -> float:
    """Return the share of the variance left in stretches of which nothing was learnt."""
    left = spread = 0.0
    for held in np.array_split(np.arange(len(x)), _FOLDS):
        rest = np.setdiff1d(np.arange(len(x)), held)
        weights, constant = _ridge(x[rest], y[rest], strength)
        left += np.square(y[held] - x[held] @ weights - constant).sum()
        spread += np.square(y[held] - y[rest].mean(axis=0)).sum()
    return float(left / max(spread, 1e-12))
