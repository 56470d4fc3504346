"""The rows of an edited take of curves: the performer's own, and new ones in the spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.compose.frames.base import Base
from facedit.compose.frames.canvas import landmarks_at, target_landmarks
from facedit.compose.frames.pictures import HEAD_FADE_S, SpanWork, edge_ramp, nearest
from facedit.editing.timeline import OutputFrame, output_frames
from facedit.face.landmarker import Landmarker
from facedit.face.pose import fit_pose
from facedit.motion.live_link import CURVES, WEIGHTS, CurveTake, curves_of
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.resample import cubic_spline, values_at
from facedit.options import REGIONS
from facedit.types import Float32, Float64

JOIN_S = 0.16
"""Within this long a new curve comes off a seam that it would step over too far."""

USUAL_PERCENTILE = 95.0
"""Percentile of the take's own steps from row to row that a seam does not exceed."""

_LIPS = ("Jaw", "Mouth", "CheekPuff", "Tongue")


@dataclass(frozen=True, slots=True)
class RowSeam:
    """Where the performer's own rows and new ones meet.

    Attributes:
        time_s: Time of the first row behind it.
        step: Step of the new curves from row to row there, in weights (radians).
        usual: The ``USUAL_PERCENTILE`` of the take's own.
    """

    time_s: float
    step: float
    usual: float


def shown_curves(landmarks: Float32, landmarker: Landmarker, space: MeshSpace) -> Float64:
    """Return the curves that the mean face shows, shape (F, 61); its landmarks (F, 478, 3)."""
    weights = np.array([landmarker.blendshapes(one) for one in landmarks], np.float64)
    return curves_of(weights, fit_pose(landmarks, space.canonical).degrees())


def changed_curves(groups: Sequence[str]) -> list[int]:
    """Return which of ``CURVES`` go with groups of motion dims."""

    def group(number: int, name: str) -> str:
        if name.startswith("Head"):
            return "head"
        return "lips" if number < len(WEIGHTS) and name.startswith(_LIPS) else "face"

    return [number for number, name in enumerate(CURVES) if group(number, name) in groups]


def edited_rows(
    take: CurveTake, base: Base, works: Sequence[SpanWork], landmarker: Landmarker, face: MeshSpace
) -> tuple[list[tuple[str, ...]], tuple[RowSeam, ...]]:
    """Lay out the rows of an edited take.

    ``base``: the take as landmarks under a plan; ``works``: new motion, one a picture span;
    ``landmarker``: its network reads curves off landmarks; ``face``: the space whose mean face they
    are of. Returns the texts of all rows, and the seams.
    """
    frames = list(output_frames(base.plan, take.times_s))
    made: dict[int, tuple[str, ...]] = {}
    seams: list[RowSeam] = []
    for span, work in enumerate(works):
        here = [number for number, frame in enumerate(frames) if frame.span == span]
        if not here:
            continue
        ends = [frames[k] if 0 <= k < len(frames) else None for k in (here[0] - 1, here[-1] + 1)]
        shown = [frames[number] for number in here]
        curves = changed_curves(REGIONS[work.region])
        values, under = _new_values(take, base, work, shown, ends, landmarker, face)
        values[:, curves], found = _joined(take, values[:, curves], shown, ends, curves)
        seams += found
        kept = [number for number in range(len(CURVES)) if number not in curves]
        values[:, kept] = under[:, kept]
        rows = nearest(take.times_s, base.paths.at(_times(shown)).first_s)
        for number, row, frame, new in zip(here, rows, shown, values, strict=True):
            made[number] = take.row(int(row), frame.output_time_s, dict(enumerate(new.tolist())))
    return [
        made[number] if number in made else take.row(frame.source_index, frame.output_time_s, {})
        for number, frame in enumerate(frames)
    ], tuple(seams)


def _new_values(
    take: CurveTake,
    base: Base,
    work: SpanWork,
    shown: Sequence[OutputFrame],
    ends: Sequence[OutputFrame | None],
    landmarker: Landmarker,
    face: MeshSpace,
) -> tuple[Float64, Float64]:
    """Return all curves of a span as the new motion shows them, and the performer's own under it.

    What the motion does not express of the performer's curves is known where they are kept; across
    the span it is led from one end to the other.
    """
    output_s = _times(shown)
    times = base.paths.at(output_s)
    own = landmarks_at(work.track, times)[0]
    share = np.array([edge_ramp(at, work.start_s, work.end_s, HEAD_FADE_S) for at in output_s])
    motion = values_at(output_s, work.infilled, work.canvas.start_s)
    target = target_landmarks(work.space, work.canvas.identity, own, motion, work.region, share)
    new = shown_curves(target, landmarker, face)
    ranges = take.values.min(axis=0), take.values.max(axis=0)
    first, second = (
        np.clip(cubic_spline(take.times_s, take.values, at_s), *ranges)
        for at_s in (times.first_s, times.second_s)
    )
    under = first + times.weight[:, None] * (second - first)
    known = [frame for frame in ends if frame is not None]
    if known:
        rows = [frame.source_index for frame in known]
        track = work.track
        there = track.landmarks[nearest(track.times_s, take.times_s[rows])]
        rest = take.values[rows] - shown_curves(there, landmarker, face)
        new += np.stack([np.interp(output_s, _times(known), one) for one in rest.T], axis=1)
    return new, under


def _joined(
    take: CurveTake,
    values: Float64,
    shown: Sequence[OutputFrame],
    ends: Sequence[OutputFrame | None],
    curves: list[int],
) -> tuple[Float64, tuple[RowSeam, ...]]:
    """Bring new curves so near to the kept rows that the seams step no further than is usual."""
    own, made = take.values[:, curves], values.copy()
    usual = float(np.percentile(np.linalg.norm(np.diff(own, axis=0), axis=1), USUAL_PERCENTILE))
    output_s = _times(shown)
    sides = [(end, edge) for end, edge in zip(ends, (0, -1), strict=True) if end is not None]
    for end, edge in sides:
        step = made[edge] - own[end.source_index]
        away_s = np.abs(output_s - output_s[edge])
        share = 0.5 + 0.5 * np.cos(np.pi * np.clip(away_s / JOIN_S, 0.0, 1.0))
        beyond = max(1.0 - usual / max(float(np.linalg.norm(step)), 1e-12), 0.0)
        made -= share[:, None] * (beyond * step)
    weights = np.array(curves) < len(WEIGHTS)
    high = np.maximum(own.max(axis=0), 1.0)
    made = np.clip(made, np.where(weights, 0.0, -np.inf), np.where(weights, high, np.inf))
    return made, tuple(
        RowSeam(
            max(end.output_time_s, float(output_s[edge])),
            float(np.linalg.norm(made[edge] - own[end.source_index])),
            usual,
        )
        for end, edge in sides
    )


def _times(frames: Sequence[OutputFrame]) -> Float64:
    return np.array([frame.output_time_s for frame in frames])
