"""The head's pose against ground truth in hidden frames.

- ``head_rotation_error``: mean angle of the rotation that leads from the true pose to the output's,
  arccos((trace(R_out R_true^T) - 1) / 2), in degrees, 0 to 180 (Huynh, J. Math. Imaging Vis. 35,
  2009).
- ``head_shift_error``: mean distance in the picture between the places of the head, over the clip's
  usual size (pixels per outer-eye distance), in per cent of the eye distance, 0 and more.
- ``head_size_error``: mean absolute difference of the logarithms of the sizes, in per cent, 0 and
  more.
- ``head_speed``: mean angle from one frame to the next over the truth's, 1 is right, 0 and more.

Where only the lips were made anew the head is the clip's own and these figures show what the
tracker makes of new pixels.
"""

from __future__ import annotations

import math

import numpy as np

from facedit.bench.scene import Scene
from facedit.evaluation.measure import Measure, mean_of, mean_sums, ratio_of
from facedit.evaluation.meter import measured_space
from facedit.evaluation.rows import has_face, steps_within
from facedit.face.pose import HeadPose, rotation_vectors
from facedit.types import Float64

MEASURES: tuple[Measure, ...] = (
    Measure("head_rotation_error", "Head rotation, error", "degrees", "lower", "head_rotation",
            mean_of, 0.0, 180.0, 2, "motion"),
    Measure("head_shift_error", "Head place, error", "% of eye distance", "lower", "head_shift",
            mean_of, 0.0, math.inf, 2, "motion"),
    Measure("head_size_error", "Head size, error", "%", "lower", "head_size",
            mean_of, 0.0, math.inf, 2, "motion"),
    Measure("head_speed", "Head speed over the truth's", "", "one", "head_speed",
            ratio_of, 0.0, math.inf, 2, "motion"),
)  # fmt: skip


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum up how a scene's head differs from the truth's, where both have a face."""
    if scene.truth is None:
        return {}
    drawn, right = scene.output.motion, scene.truth.motion
    rows = scene.hidden & has_face(drawn) & has_face(right)
    if not rows.any():
        return {}
    space, identity = measured_space(), scene.identity
    # Poses of rows without a face would be NaN and stop the angles of the others.
    ours, theirs = (
        space.decode_pose(np.where(rows[:, None], one, np.float32(0)), identity)
        for one in (drawn, right)
    )
    moved = (ours.translation - theirs.translation)[rows, :2] / identity.scale_px
    inside = steps_within(rows)
    return {
        "head_rotation": mean_sums(angles(ours.rotation, theirs.rotation)[rows]),
        "head_shift": mean_sums(100 * np.linalg.norm(moved, axis=1)),
        "head_size": mean_sums(100 * np.abs(np.log(ours.scale / theirs.scale))[rows]),
        "head_speed": [float(turning(pose)[inside].sum()) for pose in (ours, theirs)],
    }


def angles(one: Float64, other: Float64) -> Float64:
    """Return the angles between rotation matrices (T, 3, 3), in degrees from 0 to 180."""
    between = rotation_vectors(one @ other.swapaxes(-1, -2))
    return np.asarray(np.degrees(np.linalg.norm(between, axis=1)), np.float64)


def turning(pose: HeadPose) -> Float64:
    """Return by how many degrees a head turns from each frame to the next, shape (T - 1,)."""
    return angles(pose.rotation[1:], pose.rotation[:-1])
