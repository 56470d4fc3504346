"""Fit the ``mesh`` motion space to tracked clips.

Deformations are taken per clip, pose and the clip's own neutral shape removed, exactly as an edit
will see them. Two principal-component bases, of the lower and of the upper face, are fitted to
them with lips weighted up and depth weighted down; the statistics of all dims standardise them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facedit.face.canonical import load_canonical_face, mirror_points
from facedit.face.pose import fit_pose
from facedit.face.regions import (
    BROWS,
    IRISES,
    LEFT_EYE,
    LIPS,
    OUTER_EYE_CORNERS,
    RIGHT_EYE,
    lower_face,
    upper_face,
)
from facedit.face.smooth import smooth_track
from facedit.motion.identity import Identity, estimate_identity, relative_head
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.resample import resample_track
from facedit.types import LANDMARKS, FaceTrack, Float32, Float64
from facedit.units import MOTION_FPS, first_frame_from

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Choices of a fit.

    Attributes:
        lower_dims: Dims of the lower face.
        upper_dims: Dims of the upper face.
        lip_weight: Weight of the lip lines, others 1.
        eye_weight: Weight of lids and brows: without it the large forehead wins.
        depth_weight: Weight of z, which the tracker knows worst, over that of x and y.
        iris_weight: Weight of the irises, whose darting would fill the upper basis.
        min_frames: Clips with fewer tracked frames on the 25 Hz grid are left out.
    """

    lower_dims: int = 24
    upper_dims: int = 12
    lip_weight: float = 2.0
    eye_weight: float = 2.0
    depth_weight: float = 0.5
    iris_weight: float = 0.5
    min_frames: int = 15


@dataclass(frozen=True, slots=True)
class FitClip:
    """A raw track of the training set.

    Neutral faces are averaged per speaker first; every group (corpus) weighs the same in bases and
    statistics, however many clips.
    """

    track: FaceTrack
    speaker: str
    group: str


_Shapes = tuple[str, Float32, Float64]
"""Of a clip: its group, deformations and relative head poses."""


def grid_landmarks(track: FaceTrack) -> tuple[Float32, Float32]:
    """Smooth a whole raw track and bring it onto the 25 Hz grid, frames without a face left out.

    Returns landmarks, shape (T, 478, 3), and confidence, shape (T,).
    """
    last = float(track.times_s[-1])
    frames = first_frame_from(last + 0.5 / MOTION_FPS)
    landmarks, confidence = resample_track(smooth_track(track), 0.0, max(frames, 1))
    seen = confidence > 0
    return landmarks[seen], confidence[seen]


