"""The mouth of a scene over time and by distance from the seams, for plots."""

from __future__ import annotations

import numpy as np

from facedit.bench.record import Curves
from facedit.bench.scene import Scene
from facedit.face.distances import lip_opening
from facedit.motion.space import HasShape
from facedit.types import Float32


def openings(space: HasShape, motion: Float32, scene: Scene) -> Float32:
    """Return the lip opening of motion in outer-eye distances, NaN where there is none."""
    return lip_opening(space.decode_shape(motion, scene.identity))


def seam_profile(scene: Scene, space: HasShape) -> tuple[tuple[float, float], ...]:
    """Sum up errors of the lip opening by the distance to the nearest seam.

    Returns per motion frame of distance, from 1, the sum of absolute errors and their number.
    """
    if scene.truth is None or scene.hidden.all():
        return ()
    output = openings(space, scene.output.motion, scene)
    truth = openings(space, scene.truth.motion, scene)
    error = np.abs(output - truth)
    kept = np.flatnonzero(~scene.hidden)
    rows = np.flatnonzero(scene.hidden & np.isfinite(error))
    if not len(rows):
        return ()
    distance = np.abs(rows[:, None] - kept).min(axis=1)
    return tuple(
        (float(error[rows[distance == d]].sum()), float((distance == d).sum()))
        for d in range(1, int(distance.max()) + 1)
    )


def mouth_curves(scene: Scene, space: HasShape) -> Curves:
    """Return the mouth over time, for pictures of it."""
    output = openings(space, scene.output.motion, scene)
    truth = None if scene.truth is None else openings(space, scene.truth.motion, scene)
    energy = np.zeros(len(output)) if scene.speech is None else scene.speech.energy
    floor, top = float(np.percentile(energy, 2)), float(np.percentile(energy, 98))
    share = np.clip((energy - floor) / max(top - floor, 1e-6), 0, 1)
    return Curves(
        times_s=tuple(round(float(t), 3) for t in scene.output.motion_times_s),
        output=_rounded(output),
        truth=() if truth is None else _rounded(truth),
        hidden=tuple(int(h) for h in scene.hidden),
        energy=tuple(round(float(e), 3) for e in share),
    )


def _rounded(values: Float32) -> tuple[float | None, ...]:
    return tuple(round(float(v), 5) if np.isfinite(v) else None for v in values)
