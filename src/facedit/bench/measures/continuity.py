"""Continuity at the seams: the step there beside the steps that the clip makes by itself.

A seam of the pictures lies between two neighbouring ones of which one was made anew and one was
kept, or which are both kept but do not follow each other in the source. A seam of the motion is a
border of the hidden frames. Four steps x are measured:

- ``picture``: mean absolute difference of the face crops b - 1 and b, in grey levels;
- ``flow``: largest of the flow changes at b - 1 and b (the two pictures beside the seam), where the
  change at a picture is the mean over the crop of the length of flow(b -> b + 1) less
  flow(b - 1 -> b), in per cent of the crop's width;
- ``motion``: root mean square step of all motion dims in equal units, b - 1 to b;
- ``velocity``: the largest change of motion velocity at b - 1 and b.

The crop is one box per item around the source's face. The same steps are taken everywhere in the
source around the edit, where nothing was changed. Reported are, per kind,

- ``seam_*_jump``: summed steps at seams over summed mean steps of their clips: 1 is usual;
- ``seam_*_excess``: mean of step less its clip's mean step, in the step's unit: 0 is usual;
- ``seam_*_above``: per cent of seams whose step is above the 95th percentile of their clip's own:
  5 is usual.

A picture held over a seam makes a step of 0 and a jump later: the two cancel in the first two
figures, the third sees the jump. A jump inside what was made anew lies at no seam; so for pictures
and motion there is also

- ``worst_*_step``: largest step inside and at the borders of what was made anew, over the 95th
  percentile of the clip's own: mean over items, 0 and more; above 1 something jumps.

These definitions are ours. The paper names P_continuity and M_continuity; its formulas were not
available to us, and figures from here must not be compared with its tables.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import cv2
import numpy as np

from facedit.bench.scene import Index, Scene, View
from facedit.compose.takes.seam_measures import face_box
from facedit.evaluation.measure import Measure, mean_of, mean_sums, ratio_of, share
from facedit.evaluation.meter import lip_meter
from facedit.evaluation.rows import has_face
from facedit.report.seam_steps import motion_steps, picture_step, seam_jump, velocity_steps
from facedit.types import Bool, FaceTrack, Float32, Float64, UInt8

WIDTH = 96
"""Columns that crops are shrunk to before the flow is taken."""


def flow_changes(crops: Sequence[UInt8]) -> Float64:
    """Measure the change of optical flow at each inner picture, % of the crop's width, (F - 2,).

    The flow is that of Kroeger et al. ("Fast Optical Flow using Dense Inverse Search", ECCV 2016)
    as OpenCV has it; its change the mean length of the difference between the flow that leaves a
    picture and the one that reached it.
    """
    flows = flows_of(crops)
    changes = [
        100 / one.shape[1] * float(np.linalg.norm(other - one, axis=-1).mean())
        for one, other in itertools.pairwise(flows)
    ]
    return np.array(changes, dtype=np.float64)


def flows_of(crops: Sequence[UInt8]) -> list[Float32]:
    """Compute the flow from each crop to the next, in pixels of the shrunken crops."""
    small = [_shrunk(crop) for crop in crops]
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    still = np.zeros((*small[0].shape, 2), np.float32)
    return [
        np.asarray(method.calc(one, other, still.copy()), np.float32)
        for one, other in itertools.pairwise(small)
    ]


def _shrunk(crop: UInt8) -> UInt8:
    """Return a crop as grey levels, ``WIDTH`` columns wide (the method needs some rows too)."""
    height = max(round(crop.shape[0] * WIDTH / crop.shape[1]), 32)
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


UNITS = {"picture": "grey levels", "flow": "% of crop width", "motion": "spreads",
         "velocity": "spreads"}  # fmt: skip
_TITLES = {"picture": "Picture", "flow": "Optical flow", "motion": "Motion", "velocity": "Velocity"}


def _excess(total: Float64) -> Float64:
    return ratio_of(np.stack([total[..., 0] - total[..., 1], total[..., 2]], axis=-1))


def _measures() -> tuple[Measure, ...]:
    found: list[Measure] = []
    for kind, unit in UNITS.items():
        title, key = f"{_TITLES[kind]} step at seams", f"seam_{kind}"
        found += [
            Measure(f"{key}_jump", f"{title} over the usual one", "", "one", key,
                    share(0, 1), 0.0, math.inf, 2, "continuity"),
            Measure(f"{key}_excess", f"{title} less the usual one", unit, "zero", key,
                    _excess, -math.inf, math.inf, 3, "continuity"),
            Measure(f"{key}_above", f"{title} above the clip's 95th percentile", "%", "lower", key,
                    share(3, 2, 100), 0.0, 100.0, 1, "continuity"),
        ]  # fmt: skip
    for kind in ("picture", "motion"):
        title = f"Largest {kind} step made anew over the clip's 95th percentile"
        found.append(Measure(f"worst_{kind}_step", title, "", "lower", f"worst_{kind}",
                             mean_of, 0.0, math.inf, 2, "continuity"))  # fmt: skip
    return tuple(found)


MEASURES: tuple[Measure, ...] = _measures()


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum up the steps at the seams of a scene.

    Returns per kind: steps at seams, mean steps of the clip once per seam, seams, seams above the
    clip's 95th percentile; and the largest step over that percentile. Nothing without a seam,
    nothing of pictures where they have another size than the source's.
    """
    found: dict[str, list[float]] = {}
    borders = picture_seams(scene.filled, scene.source_index)
    shapes = {frame.shape for view in (scene.output, scene.source) for frame in view.frames[:1]}
    if borders and scene.output.frames and len(shapes) == 1:
        ours, own = (face_crops(view, scene.source) for view in (scene.output, scene.source))
        steps, usual = picture_steps(ours), picture_steps(own)
        found["seam_picture"] = seam_sums(steps, usual, borders)
        found["worst_picture"] = worst_sums(steps, usual, beside(scene.filled, borders))
        found["seam_flow"] = seam_sums(pairs_of(flow_changes(ours)), pairs_of(flow_changes(own)),
                                       borders)  # fmt: skip
    borders = [int(b) for b in np.flatnonzero(np.diff(scene.hidden)) + 1]
    ours_m, own_m = (_weighted(view.motion) for view in (scene.output, scene.source))
    steps, usual = motion_steps(ours_m), motion_steps(own_m)
    found["seam_motion"] = seam_sums(steps, usual, borders)
    found["worst_motion"] = worst_sums(steps, usual, beside(scene.hidden, borders))
    found["seam_velocity"] = seam_sums(
        pairs_of(velocity_steps(ours_m)), pairs_of(velocity_steps(own_m)), borders
    )
    return {key: values for key, values in found.items() if values}


