"""Where the points of a face are whose lids come down, or whose eyes turn."""

from __future__ import annotations

import numpy as np

from facedit.face.regions import LEFT_IRIS, LOWER_LIDS, RIGHT_IRIS, UPPER_LIDS
from facedit.types import Float32


def closed_landmarks(landmarks: Float32, closure: tuple[float, float]) -> Float32:
    """Return landmarks, (478, 3) or those of the surface alone, with upper lids further down.

    ``closure`` tells for each eye (the picture's left first) how far: 0 as it is, 1 shut.
    """
    moved = landmarks.copy()
    for side, amount in enumerate(closure):
        upper, lower = list(UPPER_LIDS[side]), list(LOWER_LIDS[side])
        share = np.float32(np.clip(amount, 0.0, 1.0))
        moved[upper] += share * (landmarks[lower] - landmarks[upper])
    return moved


def turned_landmarks(landmarks: Float32, eyes: Float32) -> Float32:
    """Return landmarks (478, 3) with the eyes turned, and their lids down as far.

    ``eyes`` tells for each (the picture's left first) how far its lid comes down, and how far the
    iris moves to the picture's right and down, in widths of the eye; shape (2, 3).
    """
    moved = closed_landmarks(landmarks, (float(eyes[0, 0]), float(eyes[1, 0])))
    for side, iris in enumerate((RIGHT_IRIS, LEFT_IRIS)):
        moved[list(iris), :2] += eyes[side, 1:] @ eye_axes(landmarks, side)
    return moved


def eye_axes(landmarks: Float32, side: int) -> Float32:
    """Return the way across an eye, to the picture's right, and down, each as long as it is wide.

    Landmarks are (478, 3), side 0 is the picture's left; shape (2, 2).
    """
    first, last = landmarks[UPPER_LIDS[side][0], :2], landmarks[UPPER_LIDS[side][-1], :2]
    across = (last - first) if side == 0 else (first - last)
    return np.array([across, [-across[1], across[0]]], np.float32)
