"""The canvas: the motion of the output on the 25 Hz grid, with the mask of what is to be infilled.

Edit, sync and generate all come here and differ only in the mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.compose.source.sources import PictureTimes
from facedit.errors import NoFace
from facedit.motion.identity import Identity
from facedit.motion.resample import cubic_spline
from facedit.motion.space import MotionSpace
from facedit.options import REGIONS, Region
from facedit.runs import blocks
from facedit.types import Bool, FaceTrack, Float32, Float64
from facedit.units import first_frame_from, frame_time

VALUES_AT_ONCE = 5_000_000
"""Numbers of a track that are brought onto the grid at once: bounds memory for long clips."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """Motion frames of the output around one edit, or of the whole output.

    Attributes:
        first_frame: Motion frame of the output at which the canvas starts.
        values: Standardised motion of the pictures underneath, shape (T, D).
        mask: True where motion is to be infilled, shape (T, D).
        confidence: Tracker confidence of the pictures underneath, shape (T,).
        identity: The person's neutral shape, size and place.
        region: What the model may fill.
        late_s: By how much its grid lies later than the output's: less than a frame. It goes with
            the pictures around the edit, wherever edits before it have moved them.
    """

    first_frame: int
    values: Float32
    mask: Bool
    confidence: Float32
    identity: Identity
    region: Region = "lips"
    late_s: float = 0.0

    @property
    def start_s(self) -> float:
        """Output time of frame 0."""
        return frame_time(self.first_frame) + self.late_s

    def frame_from(self, output_s: float) -> int:
        """Return its first frame at or after an output time; less than 0 before it starts."""
        return first_frame_from(output_s - self.late_s) - self.first_frame


def region_dims(space: MotionSpace, region: Region) -> Bool:
    """Return the motion dims that a region lets the model fill.

    ``region``: ``lips``, ``face`` or ``head``. Returns True for each dim that may change, shape
    (D,).
    """
    dims = np.zeros(len(space.names), dtype=np.bool_)
    for group in REGIONS[region]:
        dims[space.groups[group]] = True
    return dims


def landmarks_at(
    track: FaceTrack, times: PictureTimes, seen_of: Float32 | None = None
) -> tuple[Float32, Float32]:
    """Read a track at any times, mixing two moments where a picture shows two.

    ``track``: landmarks per source frame; NaN where the face is absent; ``times``: source times of
    each picture wanted, shape (T,) each; ``seen_of``: what else was seen of its frames, instead of
    the landmarks, shape (F, ...). Returns landmarks in pixels, gaps bridged by their neighbours,
    shape (T, 478, 3), and confidence, 0 inside gaps, shape (T,). Raises NoFace if the track holds
    no face at all.
    """
    seen = np.isfinite(track.landmarks[:, 0, 0])
    if not seen.any():
        raise NoFace("no face is visible around the edit: nothing to animate.")
    seen_times = track.times_s[seen]
    values = track.landmarks if seen_of is None else seen_of
    points = values.reshape(len(values), -1)
    found = np.empty((len(times.first_s), points.shape[1]), np.float32)
    sure = np.interp(times.first_s, track.times_s, track.confidence)
    dissolved = times.weight > 0
    if dissolved.any():
        other = np.interp(times.second_s[dissolved], track.times_s, track.confidence)
        sure[dissolved] = np.minimum(sure[dissolved], other)
    for part in blocks(points.shape[1], max(VALUES_AT_ONCE // len(points), 1)):
        known = points[seen, part]
        mixed = cubic_spline(seen_times, known, times.first_s)
        if dissolved.any():
            weight = times.weight[dissolved, None].astype(np.float32)
            second = cubic_spline(seen_times, known, times.second_s[dissolved])
            mixed[dissolved] = (1 - weight) * mixed[dissolved] + weight * second
        found[:, part] = mixed
    return found.reshape(len(found), *values.shape[1:]), sure.astype(np.float32)


def build_canvas(
    space: MotionSpace,
    identity: Identity,
    landmarks: Float32,
    confidence: Float32,
    hidden: Bool,
    *,
    region: Region,
    first_frame: int = 0,
) -> Canvas:
    """Encode the pictures underneath and hide what is to be infilled.

    ``landmarks``: landmarks of the pictures underneath on the 25 Hz grid, shape (T, 478, 3);
    ``confidence``: their confidence, shape (T,); ``hidden``: frames to be infilled, shape (T,);
    ``first_frame``: motion frame of the output at which the canvas starts. Returns the canvas, on
    the output's own grid.
    Frames without a face are hidden whole, so that the model never leans on a guess.
    """
    values = space.encode(landmarks, identity)
    mask = hidden[:, None] & region_dims(space, region)[None, :]
    mask |= (confidence <= 0)[:, None]
    return Canvas(first_frame, values, mask, confidence, identity, region)


def target_landmarks(
    space: MotionSpace,
    identity: Identity,
    base: Float32,
    motion: Float32,
    region: Region,
    head_share: Float64 | None = None,
) -> Float32:
    """Return where the landmarks of rendered pictures shall be, or what else the space sees.

    Those of the base picture are moved by the difference between the wanted motion and
    its own, so that what the motion space cannot express stays as it was shot and the seams join.

    ``base``: landmarks of the base pictures in pixels, shape (F, 478, 3); ``motion``: wanted motion
    of each picture, shape (F, D), or of all, shape (1, D); ``region``: which dims are taken from
    it; the others stay as they are; ``head_share``: how far the head follows in [0, 1], shape (F,);
    all the way if None. Speech says little of the head, so near a seam it had better stay where it
    was shot. Returns landmarks in pixels, shape (F, 478, 3).
    """
    own = space.encode(base, identity)
    wanted = np.where(region_dims(space, region), motion, own)
    if head_share is not None:
        head = space.groups["head"]
        share = head_share[:, None].astype(np.float32)
        wanted[:, head] = own[:, head] + share * (wanted[:, head] - own[:, head])
    moved = space.decode(wanted, identity) - space.decode(own, identity)
    return (base + moved).astype(np.float32)
