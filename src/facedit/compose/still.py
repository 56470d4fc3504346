"""One picture and speech: the canvas on which everything but a short prompt is hidden."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from facedit.compose.canvas import Canvas, build_canvas, region_dims
from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.track import track_face
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.still import is_image, read_image
from facedit.motion.lips import lip_opening
from facedit.motion.space import MotionSpace
from facedit.options import Region, Run
from facedit.render.still import Still
from facedit.types import Float32, UInt8

PROMPT_FRAMES = 6
"""Motion frames before the speech in which the face is as in the picture."""

HEAD_SHARE = 0.6
"""Share of the model's head motion that a single picture can bear without visible stretching."""

LONGEST_SIDE = 1920
"""Larger pictures are scaled down to this many pixels."""

SEARCHED_S = 5.0
"""How much of a video is searched for a good picture."""


def load_still(path: Path, run: Run) -> Still:
    """Take a picture of a face from a picture file or from the start of a video.

    Args:
        path: A picture or a video; of a video the frame with the most closed mouth is taken.
        run: Options; ``face`` chooses the face.

    Returns:
        The picture, of even size, and its landmarks.

    Raises:
        NoFace: If there is no face.
        AmbiguousFace: If several could be meant.
        BadMedia: If the file cannot be read.
    """
    choice, landmarker = FaceChoice.parse(run.face), Landmarker()
    if is_image(path):
        rgb = even(read_image(path))
        track = track_face([(0.0, rgb)], choice, landmarker=landmarker)
        return Still(rgb, track.landmarks[0])
    info = probe(path, allow_truncated=run.allow_truncated)
    frames = read_frames(path, 0.0, SEARCHED_S, info=info)
    track = track_face(
        ((frame.time_s, frame.rgb()) for frame in frames), choice, landmarker=landmarker
    )
    openness = lip_opening(track.landmarks)
    if not np.isfinite(openness).any():
        raise NoFace(f"{path.name}: no face in the first {SEARCHED_S:g} s.")
    best = float(track.times_s[np.nanargmin(openness)])
    frame = next(read_frames(path, best - 1e-4, info=info))
    rgb = even(frame.rgb())
    track = track_face([(0.0, rgb)], choice, landmarker=landmarker)
    return Still(rgb, track.landmarks[0])


def even(rgb: UInt8) -> UInt8:
    """Bring a picture to a size that every player takes: even sides, not too large.

    Args:
        rgb: Picture, shape (H, W, 3).

    Returns:
        The picture, scaled down if a side is too long, without an odd last row or column.
    """
    height, width = rgb.shape[:2]
    scale = min(LONGEST_SIDE / max(height, width), 1.0)
    if scale < 1.0:
        size = (round(width * scale), round(height * scale))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2])


def still_canvas(space: MotionSpace, still: Still, frames: int, region: Region) -> Canvas:
    """Hold the picture for a moment, then hide everything that speech may move.

    Args:
        space: The motion space.
        still: The picture.
        frames: Motion frames of the output.
        region: What speech may move.

    Returns:
        A canvas that starts ``PROMPT_FRAMES`` before the output.
    """
    total = frames + PROMPT_FRAMES
    landmarks = np.repeat(still.landmarks[None], total, axis=0)
    confidence = np.ones(total, np.float32)
    identity = space.identity(landmarks[:1], confidence[:1])
    hidden = np.arange(total) >= PROMPT_FRAMES
    return build_canvas(
        space, identity, landmarks, confidence, hidden, region=region, first_frame=-PROMPT_FRAMES
    )


def still_targets(
    space: MotionSpace, canvas: Canvas, infilled: Float32, still: Still, region: Region
) -> Float32:
    """Return the landmarks of every output frame.

    Args:
        space: The motion space.
        canvas: From ``still_canvas``.
        infilled: Its infilled motion, shape (T, D).
        still: The picture.
        region: What speech may move.

    Returns:
        Landmarks in pixels, shape (frames, 478, 3); the eyes stay as in the picture.
    """
    own = canvas.values[PROMPT_FRAMES:]
    drawn = infilled[PROMPT_FRAMES:]
    wanted = own.copy()
    lips = region_dims(space, "lips")
    wanted[:, lips] = drawn[:, lips]
    if region == "head":
        head = space.groups["head"]
        wanted[:, head] += HEAD_SHARE * (drawn[:, head] - own[:, head])
    moved = space.decode(wanted, canvas.identity) - space.decode(own, canvas.identity)
    return (still.landmarks[None] + moved).astype(np.float32)
