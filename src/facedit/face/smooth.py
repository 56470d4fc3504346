"""Two-sided smoothing of a track: less jitter, no lag.

A rigid head and a deforming face jitter differently, so the head pose is taken out first. Pose and
the points that speech hardly moves are smoothed more, lips, jaw, lids and irises less. Each value
is replaced by that of a parabola fitted to its neighbours in time, with Gaussian weights times the
tracker's confidence (local regression, Cleveland 1979). The weights are symmetrical in time, so
there is no lag, and a parabola keeps the height of peaks that a plain average would cut. It works
on real times, so variable rates and gaps need no special care, and widths are in seconds, so that
60 fps are smoothed over as much time as 25.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facedit.face.canonical import load_canonical_face
from facedit.face.pose import HeadPose, fit_pose, rotation_matrices
from facedit.face.regions import BROWS, IRISES, JAW, LEFT_EYE, LIPS, RIGHT_EYE, lower_face
from facedit.runs import blocks, spread
from facedit.types import LANDMARKS, Bool, FaceTrack, Float64

FRAMES_AT_ONCE, BESIDE, LOOKED_AT = 750, 100, 3000
"""Frames that are smoothed at once, those that are looked at beside them, and those of a clip of
which the usual shape is the mean: bounds memory."""


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Widths of the Gaussian weights in seconds (0: leave as is).

    Attributes:
        pose_s: For rotation, translation and scale of the head.
        still_s: For points that speech hardly moves.
        lively_s: For lips, jaw, cheeks, lids, brows and irises.
    """

    pose_s: float = 0.06
    still_s: float = 0.08
    lively_s: float = 0.03


def smooth_track(track: FaceTrack, smoothing: Smoothing | None = None) -> FaceTrack:
    """Smooth a track over time without lag and without crossing cuts.

    Frames without a face stay without one; ``smoothing`` is the measured widths if None.
    """
    smoothing = smoothing or Smoothing()
    seen = track.confidence > 0
    seen &= np.isfinite(track.landmarks).all(axis=(1, 2))
    if not seen.any():
        return track
    rows = np.flatnonzero(seen)
    looked = track.landmarks[rows[spread(len(rows), LOOKED_AT)]].astype(np.float64)
    canonical = load_canonical_face().vertices
    reference = fit_pose(looked, canonical).remove(looked).mean(axis=0)
    landmarks = track.landmarks.copy()
    for part in blocks(len(rows), FRAMES_AT_ONCE):
        first = max(part.start - BESIDE, 0)
        near = rows[first : part.stop + BESIDE]
        found = _smoothed(track, near, reference, smoothing)
        landmarks[rows[part]] = found[part.start - first :][: part.stop - part.start]
    return replace(track, landmarks=landmarks)


def _smoothed(
    track: FaceTrack, rows: NDArray[np.intp], reference: Float64, smoothing: Smoothing
) -> Float64:
    """Smooth some frames of a track, all with a face, shape (F, 478, 3)."""
    points = track.landmarks[rows].astype(np.float64)
    times = track.times_s[rows]
    weights = track.confidence[rows].astype(np.float64)
    shots = np.searchsorted(np.array(track.cuts), times + 1e-6)
    pose = fit_pose(points, reference)
    shape = pose.remove(points)

    def smooth(values: Float64, width_s: float) -> Float64:
        flat = values.reshape(len(values), -1)
        return local_parabola(times, flat, weights, shots, width_s).reshape(values.shape)

    lively = lively_points()
    shape[:, lively] = smooth(shape[:, lively], smoothing.lively_s)
    shape[:, ~lively] = smooth(shape[:, ~lively], smoothing.still_s)
    steady = HeadPose(
        rotation_matrices(smooth(pose.rotation_vectors, smoothing.pose_s)),
        smooth(pose.translation, smoothing.pose_s),
        np.exp(smooth(np.log(pose.scale)[:, None], smoothing.pose_s)[:, 0]),
    )
    return steady.apply(shape)


def local_parabola(
    times_s: Float64,
    values: NDArray[np.floating],
    weights: NDArray[np.floating],
    shots: NDArray[np.integer],
    width_s: float,
) -> Float64:
    """Smooth finite values (F, C) by parabolas fitted locally with Gaussian weights.

    Times (F,) ascend; weights (F,) are positive and say how far each sample is to be trusted;
    samples of other ``shots`` (F,) are not looked at. The width is the Gaussian's standard
    deviation in seconds; 0 returns the values as they are.
    """
    samples = np.asarray(values, np.float64)
    frames = len(times_s)
    if width_s <= 0 or frames < 2:
        return samples.copy()
    reach = _reach(times_s, 3 * width_s)
    rows = np.arange(frames)
    columns = rows[:, None] + np.arange(-reach, reach + 1)
    inside = (columns >= 0) & (columns < frames)
    columns = np.clip(columns, 0, frames - 1)
    offset = (times_s[columns] - times_s[:, None]) / width_s
    near = inside & (shots[columns] == shots[:, None]) & (np.abs(offset) <= 3)
    weight = np.where(near, np.exp(-0.5 * offset**2) * weights[columns], 0.0)
    powers = np.stack([np.ones_like(offset), offset, offset**2], axis=2)
    normal = np.einsum("fk,fki,fkj->fij", weight, powers, powers)
    # Next to a gap there may be fewer than three samples: then a line or the sample itself.
    normal += np.diag([0.0, 1e-6, 1e-6]) * weights[:, None, None]
    first = np.linalg.solve(
        normal, np.broadcast_to(np.array([[1.0], [0.0], [0.0]]), (frames, 3, 1))
    )
    kernel = weight * np.einsum("fki,fi->fk", powers, first[:, :, 0])
    smoothed = np.zeros_like(samples)
    for k in range(kernel.shape[1]):
        smoothed += kernel[:, k, None] * samples[columns[:, k]]
    return smoothed


def lively_points() -> Bool:
    """Return which landmarks expression moves fast, shape (478,)."""
    lively = np.zeros(LANDMARKS, np.bool_)
    lively[lower_face(load_canonical_face().vertices)] = True
    for group in (LIPS, JAW, RIGHT_EYE, LEFT_EYE, BROWS, IRISES):
        lively[list(group)] = True
    return lively


def _reach(times_s: Float64, span_s: float) -> int:
    """Return how many samples to each side can lie within a span."""
    left = np.searchsorted(times_s, times_s - span_s)
    return max(int((np.arange(len(times_s)) - left).max()), 1)
