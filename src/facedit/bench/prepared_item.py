"""An item made ready: what every system is given, made once for all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedit.bench.items import Item
from facedit.bench.layout import clip_of, edited_s, layout, own_sound
from facedit.bench.occlude import bridged, inside, withhold
from facedit.bench.systems.system import Heard, InfillTask, Library
from facedit.compose.frames.base import Base
from facedit.compose.frames.canvas import Canvas
from facedit.compose.frames.output_sound import OutputSound, stretches
from facedit.compose.frames.person import find_person
from facedit.compose.frames.picture_base import PictureBase, picture_base
from facedit.compose.frames.spans import VideoBase, refuse_missing_faces, speech_on, track_video
from facedit.compose.source.clip import Clip
from facedit.dataset.masks import reverse_kept_dims
from facedit.editing.plan import EditPlan
from facedit.errors import UsageError
from facedit.evaluation.fills import middle_frames
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.media.info import VideoInfo
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.resample import resample_track
from facedit.motion.space import MotionSpace
from facedit.options import USUAL_REGION, Region, Run
from facedit.progress import StageClock
from facedit.render.still_renderer import Still
from facedit.speech.encoders.encoders import Encoder
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.types import FaceTrack, Float32, Word
from facedit.units import MOTION_FPS, first_frame_from, frame_at, frame_time

LIBRARY_MARGIN = 3
"""Motion frames beside a hidden span that no library holds: its own edges would give it away."""

AROUND_S = 6.0
"""Source tracked on either side of what is edited."""

CLIP_RUN = Run(face="largest")
"""Options under which the benchmark's clips are read."""


@dataclass(frozen=True, slots=True)
class Case:
    """An item made ready.

    Attributes:
        clip: The clip as it is.
        info: What is known of it.
        track: Smoothed landmarks of the clip around the edited place, in the clip's own time.
        canvas: Motion of what lies underneath, and the mask.
        task: What systems are given.
        words: Words of the output with their times.
        source: What systems see of the clip: in ``reconstruct`` without the hidden mouths.
        base: The pictures underneath: ``source``, or the one picture of ``generate``.
        encoder: What hears the sounds for measures and baselines.
    """

    item: Item
    clip: Path
    info: VideoInfo
    track: FaceTrack
    space: MotionSpace
    canvas: Canvas
    task: InfillTask
    words: tuple[Word, ...]
    sound: OutputSound
    source: Path
    base: Base
    encoder: Encoder = WHISPER

    @property
    def plan(self) -> EditPlan | None:
        """The layout of the clip's pictures in time; None where one stands for all."""
        return None if self.still else self.base.plan

    @property
    def still(self) -> Still | None:
        """The one picture of ``generate``."""
        return self.base.person.still if isinstance(self.base, PictureBase) else None

    @property
    def region(self) -> Region:
        """What new speech may move, as ``facedit`` does it unless told otherwise."""
        return USUAL_REGION["generate" if self.still else "edit"]

    @property
    def sound_s(self) -> float:
        """Length of the output's sound in seconds."""
        return self.sound.length / self.sound.rate


def build_case(
    item: Item,
    clips: Path,
    work: Path,
    clock: StageClock,
    other: Item | None = None,
    *,
    hide: bool = True,
    encoder: Encoder = WHISPER,
) -> Case:
    """Make an item ready.

    ``hide``: withhold the hidden mouths from systems; False where no system is to answer.
    ``BadMedia`` if the clip is missing or another one; other errors of reading it pass through.
    """
    clip = clip_of(item, clips)
    info = probe(clip, need_sound=True)
    space = MeshSpace.load()

    def wrong(frames: int, encoder: Encoder) -> Float32:
        if other is None:
            raise UsageError("this benchmark has one clip only: there is no other sound to hear.")
        return middle_features(clip_of(other, clips), frames, encoder)

    with clock.stage("tracking the clip"):
        track = track_around(clip, info, edited_s(item))
    whole = item.track == "generate"
    base: Base
    if whole:
        # Mouths and manner of the clip are the answer: the protocol takes them away.
        person = find_person(Clip(clip, clock, info=info), CLIP_RUN, picture_only=True)
        sound, words, source = own_sound(clip, info), item.clip.words, clip
        base = picture_base(person, sound.window(0.0, info.duration_s), item.id)
    else:
        plan, sound, words = layout(item, clip, info, clips)
        output = work / f"{item.id}{clip.suffix}" if hide else None
        source, base = _video(item, clip, plan, track, space, output, clock)
    (canvas,) = base.canvases(space, USUAL_REGION["generate" if whole else "edit"])
    if not whole:
        refuse_missing_faces(base.plan, (canvas,), "fail")
    hear = _features_of(sound, canvas, wrong)
    with clock.stage("speech features"):
        speech = hear("own", encoder)
        library = None if whole else _library(item, source, base, canvas, space, encoder)
    task = _task(item, canvas, speech, hear, library)
    return Case(item, clip, info, track, space, canvas, task, words, sound, source, base, encoder)


