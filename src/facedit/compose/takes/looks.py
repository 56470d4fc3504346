"""Sees what a face shows: of its mesh, or in its pictures, before they are made for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facedit.compose.frames.base import Take
from facedit.compose.frames.canvas import Canvas
from facedit.compose.frames.pictures import render_span
from facedit.compose.takes.job import Ready
from facedit.editing.timeline import OutputFrame
from facedit.face.closed_lids import turned_landmarks
from facedit.face.landmarker import Landmarker, roi_from_landmarks
from facedit.face.searched_picture import Pixels
from facedit.motion.space import MotionSpace
from facedit.types import Float32, Float64
from facedit.units import MOTION_FPS

Rows = NDArray[np.intp]
"""Numbers of frames of a canvas."""


@dataclass(frozen=True, slots=True)
class Face:
    """How the face moves on a canvas.

    Attributes:
        motion: The motion of every take, shape (takes, T, D).
        eyes: What the eyes do beside it, as ``turned_landmarks`` has it, shape (T, 2, 3).
    """

    motion: Float32
    eyes: Float32


class Look(Protocol):
    """Sees faces."""

    def __call__(self, index: int, rows: Rows, face: Face, /) -> Float64:
        """Return the blendshapes that a canvas's first take shows in some rows, shape (N, 52)."""


@dataclass(frozen=True, slots=True)
class MeshLook:
    """Looks at the decoded mesh (implements ``Look``).

    Attributes:
        space: The motion space.
        canvases: The canvases.
        landmarker: Holds the network that sees.
    """

    space: MotionSpace
    canvases: Sequence[Canvas]
    landmarker: Landmarker

    def __call__(self, index: int, rows: Rows, face: Face) -> Float64:
        """Return the blendshapes of some rows, shape (N, 52)."""
        meshes = self.space.decode(face.motion[0][rows], self.canvases[index].identity)
        seen = [
            self.landmarker.blendshapes(turned_landmarks(mesh, eyes) if eyes.any() else mesh)
            for mesh, eyes in zip(meshes, face.eyes[rows], strict=True)
        ]
        return np.array(seen, np.float64)


class PictureLook:
    """Draws single pictures and finds the face in them anew (implements ``Look``).

    Args:
        ready: What the takes have in common.
    """

    def __init__(self, ready: Ready) -> None:
        self._ready = ready
        self._frames = ready.job.base.frames()
        self._landmarker = Landmarker()

    def __call__(self, index: int, rows: Rows, face: Face) -> Float64:
        """Return the blendshapes that some rows of a canvas show, shape (N, 52)."""
        ready, base = self._ready, self._ready.job.base
        motions = [canvas.values for canvas in ready.canvases]
        motions[index] = face.motion[0]
        models, seed = ready.models, ready.job.run.first_seed
        works = base.works(Take(ready.canvases, motions, models.space, models.renderer, seed))
        work = replace(works[index], blinks=(), eyes=face.eyes)
        at_s = work.canvas.start_s + rows / MOTION_FPS
        shown = [OutputFrame(float(one), -1, float("nan"), "fill", index) for one in at_s]
        where = models.space.decode(work.infilled[rows], work.canvas.identity)
        pictures = render_span(self._frames, base.paths, work, shown, ready.job.clock)
        seen = [
            self._landmarker.landmarks(Pixels(one.frame.rgb()), roi_from_landmarks(mesh))[0]
            for one, mesh in zip(pictures, where, strict=True)
        ]
        return np.array([self._landmarker.blendshapes(mesh) for mesh in seen], np.float64)
