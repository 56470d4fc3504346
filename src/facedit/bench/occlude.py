"""Clips from which a mouth is taken away, so that no system can see what it is to draw.

In an edit the pictures under the new words show another mouth, and a renderer may use of them what
fits. If the true pictures lay under a reconstructed span, a system that knows the truth's shape
would get the truth's pixels back. So the mouths of the hidden span are painted over first: with the
last real mouth before the span, warped to the head as shot. Head, eyes and light stay.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from facedit.compose.frames.canvas import target_landmarks
from facedit.errors import NoFace
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.pixels import patch_frame
from facedit.media.read import read_frames
from facedit.media.sound import iter_sound
from facedit.media.write import write_video
from facedit.media.write_options import WriteOptions
from facedit.motion.mesh_space import MeshSpace
from facedit.render.bank import ReferenceBank
from facedit.render.renderer import FaceRenderer
from facedit.render.renderer_interface import Choice, FrameTask
from facedit.render.settings import RenderSettings
from facedit.types import Bool, FaceTrack, Float32

LOSSLESS = 0
"""Quantiser of the withheld clip: what is kept must not pay for the painting."""


def stand_in_frame(track: FaceTrack, hidden: Bool) -> int:
    """Choose the frame whose mouth stands in for the hidden ones, shape (F,).

    The last one with a face before the span, or the first after it; ``NoFace`` if there is none.
    """
    shown = np.flatnonzero(np.isfinite(track.landmarks[:, 0, 0]) & ~hidden)
    if not len(shown):
        raise NoFace("no frame outside the hidden span shows the face.")
    first = int(np.flatnonzero(hidden)[0])
    before = shown[shown < first]
    return int(before[-1] if len(before) else shown[0])


def held_lips(space: MeshSpace, track: FaceTrack, hidden: Bool, stand_in: int) -> Float32:
    """Return the hidden frames' landmarks with the lips of another frame."""
    kept = ~hidden & np.isfinite(track.landmarks[:, 0, 0])
    identity = space.identity(track.landmarks[kept], track.confidence[kept])
    held = space.encode(track.landmarks[stand_in : stand_in + 1], identity)
    return target_landmarks(space, identity, track.landmarks[hidden], held, "lips")


def withhold(
    source: Path,
    info: VideoInfo,
    track: FaceTrack,
    hidden_s: tuple[float, float],
    output: Path,
    space: MeshSpace,
) -> FaceTrack:
    """Write a clip with the mouths of a span painted over; return where the landmarks now are.

    ``output``: the new clip, replaced if it exists; lossless, and unchanged outside the span.
    (``NoFace`` if no frame outside the span shows the face.)
    """
    hidden = inside(track, hidden_s)
    stand_in = stand_in_frame(track, hidden)
    time_s = float(track.times_s[stand_in])
    bank = ReferenceBank()
    frame = next(read_frames(source, time_s - 1e-4, info=info))
    bank.add(frame.rgb(), track.landmarks[stand_in], time_s)
    # No mouth stays its own, however like the stand-in it is.
    renderer = FaceRenderer(bank, settings=replace(RenderSettings(), own=1e-6))
    choice = Choice(mouth=0, distance=0.0, references=(0,)) if len(bank) else Choice()
    rows = np.flatnonzero(hidden & np.isfinite(track.landmarks[:, 0, 0]))
    seen = np.zeros_like(hidden)
    seen[rows] = True
    targets = dict(zip(rows.tolist(), held_lips(space, track, seen, stand_in), strict=True))
    named = {_tick(track.times_s[row]): row for row in rows.tolist()}

    def painted_over(shown: Frame) -> Frame:
        row = named.get(_tick(shown.time_s))
        if row is None:
            return shown
        task = FrameTask(shown.rgb(), track.landmarks[row], targets[row], choice)
        patch = renderer.render(task)
        return patch_frame(shown, patch.rgb, patch.x, patch.y) if patch.rgb.size else shown

    frames = map(painted_over, read_frames(source, info=info))
    sound = iter_sound(source, info=info)
    write_video(output, info, frames, sound, WriteOptions(force=True, quantiser=LOSSLESS))
    painted = track.landmarks.copy()
    for row, target in targets.items():
        painted[row] = target
    return replace(track, landmarks=painted)


def bridged(track: FaceTrack, painted: FaceTrack) -> FaceTrack:
    """Put painted landmarks where the tracker lost the painted face.

    A wrong mouth under a head in profile can hide the face from the tracker; where it is, is known.
    """
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    known = {_tick(time_s): row for row, time_s in enumerate(painted.times_s)}
    for row in np.flatnonzero(~np.isfinite(landmarks[:, 0, 0])):
        if (at := known.get(_tick(track.times_s[row]))) is not None:
            landmarks[row], confidence[row] = painted.landmarks[at], painted.confidence[at]
    return replace(track, landmarks=landmarks, confidence=confidence)


def _tick(time_s: float) -> int:
    """Return a time as a number that is the same however it was computed."""
    return round(float(time_s) * 1e5)


def inside(track: FaceTrack, hidden_s: tuple[float, float]) -> Bool:
    """Return which pictures of a track are shown within a span, shape (F,)."""
    within: Bool = (track.times_s >= hidden_s[0] - 1e-6) & (track.times_s < hidden_s[1] - 1e-6)
    return within
