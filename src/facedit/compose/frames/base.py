"""What lies under the output: the one place in which the verbs differ.

An edit, a sync and the benchmark's hidden spans stand on a video (``spans.VideoBase``); a face that
is made to speak stands on one picture, behind a prompt (``picture_base.PictureBase``). From a base
come the canvases with their masks, what is heard on them, and what rendering needs; all that
follows (infilling, landmarks, pictures, sound, file, report) is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from facedit.compose.frames.canvas import Canvas
from facedit.compose.frames.pictures import SpanWork
from facedit.compose.source.base_frames import BaseFrames
from facedit.compose.source.clip import Clip
from facedit.compose.source.sources import SourcePaths
from facedit.editing.plan import EditPlan
from facedit.media.info import VideoInfo
from facedit.motion.space import MotionSpace
from facedit.options import Region
from facedit.render.bank import ReferenceBank
from facedit.render.covers import Covers
from facedit.render.renderers import Renderer
from facedit.report.run_report import Figure
from facedit.speech.encoders.encoders import Encoder
from facedit.types import FaceTrack, Float32, Sound

Hear = Callable[[float, float], Sound]
"""Returns a sound between two times, silence outside."""


@dataclass(frozen=True, slots=True)
class TrackedWindow:
    """A stretch of the source with its landmarks and mouths.

    Attributes:
        start_s: Start in the source.
        end_s: End in the source.
        track: Smoothed landmarks.
        bank: The mouths and eyes seen in it.
        seen: What the motion space sees of its frames, if not the landmarks, shape (F, ...).
        covers: What hides the mouth; None if nobody looked.
    """

    start_s: float
    end_s: float
    track: FaceTrack
    bank: ReferenceBank
    seen: Float32 | None = None
    covers: Covers | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """One version of the motion, and what renders it.

    Attributes:
        canvases: The canvases, one a picture span.
        motions: Infilled motion on each, shape (T, D).
        space: The motion space.
        renderer: What draws the face.
        seed: Seed of the take.
    """

    canvases: Sequence[Canvas]
    motions: Sequence[Float32]
    space: MotionSpace
    renderer: Renderer
    seed: int


class Base(Protocol):
    """The pictures underneath a plan, tracked."""

    @property
    def info(self) -> VideoInfo:
        """What the output's pictures are."""
        ...

    @property
    def plan(self) -> EditPlan:
        """The layout in time."""
        ...

    @property
    def windows(self) -> tuple[TrackedWindow, ...]:
        """Tracked stretches, in order."""
        ...

    @property
    def paths(self) -> SourcePaths:
        """Which moments lie underneath each picture."""
        ...

    def frames(self) -> BaseFrames:
        """Open the pictures."""
        ...

    def moving(self) -> tuple[Clip, tuple[TrackedWindow, ...]] | None:
        """Return the video in which the face is seen moving, tracked; None of a picture."""
        ...

    def seen_by(self, space: MotionSpace) -> Base:
        """Look at the pictures as a motion space does that does not go by landmarks."""
        ...

    def canvases(self, space: MotionSpace, *regions: Region) -> tuple[Canvas, ...]:
        """Build a canvas with its mask per picture span of the plan; each has its region."""
        ...

    def speech(
        self, canvases: Sequence[Canvas], sound: Hear, encoder: Encoder
    ) -> tuple[Float32, ...]:
        """Compute what is heard on each canvas of the output's sound, shape (T, C) each."""
        ...

    def works(self, take: Take) -> tuple[SpanWork, ...]:
        """Bring together what rendering each span of one take needs."""
        ...

    def notes(self, space: MotionSpace) -> tuple[str, ...]:
        """Say what the user should know of the pictures, or raise ``NoFace``."""
        ...

    def figures(self) -> dict[str, Figure]:
        """Say for the report what was taken from where."""
        ...
