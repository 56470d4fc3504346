"""One picture under the whole output: the canvas behind a prompt, and what rendering needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from facedit.compose.frames.base import Hear, Take, TrackedWindow
from facedit.compose.frames.canvas import Canvas, build_canvas
from facedit.compose.frames.person import Person
from facedit.compose.frames.pictures import SpanWork
from facedit.compose.frames.spans import shows_own_lids, speech_on
from facedit.compose.source.base_frames import StillFrames
from facedit.compose.source.clip import Clip
from facedit.compose.source.picture_notes import picture_notes
from facedit.compose.source.source_still import closed_mouth, still_track
from facedit.compose.source.sources import SourcePaths, source_paths
from facedit.compose.words.plans import whole_clip_plan
from facedit.editing.plan import EditPlan
from facedit.media.info import VideoInfo, new_video_info
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.space import MotionSpace
from facedit.options import Region
from facedit.render.bank import ReferenceBank
from facedit.render.blink import blink_schedule
from facedit.report.run_report import Figure
from facedit.speech.encoders.encoders import Encoder
from facedit.types import Float32, Sound
from facedit.units import MOTION_FPS, first_frame_from, frame_time

PROMPT_FRAMES = 6
"""Motion frames before the speech in which the face is as in the picture."""


def person_canvas(space: MotionSpace, person: Person, frames: int, region: Region) -> Canvas:
    """Put the prompt before the picture, and hide everything that speech may move in the latter.

    Without a prompt the face is held for ``PROMPT_FRAMES`` as in the picture, the mouth closed.

    Returns a canvas that starts with the prompt, before the output.
    """
    prompt, track, seen = person.prompt, person.track, person.points
    last = seen.still
    if prompt is None or track is None:
        ahead, sure = (
            np.repeat(last[None], PROMPT_FRAMES, axis=0),
            np.ones(PROMPT_FRAMES, np.float32),
        )
        identity = space.identity(last[None], np.ones(1, np.float32))
    else:
        ahead, sure = seen.prompt, prompt.confidence
        shown = np.isfinite(track.landmarks).all(axis=(1, 2))
        identity = space.identity(seen.track[shown], track.confidence[shown])
        # Another picture's pose and size would be no pose of the video: its last frame is held.
        last = ahead[-1] if person.borrowed else last
    before = len(ahead)
    landmarks = np.concatenate([ahead, np.repeat(last[None], frames, axis=0)])
    confidence = np.concatenate([sure, np.ones(frames)]).astype(np.float32)
    hidden = np.arange(before + frames) >= before
    canvas = build_canvas(
        space, identity, landmarks, confidence, hidden, region=region, first_frame=-before
    )
    if prompt is not None:
        return canvas
    closed = closed_mouth(space, canvas.values[0], identity)
    return replace(canvas, values=np.repeat(closed[None], before + frames, axis=0))


def in_picture(
    space: MotionSpace, person: Person, canvas: Canvas, infilled: Float32
) -> tuple[Canvas, Float32]:
    """Make what was drawn on a canvas motion of the picture's own face.

    Its brows, lids and head move from where they are. Of a picture that is not of the canvas's
    video the neutral face is not known: its mouth, closed, stands for the one at the prompt's end.

    ``canvas``: from ``person_canvas``; what precedes the output is the prompt; ``infilled``: its
    infilled motion, shape (T, D). Returns the canvas with the identity of the picture's face, and
    the motion for it, shape (T, D).
    """
    still, prompt = person.points.still[None], infilled[: -canvas.first_frame]
    lips, face, head = (space.groups[name] for name in ("lips", "face", "head"))
    offset = np.zeros(len(space.names), np.float32)
    if not person.borrowed:
        here = space.encode(still, canvas.identity)[0]
    else:
        shut = closed_mouth(space, canvas.values[len(prompt) - 1], canvas.identity)
        canvas = replace(canvas, identity=space.identity(still, np.ones(1, np.float32)))
        here = space.encode(still, canvas.identity)[0]
        offset[lips] = (closed_mouth(space, here, canvas.identity) - shut)[lips]
    # Brows and lids are in the picture as usual in the prompt, at whose end the eyes may be shut.
    offset[face] = here[face] - np.median(prompt[:, face], axis=0)
    # The head moves from where the prompt left it; in the picture it starts as it is.
    offset[head] = here[head] - prompt[-1, head]
    return canvas, infilled + offset


@dataclass(frozen=True, slots=True)
class PictureBase:
    """One picture for as long as somebody speaks (implements ``Base``).

    Attributes:
        person: Who speaks.
        info: What the output's pictures are.
        plan: One fill, from beginning to end.
        footage: Name of the video that shows mouths and way of speaking, for the report.
    """

    person: Person
    info: VideoInfo
    plan: EditPlan
    footage: str = ""

    @property
    def windows(self) -> tuple[TrackedWindow, ...]:
        """The picture's face and the person's mouths."""
        track = still_track(self.person.still)
        bank = self.person.bank or ReferenceBank()
        seen = None if self.person.seen is None else self.person.seen.still[None]
        end_s, covers = self.plan.source_duration_s, self.person.covers
        return (TrackedWindow(0.0, end_s, track, bank, seen, covers),)

    @property
    def paths(self) -> SourcePaths:
        """The picture's time is the output's."""
        return source_paths(self.plan)

    def frames(self) -> StillFrames:
        """Return the picture, as often as it is shown."""
        return StillFrames(self.person.still.rgb, self.info)

    def moving(self) -> tuple[Clip, tuple[TrackedWindow, ...]] | None:
        """Return the video beside the picture, or that the picture is of."""
        clip, track, bank = self.person.source, self.person.track, self.person.bank
        if clip is None or track is None or bank is None:
            return None
        start_s, end_s = float(track.times_s[0]), float(track.times_s[-1])
        return clip, (TrackedWindow(start_s, end_s, track, bank),)

    def seen_by(self, space: MotionSpace) -> PictureBase:
        """Look at the picture, and at the video of the prompt, as the motion space does."""
        return replace(self, person=self.person.seen_by(space))

    def canvases(self, space: MotionSpace, *regions: Region) -> tuple[Canvas, ...]:
        """Hide everything that speech may move, behind the prompt."""
        (region,) = regions
        return (person_canvas(space, self.person, self.info.frame_count, region),)

    def speech(
        self, canvases: Sequence[Canvas], sound: Hear, encoder: Encoder
    ) -> tuple[Float32, ...]:
        """Compute what is heard: the prompt's own sound, then the output's."""
        (canvas,), prompt = canvases, self.person.prompt
        frames = len(canvas.values)
        if prompt is None:
            return (speech_on(sound, canvas.first_frame, frames, encoder),)
        before = len(prompt.landmarks)
        own = speech_on(prompt.sound, prompt.first_frame, before, encoder)
        return (np.concatenate([own, speech_on(sound, 0, frames - before, encoder)]),)

    def works(self, take: Take) -> tuple[SpanWork, ...]:
        """Bring picture and mouths together; the seed is that of the blinks."""
        (canvas,), (motion,), (window,) = take.canvases, take.motions, self.windows
        canvas, motion = in_picture(take.space, self.person, canvas, motion)
        own = self.person.bank
        by = take.renderer
        renderer = by.of_clip(own) if own else by.of_picture(self.person.still)
        blinks = blink_schedule(self.plan.output_duration_s, np.random.default_rng(take.seed))
        return (
            SpanWork(
                canvas, motion, window.track, renderer, take.space, canvas.region, 0.0, np.inf,
                blinks=blinks, own_lids=shows_own_lids(by, canvas.region, window.bank),
                seen=window.seen, covers=window.covers,
            ),
        )  # fmt: skip

    def notes(self, space: MotionSpace) -> tuple[str, ...]:
        """Judge the picture (``NoFace`` if its mouth is cut off)."""
        return picture_notes(
            space if isinstance(space, MeshSpace) else MeshSpace.load(), self.person.still
        )

    def figures(self) -> dict[str, Figure]:
        """Say what was taken from a video beside the picture."""
        if self.person.bank is None:
            return {}
        stretch = None  # too little is seen or heard
        if (prompt := self.person.prompt) is not None:
            start_s = frame_time(prompt.first_frame)
            stretch = (start_s, start_s + frame_time(len(prompt.landmarks)))
        mouths = len(self.person.bank)
        return {"footage": self.footage, "mouths": mouths, "way of speaking": stretch}


def picture_base(person: Person, sound: Sound, text: str, footage: str = "") -> PictureBase:
    """Let a person speak a sound: the plan is one fill as long as it.

    ``footage``: name of the video that shows mouths and way of speaking. Returns the base, whose
    pictures have the motion's own frame rate.
    """
    frames = max(first_frame_from(sound.duration_s), 1)
    plan = whole_clip_plan(frame_time(frames), Fraction(MOTION_FPS), sound.duration_s, text)
    height, width = person.still.rgb.shape[:2]
    info = new_video_info(width, height, MOTION_FPS, sound.rate, sound.samples.shape[1])
    return PictureBase(person, replace(info, frame_count=frames), plan, footage)