def _video(
    item: Item,
    clip: Path,
    plan: EditPlan,
    track: FaceTrack,
    space: MeshSpace,
    output: Path | None,
    clock: StageClock,
) -> tuple[Path, VideoBase]:
    """Read the video that systems see, and where it lies; with the mouths if ``output`` is None."""
    source, painted = clip, track
    if item.track == "reconstruct" and output is not None:
        source = output
        with clock.stage("withholding"):
            painted = withhold(clip, probe(clip), track, item.hidden_s, source, space)
    base = track_video(Clip(source, clock, info=probe(source)), plan, CLIP_RUN)
    if item.track == "reconstruct":
        (window,) = base.windows
        window = replace(window, track=bridged(window.track, painted))
        seen = inside(window.track, item.hidden_s)
        gone = {float(time_s) for time_s in window.track.times_s[seen]}
        window.bank.frames = [f for f in window.bank.frames if f.time_s not in gone]
        base = replace(base, windows=(window,))
    return source, base


def in_space(case: Case, space: MotionSpace) -> Case:
    """Make the same item ready for a system that draws in another motion space.

    What is heard and shown is the same; the clip's own motion elsewhere is left out (``library``).
    """
    base = case.base.seen_by(space)
    (canvas,) = base.canvases(space, case.region)
    task = _task(case.item, canvas, case.task.speech, case.task.hear, None)
    return replace(case, space=space, canvas=canvas, task=task, base=base)


def _task(
    item: Item,
    canvas: Canvas,
    speech: Float32,
    hear: Callable[[Heard, Encoder], Float32],
    library: Library | None,
) -> InfillTask:
    """Hide what is to be completed."""
    # In an edit the face in the hidden frames was shot to other words; here it would tell.
    told = item.track == "reconstruct"
    shown = reverse_kept_dims(canvas.values, canvas.mask) if told else canvas.values
    hidden = np.where(canvas.mask, np.float32(np.nan), shown)
    return InfillTask(hidden, canvas.mask, speech, hear, library, item.clip.corpus, item.seed)


def track_around(clip: Path, info: VideoInfo, place: tuple[float, float]) -> FaceTrack:
    """Track the largest face around a place in seconds, ``AROUND_S`` to each side, smoothed."""
    frames = read_frames(clip, place[0] - AROUND_S, place[1] + AROUND_S, info=info)
    found = ((frame.time_s, frame.rgb()) for frame in frames)
    return smooth_track(track_face(found, FaceChoice(largest=True), landmarker=Landmarker()))


def middle_features(clip: Path, frames: int, encoder: Encoder) -> Float32:
    """Return the speech features (T, C) of the middle of a clip, repeated if it is too short."""
    sound = read_sound(clip)
    total = max(frame_at(sound.duration_s), 1)
    heard = speech_on(stretches(sound), 0, total, encoder)
    taken: Float32 = heard[middle_frames(total, frames)]
    return taken


def _features_of(
    sound: OutputSound, canvas: Canvas, wrong: Callable[[int, Encoder], Float32]
) -> Callable[[Heard, Encoder], Float32]:
    """Return what gives the features of either sound under a canvas (``InfillTask.hear``)."""
    frames = len(canvas.values)

    @functools.cache  # every system hears the same
    def hear(which: Heard, encoder: Encoder) -> Float32:
        if which == "other":
            return wrong(frames, encoder)
        return speech_on(sound.window, canvas.first_frame, frames, encoder)

    return hear


def _library(
    item: Item, source: Path, base: Base, canvas: Canvas, space: MeshSpace, encoder: Encoder
) -> Library:
    """Collect the clip's own motion and speech around the edited place."""
    window = base.windows[0]
    first = first_frame_from(float(window.track.times_s[0]))
    last = first_frame_from(float(window.track.times_s[-1]))
    frames = max(last - first + 1, 1)
    landmarks, confidence = resample_track(window.track, frame_time(first), frames)
    motion = space.encode(landmarks, canvas.identity)
    speech = speech_on(own_sound(source, base.info).window, first, frames, encoder)
    usable = (confidence > 0) & np.isfinite(motion).all(axis=1)
    if item.track == "reconstruct":
        times_s = (first + np.arange(frames)) / MOTION_FPS
        margin_s = frame_time(LIBRARY_MARGIN)
        start_s, end_s = item.hidden_s
        usable &= (times_s < start_s - margin_s) | (times_s >= end_s + margin_s)
    return Library(motion, speech, np.asarray(usable))
