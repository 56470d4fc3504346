"""A face's motion for other programs: Live Link Face's CSV, glTF, or arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.errors import UsageError
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.face.landmarker import Landmarker
from facedit.media.output import whole_or_nothing
from facedit.motion.gltf import write_glb
from facedit.motion.identity import Identity
from facedit.motion.live_link import write_live_link
from facedit.motion.mesh_space import MeshSpace
from facedit.options import MOTION_SUFFIXES
from facedit.types import FaceTrack, Float32, Float64


@dataclass(frozen=True, slots=True)
class MotionTable:
    """Motion at a video's own frame times, or at 25 Hz; NaN where there is no face.

    Attributes:
        track: Times, landmarks and confidence.
        space: The motion space.
        identity: Neutral shape and usual place of the head.
        values: Standardised motion, shape (F, D).
        angles_deg: Yaw, pitch and roll against the canonical face, shape (F, 3): to the picture's
            right, up and clockwise are positive.
        blendshapes: ARKit weights in the order of ``BLENDSHAPE_NAMES``, shape (F, 52).
        blinks: How far the eyes are shut beside what the motion does, 0 to 1, shape (F,).
        note: Where it comes from.
    """

    track: FaceTrack
    space: MeshSpace
    identity: Identity
    values: Float32
    angles_deg: Float64
    blendshapes: Float32
    blinks: Float64 | None = None
    note: str = ""


def motion_table(track: FaceTrack, space: MeshSpace, landmarker: Landmarker) -> MotionTable:
    """Describe a track in the motion space, in degrees and in blendshape weights, row by row.

    The track is smoothed or raw; NoFace is raised if no frame has a face.
    """
    identity = space.identity(track.landmarks, track.confidence)
    values, pose = space.encode_with_pose(track.landmarks, identity)
    weights = blendshape_weights(track, landmarker)
    return MotionTable(track, space, identity, values, pose.degrees(), weights)


def blendshape_weights(track: FaceTrack, landmarker: Landmarker) -> Float32:
    """Return a track's blendshape weights in [0, 1], shape (F, 52); NaN where there is no face."""
    weights = np.full((len(track.times_s), len(BLENDSHAPE_NAMES)), np.nan, np.float32)
    for row, landmarks in zip(weights, track.landmarks, strict=True):
        if np.isfinite(landmarks).all():
            row[:] = landmarker.blendshapes(landmarks)
    return weights


def jitter(weights: Float32) -> float:
    """Return how much weights (F, N) tremble: the root mean square of their second differences."""
    steps = np.diff(weights.astype(np.float64), n=2, axis=0)
    steps = steps[np.isfinite(steps).all(axis=1)]
    return float(np.sqrt(np.mean(steps**2))) if len(steps) else 0.0


def write_motion(path: Path, table: MotionTable, *, force: bool = False) -> None:
    """Write a table as CSV, glb or npz, by the file's suffix, whole or not at all.

    CSV: as the Live Link Face app records; glb: an animated mesh; npz: all arrays, with the
    landmarks in pixels. The errors of ``whole_or_nothing`` pass through. Raises UsageError if the
    suffix is none of them.
    """
    suffix = path.suffix.lower()
    if suffix not in MOTION_SUFFIXES:
        raise UsageError(f"{path.name}: motion is written as .csv, .glb or .npz.")
    times_s = table.track.times_s
    with whole_or_nothing(path, force) as temporary:
        if suffix == ".csv":
            write_live_link(temporary, times_s, _blinking(table), table.angles_deg)
        elif suffix == ".glb":
            write_glb(
                temporary,
                table.space,
                table.identity,
                times_s,
                table.values,
                table.blinks,
                table.note,
            )
        else:
            _write_npz(temporary, table)


def _blinking(table: MotionTable) -> Float64:
    """Return the blendshape weights with the blinks in them, shape (F, 52)."""
    weights = table.blendshapes.astype(np.float64)
    if table.blinks is not None:
        lids = [BLENDSHAPE_NAMES.index(f"eyeBlink{side}") for side in ("Left", "Right")]
        weights[:, lids] = np.maximum(weights[:, lids], table.blinks[:, None])
    return weights


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
            names=np.array(table.space.names),
            angles_deg=table.angles_deg,
            blendshapes=_blinking(table).astype(np.float32),
            blendshape_names=np.array(BLENDSHAPE_NAMES),
            neutral=table.identity.neutral,
            note=table.note,
        )
