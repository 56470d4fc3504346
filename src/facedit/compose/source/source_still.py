"""The picture that is to speak, of a picture file or of the start of a video."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from facedit.compose.source.clip import Clip
from facedit.compose.source.picture_notes import lid_opening
from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.track import track_face
from facedit.media.image import is_image, read_image, stored_side
from facedit.motion.identity import Identity
from facedit.motion.space import MotionSpace
from facedit.options import Run
from facedit.render.still_renderer import Still
from facedit.types import LANDMARK_TERMS, FaceTrack, Float32, Float64, UInt8

CLOSED = 0.01
"""Lip opening, in outer-eye distances, at which a mouth counts as closed."""

LONGEST_SIDE = 1920
"""Larger pictures are scaled down to this many pixels."""

SEARCHED_S = 5.0
"""How much of a video is searched for a good picture."""

OPEN_EYES = 0.85
"""Share of the usual lid opening in a video below which a frame shows a blink."""


def load_still(clip: Clip, run: Run) -> Still:
    """Take a picture of a face from a picture file or from the start of a video.

    ``clip``: a picture or a video, of which the ``calm_frame`` is taken; ``run``: options; ``face``
    chooses the face. Returns the picture, of even size, and its landmarks. ``NoFace`` if there is
    none, ``AmbiguousFace`` if several could be meant, ``BadMedia`` if the file cannot be read.
    """
    choice, path = FaceChoice.parse(run.face), clip.path
    if is_image(path):
        rgb = even(read_image(path, LONGEST_SIDE))
        choice = replace(choice, unit=max(stored_side(path) / LONGEST_SIDE, 1.0))
        track = track_face([(0.0, rgb)], choice, landmarker=clip.landmarker)
        return Still(rgb, track.landmarks[0])
    frames = ((frame.time_s, frame.rgb()) for frame in clip.frames(0.0, SEARCHED_S))
    return still_from(clip, track_face(frames, choice, landmarker=clip.landmarker), choice)[0]


def still_from(clip: Clip, track: FaceTrack, choice: FaceChoice) -> tuple[Still, float]:
    """Take the frame with the most closed mouth, eyes open, from the start of a tracked video.

    ``track``: its face; what lies beyond ``SEARCHED_S`` is not looked at. Returns the picture, of
    even size, with its landmarks, and its time in seconds. Raises NoFace if there is no face.
    """
    if (found := calm_frame(track)) is None:
        raise NoFace(f"{clip.path.name}: no face in the first {SEARCHED_S:g} s.")
    best = float(track.times_s[found])
    frame = next(clip.frames(best - 1e-4))
    rgb = even(frame.rgb())
    again = track_face([(0.0, rgb)], choice, landmarker=clip.landmarker)
    return Still(rgb, again.landmarks[0]), best


def still_track(still: Still) -> FaceTrack:
    """Return the landmarks of a picture as a track of one frame."""
    height, width = still.rgb.shape[:2]
    return FaceTrack(np.zeros(1), still.landmarks[None], np.ones(1, np.float32), width, height)


def calm_frame(track: FaceTrack) -> int | None:
    """Choose the frame with the most closed mouth among those without a blink.

    ``track``: a face; what lies beyond ``SEARCHED_S`` is not looked at. Returns the number of the
    frame; None if there is no face.
    """
    openness = np.where(track.times_s < SEARCHED_S, lip_opening(track.landmarks), np.nan)
    seen = np.isfinite(openness)
    if not seen.any():
        return None
    lids = np.array([lid_opening(one) for one in track.landmarks])
    openness[lids < OPEN_EYES * np.median(lids[seen])] = np.nan
    return int(np.nanargmin(openness))


def even(rgb: UInt8) -> UInt8:
    """Bring a picture to a size that every player takes: even sides, not too large.

    ``rgb``: picture, shape (H, W, 3). Returns the picture, scaled down if a side is too long,
    without an odd last row or column.
    """
    height, width = rgb.shape[:2]
    scale = min(LONGEST_SIDE / max(height, width), 1.0)
    if scale < 1.0:
        size = (round(width * scale), round(height * scale))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2])


def closed_mouth(
    space: MotionSpace, values: Float32, identity: Identity, opening: float = CLOSED
) -> Float32:
    """Find the smallest change of the lips that closes the mouth.

    Motion is relative to the picture's own face. Of a smile that shows teeth the model would open
    the mouth further and never close it; so speech starts from this picture's mouth, closed.

    ``values``: motion of the picture, shape (D,); ``opening``: lip opening, in outer-eye distances,
    up to which a mouth counts as closed. Returns the same with the lips closed, of the least norm
    in standard deviations (the likeliest expression); unchanged if the lips touch already, or
    nothing tells how far they are apart.
    """
    if space.terms != LANDMARK_TERMS:
        return values
    lips = space.groups["lips"]
    closed = values.astype(np.float64).copy()

    def measured(motion: Float64) -> Float64:
        landmarks = space.decode(motion.astype(np.float32), identity)
        return np.asarray(lip_opening(landmarks), np.float64)

    for _ in range(4):  # the opening is nearly linear in the dims: Newton's method
        now = float(measured(closed[None])[0])
        if now <= opening:
            break
        steps = np.repeat(closed[None], lips.stop - lips.start, axis=0)
        steps[:, lips] += 0.1 * np.eye(len(steps))
        slope = (measured(steps) - now) / 0.1
        closed[lips] -= (now - opening + 0.5 * CLOSED) * slope / (slope @ slope)
    return closed.astype(np.float32)