def picture_seams(filled: Bool, source_index: Index) -> list[int]:
    """Find the seams of the pictures: numbers of the pictures after a seam, ascending.

    ``source_index``: -1 where made anew or where the source's view does not reach, shape (F,).
    """
    kept = ~filled & (source_index >= 0)
    cut = kept[1:] & kept[:-1] & (np.diff(source_index) != 1)
    return [int(b) for b in np.flatnonzero((filled[1:] != filled[:-1]) | cut) + 1]


def seam_sums(steps: Float64, own: Float64, seams: list[int]) -> list[float]:
    """Sum the steps at seams up beside the clip's own; NaNs don't count.

    ``steps``: from each row to the next, shape (F - 1,). Empty without a seam or own steps.
    """
    own = own[np.isfinite(own)]
    jumps = [seam_jump(steps[b - 1 : b], own) for b in seams if np.isfinite(steps[b - 1])]
    if not jumps or not len(own):
        return []
    above = sum(not jump.is_usual for jump in jumps)
    usual = float(own.mean()) * len(jumps)
    return [sum(jump.value for jump in jumps), usual, float(len(jumps)), float(above)]


def beside(made: Bool, seams: list[int]) -> Bool:
    """Return which steps (F - 1,) lie inside or at the borders of what was made anew, or at a seam.

    None where there is no seam: nothing then says what is usual beside it.
    """
    steps = made[1:] | made[:-1]
    steps[[b - 1 for b in seams]] = True
    return np.asarray(steps if seams else np.zeros_like(steps), np.bool_)


def worst_sums(steps: Float64, own: Float64, looked_at: Bool) -> list[float]:
    """Compare the largest of some steps with the 95th percentile of the clip's own.

    ``steps``: step from each row to the next, shape (F - 1,), NaN where it is not known; ``own``:
    steps of the clip itself, any number, NaN where not known; ``looked_at``: which steps count,
    shape (F - 1,).
    Returns the ratio and 1; empty if there is nothing to compare.
    """
    found = steps[looked_at & np.isfinite(steps)]
    if not len(found):
        return []
    jump = seam_jump(found, own)
    return mean_sums([jump.value / jump.high]) if jump.high > 0 else []


def pairs_of(changes: Float64) -> Float64:
    """Turn changes at inner rows into steps between rows.

    ``changes``: change at each row but the first and the last, shape (F - 2,).
    Returns for every two neighbouring rows the larger change of the two, shape (F - 1,); at the
    ends the one there is. A seam can show on either side.
    """
    padded = np.concatenate([[-np.inf], changes, [-np.inf]])
    larger = np.maximum(padded[1:], padded[:-1])
    return np.where(np.isneginf(larger), np.nan, larger)


def picture_steps(crops: tuple[UInt8, ...]) -> Float64:
    """Measure the step from each crop to the next, in grey levels, shape (F - 1,)."""
    return np.array([picture_step(a, b) for a, b in itertools.pairwise(crops)])


def face_crops(view: View, source: View) -> tuple[UInt8, ...]:
    """Cut the face out of every picture, in one box.

    Returns the crops; the whole pictures if the source shows no face within them.
    """
    seen = has_face(source.landmarks)
    if not seen.any():
        return view.frames
    height, width = source.frames[0].shape[:2]
    track = FaceTrack(source.times_s, source.landmarks, seen.astype(np.float32), width, height)
    left, top, right, bottom = face_box(track, float(source.times_s[0]), float(source.times_s[-1]))
    if left + 2 > width or top + 2 > height:  # the face lies outside the picture
        return view.frames
    return tuple(frame[top:bottom, left:right] for frame in view.frames)


def _weighted(motion: Float32) -> Float32:
    """Return motion in which each dim counts as much as it shows in its group."""
    weighted: Float32 = motion * lip_meter().effects
    return weighted
