"""VRM's presets of the mouth, read off the lips: how far apart they are, and how wide or round.

Opening and width span a plane in which the presets lie like a fan about closed lips. A mouth is a
mixture of the two that it lies between, as far as it is from closed.
"""

from __future__ import annotations

import numpy as np

from facedit.face.distances import eye_distance, lip_opening
from facedit.face.regions import MOUTH_CORNERS
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace
from facedit.types import Float32, Float64

VISEMES = ("ou", "oh", "aa", "ee", "ih")
"""The presets in the order of the fan, from round to spread: soon, more, father, bed, sit."""

FAN = np.array([[0.2, -0.9], [0.6, -0.7], [1.0, 0.0], [0.6, 0.7], [0.25, 0.9]])
"""Opening and spread of each, whole."""

OPEN, ROUND, SPREAD = 0.14, 0.035, 0.018
"""How much further apart, narrower and wider than usual whole ones are, in outer-eye distances."""

SPEAKING = 0.006
"""By how much lips that speak are narrower than at rest."""

WIDENED = 0.03
"""By how much an opening widens the mouth, as a share of it."""

PARTED = 0.25
"""Opening up to which lips count as closing: at 0 nothing is shown, however wide they are."""


def presets(space: MeshSpace, lips: Float32) -> Float64:
    """Return how much of each of ``VISEMES`` lips show, together no more than 1, shape (F, 5).

    ``lips``: their motion, less that of the same lips closed, shape (F, L).
    """
    values = np.zeros((len(lips) + 1, space.dims), np.float32)
    values[1:, space.groups["lips"]] = lips
    shapes = space.decode_shape(values, Identity(space.canonical))
    left, right = (shapes[:, corner] for corner in MOUTH_CORNERS)
    wide = np.linalg.norm(right - left, axis=1) / eye_distance(shapes)
    opened = np.maximum((apart := lip_opening(shapes).astype(np.float64))[1:] - apart[0], 0.0)
    spread = wide[1:] - wide[0] + SPEAKING - WIDENED * opened
    spread /= np.where(spread > 0, SPREAD, ROUND)
    opened /= OPEN
    turns = np.arctan2(FAN[:, 1], FAN[:, 0])
    turn = np.clip(np.arctan2(spread, opened), turns[0], turns[-1])
    whole = np.interp(turn, turns, np.linalg.norm(FAN, axis=1))
    amount = np.minimum(np.hypot(opened, spread) / whole, 1.0) * np.minimum(opened / PARTED, 1.0)
    place = np.interp(turn, turns, np.arange(len(VISEMES)))
    shares = np.maximum(1 - np.abs(place[:, None] - np.arange(len(VISEMES))), 0.0)
    return np.asarray(shares * amount[:, None])
