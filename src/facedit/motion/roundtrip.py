"""How much of a track the motion space keeps, against the tracker's own noise."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from facedit.face.distances import lip_opening, lip_width
from facedit.face.pose import fit_pose
from facedit.face.regions import BROWS, JAW, LEFT_EYE, LIPS, RIGHT_EYE, SURFACE
from facedit.face.smooth import jitter
from facedit.motion.fit import grid_landmarks
from facedit.motion.space import MotionSpace
from facedit.types import FaceTrack

REGIONS: dict[str, tuple[int, ...]] = {
    "lips": LIPS,
    "jaw": JAW,
    "eyes": LEFT_EYE + RIGHT_EYE,
    "brows": BROWS,
    "face": tuple(range(SURFACE)),
}
"""Groups of landmarks that are reported on."""


def round_trip_report(
    space: MotionSpace, tracks: Iterable[FaceTrack], *, min_frames: int = 15
) -> dict[str, dict[str, float]]:
    """Compare the error of encoding and decoding with the tracker's noise.

    Errors are between smoothed landmarks on the 25 Hz grid and their decoded encoding, in x and y.
    Noise is the white noise of the raw pose-free landmarks, from second differences, in the same
    unit; it counts fast motion as noise too, so it is an upper estimate.

    Args:
        space: The motion space.
        tracks: Raw tracks of the dev split.
        min_frames: Tracks with fewer frames with a face are left out.

    Returns:
        Per region, all in per cent of the outer-eye distance: ``error_rms``, ``error_p95``,
        ``noise`` and ``motion`` (deviation of the pose-free landmarks in a clip), medians over
        clips; and for ``lip_opening`` and ``lip_width`` the mean error, motion and correlation.

    Raises:
        ValueError: If no track is long enough.
    """
    rows: list[dict[str, dict[str, float]]] = []
    for track in tracks:
        landmarks, confidence = grid_landmarks(track)
        if len(landmarks) < min_frames:
            continue
        identity = space.identity(landmarks, confidence)
        values, pose = space.encode_with_pose(landmarks, identity)
        decoded = space.decode(values, identity)
        error = np.linalg.norm((decoded - landmarks)[..., :2], axis=-1) / identity.scale_px
        shape = pose.remove(landmarks)[..., :2]
        raw = fit_pose(track.landmarks, identity.neutral).remove(track.landmarks)[..., :2]
        noise = jitter(raw)
        row = {
            name: {
                "error_rms": _percent(np.sqrt((error[:, list(points)] ** 2).mean())),
                "error_p95": _percent(np.quantile(error[:, list(points)], 0.95)),
                "noise": _percent(np.sqrt((noise[list(points)] ** 2).sum(axis=-1).mean())),
                "motion": _percent(np.sqrt(shape[:, list(points)].var(axis=0).sum(-1).mean())),
            }
            for name, points in REGIONS.items()
        }
        for name, measure in (("lip_opening", lip_opening), ("lip_width", lip_width)):
            truth, found = measure(landmarks), measure(decoded)
            row[name] = {
                "error_mean": _percent(np.abs(found - truth).mean()),
                "noise": _percent(jitter(measure(track.landmarks))),
                "motion": _percent(truth.std()),
                "correlation": float(np.corrcoef(truth, found)[0, 1]),
            }
        rows.append(row)
    if not rows:
        raise ValueError(f"no track has {min_frames} frames with a face.")
    report = {
        name: {key: float(np.median([row[name][key] for row in rows])) for key in figures}
        for name, figures in rows[0].items()
    }
    report["clips"] = {"count": float(len(rows))}
    return report


def _percent(value: float | NDArray[np.floating]) -> float:
    """Return a length in canonical units as per cent of the outer-eye distance."""
    return 100 * float(value)
