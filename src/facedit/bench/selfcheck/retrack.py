"""Finds landmarks and motion in changed pictures, as they are found in a system's video."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedit.bench.scene import Scene, View
from facedit.bench.scoring import view_of
from facedit.bench.selfcheck.disturb import Retrack
from facedit.bench.selfcheck.picture_disturbances import Pictures
from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.motion.space import MotionSpace


def retracker(landmarker: Landmarker, space: MotionSpace) -> Retrack:
    """Return the function that looks at changed pictures.

    Args:
        landmarker: The tracker's networks.
        space: The motion space.

    Returns:
        The function; pictures in which no face is found give a view without landmarks.
    """

    def retrack(scene: Scene, frames: Pictures) -> View:
        times_s = scene.output.times_s
        found = zip(times_s.tolist(), frames, strict=True)
        try:
            track = track_face(found, FaceChoice(largest=True), landmarker=landmarker)
        except NoFace:
            nothing = np.full_like(scene.output.landmarks, np.nan)
            motion = np.full_like(scene.output.motion, np.nan)
            return replace(scene.output, frames=frames, landmarks=nothing, motion=motion)
        return view_of(space, scene.identity, frames, smooth_track(track), times_s)

    return retrack