def fit_space(
    clips: Iterable[FitClip],
    *,
    options: FitOptions | None = None,
    provenance: dict[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> MeshSpace:
    """Fit bases and statistics to clips of the training split.

    The clips are iterated once, not all tracks are kept; ``provenance`` goes into the metadata
    (corpora, licence, ...); ``progress`` is called with the number of clips done. ValueError if
    fewer frames than dims are usable.
    """
    options = options or FitOptions()
    start = _initial_canonical()
    shapes, neutrals, skipped = _measured(clips, start, options.min_frames, progress)
    frames = sum(len(deformation) for _, deformation, _ in shapes)
    if frames <= max(options.lower_dims, options.upper_dims):
        raise ValueError(f"{frames} usable frames are too few to fit a basis.")
    canonical = _mean_face(neutrals, start)
    lower_points, upper_points = lower_face(canonical), upper_face(canonical)
    weights = _weights(options)
    share = _frame_weights([(group, len(head)) for group, _, head in shapes])
    deformations = np.concatenate([deformation for _, deformation, _ in shapes])
    lower, lower_kept = _basis(deformations, lower_points, weights, share, options.lower_dims)
    upper, upper_kept = _basis(deformations, upper_points, weights, share, options.upper_dims)
    values = np.concatenate(
        [
            _project(deformations, lower_points, weights, lower),
            _project(deformations, upper_points, weights, upper),
            np.concatenate([head for _, _, head in shapes]),
        ],
        axis=1,
    )
    mean = share @ values
    std = np.sqrt(share @ (values - mean) ** 2)
    log.info("fitted to %d clips, %d frames; %d clips skipped", len(shapes), frames, skipped)
    metadata = (provenance or {}) | {
        "clips": len(shapes),
        "clips_skipped": skipped,
        "frames": frames,
        "speakers": len(neutrals),
        "groups_weighted": sorted({group for group, _, _ in shapes}),
        "lower_variance_kept": round(lower_kept, 5),
        "upper_variance_kept": round(upper_kept, 5),
        "lip_weight": options.lip_weight,
        "eye_weight": options.eye_weight,
        "depth_weight": options.depth_weight,
        "iris_weight": options.iris_weight,
    }
    return MeshSpace(
        canonical,
        lower.astype(np.float32),
        upper.astype(np.float32),
        lower_points,
        upper_points,
        weights,
        mean.astype(np.float32),
        std.astype(np.float32),
        metadata,
    )


def _measured(
    clips: Iterable[FitClip],
    start: Float32,
    min_frames: int,
    progress: Callable[[int], None] | None,
) -> tuple[list[_Shapes], dict[str, list[Float32]], int]:
    """Return the shapes of each clip, the neutral faces of each speaker, and clips left out."""
    shapes: list[_Shapes] = []
    neutrals: dict[str, list[Float32]] = {}
    skipped = 0
    for number, clip in enumerate(clips, start=1):
        landmarks, confidence = grid_landmarks(clip.track)
        if progress is not None:
            progress(number)
        if len(landmarks) < min_frames:
            skipped += 1
            continue
        identity = estimate_identity(landmarks, confidence, start)
        deformation, head = _deformations(landmarks, identity)
        shapes.append((clip.group, deformation, head))
        neutrals.setdefault(clip.speaker, []).append(identity.neutral)
    return shapes, neutrals, skipped


def _deformations(landmarks: Float32, identity: Identity) -> tuple[Float32, Float64]:
    """Return pose-free offsets from the neutral shape (T, 478, 3) and relative poses (T, 6)."""
    pose = fit_pose(landmarks, identity.neutral)
    offset = (pose.remove(landmarks) - identity.neutral).astype(np.float32)
    return offset, relative_head(pose, identity)


def _project(deformations: Float32, points: Any, weights: Float32, basis: Float64) -> Float64:
    """Return the coefficients of deformations in a basis of weighted points, shape (T, K)."""
    part = (deformations[:, points] * weights[points]).reshape(len(deformations), -1)
    result: Float64 = part @ basis.T
    return result


def _basis(
    deformations: Float32, points: Any, weights: Float32, share: Float64, dims: int
) -> tuple[Float64, float]:
    """Return principal axes of the weighted points, shape (K, P * 3), and the variance kept."""
    part = (deformations[:, points] * weights[points]).reshape(len(deformations), -1)
    scaled = part * np.sqrt(share)[:, None].astype(np.float32)
    # Not centred: per clip the deformations are centred already, and neutral must stay zero.
    variances, axes = np.linalg.eigh((scaled.T @ scaled).astype(np.float64))
    order = np.argsort(variances)[::-1][:dims]
    basis = axes[:, order].T
    # A sign that does not depend on the linear algebra library: the largest entry is positive.
    largest = np.abs(basis).argmax(axis=1)
    basis *= np.sign(basis[np.arange(dims), largest])[:, None]
    return basis, float(variances[order].sum() / variances.sum())


def _weights(options: FitOptions) -> Float32:
    """Return the weight of each landmark's x, y and z."""
    weights = np.ones((LANDMARKS, 3), np.float32)
    weights[list(LIPS)] = options.lip_weight
    weights[list(RIGHT_EYE + LEFT_EYE + BROWS)] = options.eye_weight
    weights[list(IRISES)] = options.iris_weight
    weights[:, 2] *= options.depth_weight
    return weights


def _frame_weights(lengths: Sequence[tuple[str, int]]) -> Float64:
    """Return weights that add up to 1, the same for every group, equal inside a group."""
    totals: dict[str, int] = {}
    for group, length in lengths:
        totals[group] = totals.get(group, 0) + length
    parts = [np.full(length, 1 / totals[group] / len(totals)) for group, length in lengths]
    return np.concatenate(parts)


def _initial_canonical() -> Float32:
    """Return the bundle's canonical face with irises put into its eyes, shape (478, 3)."""
    vertices = load_canonical_face().vertices
    eyes = [vertices[[33, 133]].mean(axis=0)] * 5 + [vertices[[362, 263]].mean(axis=0)] * 5
    return np.concatenate([vertices, np.stack(eyes)]).astype(np.float32)


def _mean_face(neutrals: dict[str, list[Float32]], start: Float32) -> Float32:
    """Return the mean over speakers, made symmetrical, in the canonical place and unit."""
    people = np.stack([np.mean(shapes, axis=0) for shapes in neutrals.values()])
    face = people.mean(axis=0, dtype=np.float64)
    mirrored = (face * np.array([-1.0, 1.0, 1.0]))[mirror_points()]
    face = (face + mirrored) / 2
    face = fit_pose(face[None], start).remove(face[None])[0]
    right, left = face[list(OUTER_EYE_CORNERS)]
    unit: Float32 = ((face - (right + left) / 2) / np.linalg.norm(left - right)).astype(np.float32)
    return unit
