"""A track's motion as a table for people and other programs: CSV or npz."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.errors import UsageError
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.face.landmarker import Landmarker
from facedit.motion.mesh_space import MeshSpace
from facedit.types import FaceTrack, Float32, Float64

ANGLE_NAMES = ("yaw_deg", "pitch_deg", "roll_deg")
"""Head pose in degrees; yaw to the picture's right, pitch up, roll clockwise are positive."""


@dataclass(frozen=True, slots=True)
class MotionTable:
    """Motion at a video's own frame times; NaN where there is no face.

    Attributes:
        track: Times, landmarks and confidence.
        values: Standardised motion, shape (F, D).
        names: Name of each dim.
        angles_deg: Yaw, pitch and roll against the canonical face, shape (F, 3).
        blendshapes: ARKit weights in the order of ``BLENDSHAPE_NAMES``, shape (F, 52).
        neutral: The clip's neutral shape in canonical units, shape (478, 3).
    """

    track: FaceTrack
    values: Float32
    names: tuple[str, ...]
    angles_deg: Float64
    blendshapes: Float32
    neutral: Float32


def motion_table(track: FaceTrack, space: MeshSpace, landmarker: Landmarker) -> MotionTable:
    """Describe a track in the motion space, in degrees and in blendshape weights, row by row.

    The track is smoothed or raw; NoFace is raised if no frame has a face.
    """
    identity = space.identity(track.landmarks, track.confidence)
    values, pose = space.encode_with_pose(track.landmarks, identity)
    return MotionTable(
        track,
        values,
        space.names,
        pose.degrees(),
        blendshape_weights(track, landmarker),
        identity.neutral,
    )


def blendshape_weights(track: FaceTrack, landmarker: Landmarker) -> Float32:
    """Return a track's blendshape weights in [0, 1], shape (F, 52); NaN where there is no face."""
    weights = np.full((len(track.times_s), len(BLENDSHAPE_NAMES)), np.nan, np.float32)
    for row, landmarks in zip(weights, track.landmarks, strict=True):
        if np.isfinite(landmarks).all():
            row[:] = landmarker.blendshapes(landmarks)
    return weights


def write_motion(path: Path, table: MotionTable, *, force: bool = False) -> None:
    """Write a table as CSV or npz, by the file's suffix, whole or not at all.

    CSV: a row per frame with time, confidence, head angles, motion dims and blendshape weights,
    fields of frames without a face empty. npz: the same arrays, with the landmarks in pixels.
    UsageError is raised if the suffix is neither; OutputExists and OutputNotWritable come from the
    media stage.
    """
    from facedit.media.output import whole_or_nothing

    suffix = path.suffix.lower()
    if suffix not in (".csv", ".npz"):
        raise UsageError(f"{path.name}: motion is written as .csv or .npz.")
    with whole_or_nothing(path, force) as temporary:
        if suffix == ".csv":
            _write_csv(temporary, table)
        else:
            _write_npz(temporary, table)


def _write_csv(path: Path, table: MotionTable) -> None:
    numbers = np.concatenate([table.angles_deg, table.values, table.blendshapes], axis=1)
    header = ("time_s", "confidence", *ANGLE_NAMES, *table.names, *BLENDSHAPE_NAMES)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        rows = zip(table.track.times_s, table.track.confidence, numbers, strict=True)
        for time_s, confidence, row in rows:
            fields = ("" if np.isnan(value) else f"{value:.5g}" for value in row)
            writer.writerow((f"{time_s:.6f}", f"{confidence:.4f}", *fields))


def _write_npz(path: Path, table: MotionTable) -> None:
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            times_s=table.track.times_s,
            confidence=table.track.confidence,
            landmarks=table.track.landmarks,
            width=table.track.width,
            height=table.track.height,
            values=table.values,
            names=np.array(table.names),
            angles_deg=table.angles_deg,
            blendshapes=table.blendshapes,
            blendshape_names=np.array(BLENDSHAPE_NAMES),
            neutral=table.neutral,
        )
