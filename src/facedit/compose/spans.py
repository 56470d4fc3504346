"""A video under a plan: tracks, mouths, canvases; and infilling, of whatever base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.compose.base import Hear, Take, TrackedWindow
from facedit.compose.base_frames import VideoFrames
from facedit.compose.canvas import Canvas, build_canvas, landmarks_at
from facedit.compose.clip import Clip
from facedit.compose.pictures import SpanWork
from facedit.compose.sources import SourcePaths, source_paths
from facedit.compose.track_window import track_window
from facedit.compose.weights import choose_weights
from facedit.editing.plan import EditPlan, Span
from facedit.editing.timeline import source_windows
from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.media.info import VideoInfo
from facedit.model.checkpoint import MotionModel
from facedit.model.infill import Task, infill_batch
from facedit.model.manner import articulate, manner_of
from facedit.model.seams import limit_steps
from facedit.motion.space import MotionSpace, SeesFrames, seen_in
from facedit.options import Region, Run
from facedit.report.run_report import Figure
from facedit.speech.encoders import Encoder
from facedit.speech.sound_cache import cached_features
from facedit.speech.whisper_base import WHISPER
from facedit.types import Float32
from facedit.units import MOTION_FPS, first_frame_from, frame_at, frame_time

AROUND_S = 6.0
"""Source tracked on either side of a span: context of the model and mouths of the renderer."""

CONTEXT_S = 2.4
"""Kept motion that the model sees on either side of a span."""

SEEDS_A_SPAN = 1000
"""Seeds set aside for the takes of one span, so that no two spans share a noise."""

PADDING_S = 0.4
"""Sound heard beyond the canvas, so that its first and last frames are no edges."""


@dataclass(frozen=True, slots=True)
class VideoBase:
    """A video, tracked where a plan changes it (implements ``Base``).

    Attributes:
        clip: The video.
        info: What the output is: the video, with sound.
        plan: The plan.
        windows: Tracked stretches of it.
        paths: Which of its moments lie underneath.
    """

    clip: Clip
    info: VideoInfo
    plan: EditPlan
    windows: tuple[TrackedWindow, ...]
    paths: SourcePaths

    def frames(self) -> VideoFrames:
        """Open the video."""
        return VideoFrames(self.clip)

    def moving(self) -> tuple[Clip, tuple[TrackedWindow, ...]]:
        """Return the video."""
        return self.clip, self.windows

    def seen_by(self, space: MotionSpace) -> VideoBase:
        """Look at the tracked pictures again, for a motion space that does not go by landmarks."""
        if not isinstance(space, SeesFrames):
            return self
        windows = []
        for window in self.windows:
            frames = self.clip.frames(window.start_s, window.end_s)
            seen = seen_in(space, window.track, (frame.rgb() for frame in frames))
            windows.append(replace(window, seen=seen))
        return replace(self, windows=tuple(windows))

    def canvases(self, space: MotionSpace, region: Region) -> tuple[Canvas, ...]:
        """Hide the frames of each span, with the clip's own motion around it."""
        plan, canvases = self.plan, []
        for span in plan.picture_spans():
            first = max(first_frame_from(span.output_start_s - CONTEXT_S), 0)
            last = first_frame_from(min(span.output_end_s + CONTEXT_S, plan.output_duration_s))
            last = max(last, first + 1)
            output_s = np.array([frame_time(frame) for frame in range(first, last)])
            window = window_of(self.windows, plan, span)
            landmarks, confidence = landmarks_at(window.track, self.paths.at(output_s), window.seen)
            hidden = plan.motion_mask(last - first, first)
            known = ~hidden if (~hidden).any() else np.ones_like(hidden)
            identity = space.identity(landmarks[known], np.maximum(confidence[known], 1e-3))
            canvases.append(
                build_canvas(
                    space, identity, landmarks, confidence, hidden, region=region, first_frame=first
                )
            )
        return tuple(canvases)

    def speech(
        self, canvases: Sequence[Canvas], sound: Hear, encoder: Encoder
    ) -> tuple[Float32, ...]:
        """Compute what is heard on each canvas: the output's sound."""
        return tuple(
            speech_on(sound, canvas.first_frame, len(canvas.values), encoder) for canvas in canvases
        )

    def works(self, take: Take) -> tuple[SpanWork, ...]:
        """Bring the clip's pictures and mouths together; its own eyes blink, without a seed."""
        works = []
        for span, canvas, motion in zip(
            self.plan.picture_spans(), take.canvases, take.motions, strict=True
        ):
            window = window_of(self.windows, self.plan, span)
            at_end = span.output_end_s >= self.plan.output_duration_s - 1e-6
            works.append(
                SpanWork(
                    canvas,
                    motion,
                    window.track,
                    take.renderer.of_clip(window.bank),
                    take.space,
                    take.region,
                    span.output_start_s,
                    np.inf if at_end else span.output_end_s,
                    seen=window.seen,
                    covers=window.covers,
                )
            )
        return tuple(works)

    def notes(self, space: MotionSpace) -> tuple[str, ...]:
        """Say nothing beside what the video's own notes say."""
        return self.info.notes

    def figures(self) -> dict[str, Figure]:
        """Nothing but the video is used."""
        return {}


def track_video(clip: Clip, plan: EditPlan, run: Run, info: VideoInfo | None = None) -> VideoBase:
    """Track only what the edits need, and collect the clip's own mouths there.

    ``run``: options; ``face`` chooses the face, ``weights`` what looks for covers; ``info``: what
    the output is, if that is not what the video is. Returns the video with a window per group of
    neighbouring spans, in order.
    ``NoFace`` if a window shows no face, ``AmbiguousFace`` if several faces could be meant.
    """
    choice = FaceChoice.parse(run.face)
    parts = source_windows(plan, AROUND_S, AROUND_S)
    cover = choose_weights(run).cover
    windows = tuple(track_window(clip, part, choice, cover) for part in parts)
    cuts = tuple(cut for window in windows for cut in window.track.cuts)
    return VideoBase(clip, info or clip.info, plan, windows, source_paths(plan, cuts))


def infill_spans(
    canvases: tuple[Canvas, ...],
    speech: tuple[Float32, ...],
    model: MotionModel,
    run: Run,
    takes: int,
) -> tuple[Float32, ...]:
    """Let the model fill every canvas.

    ``speech``: features of the sound on each canvas, shape (T, C); ``run``: options; ``seed``,
    ``steps`` and ``articulation``. Returns per canvas the motion of every take, (takes, T, D).
    """
    usual = replace(model.sampler, steps=run.steps)

    def drawn(canvas: Canvas, heard: Float32, seed: int, index: int) -> Float32:
        manner = manner_of(seed)
        task = Task(canvas.values, canvas.mask, heard, seed + SEEDS_A_SPAN * index)
        (motion,) = infill_batch(model, [task], manner.settings(usual))
        if (factor := run.articulation * manner.articulation) == 1:
            return motion
        moved = articulate(motion, canvas.mask, model.dim_names, factor)
        return limit_steps(moved, canvas.mask)

    seeds = range(run.first_seed, run.first_seed + takes)
    return tuple(
        np.stack([drawn(canvas, heard, seed, index) for seed in seeds])
        for index, (canvas, heard) in enumerate(zip(canvases, speech, strict=True))
    )


def speech_on(
    window: Hear,
    first_frame: int,
    frames: int,
    encoder: Encoder = WHISPER,
) -> Float32:
    """Compute the speech features under a canvas, heard in context.

    ``window``: returns the output's sound between two times, silence outside; ``first_frame``:
    motion frame of the output at which the canvas starts. Returns features, shape (T, C).
    """
    padding = frame_at(PADDING_S)
    start_s = frame_time(first_frame - padding)
    end_s = frame_time(first_frame + frames + padding)
    heard = cached_features(window(start_s, end_s), frames + 2 * padding, encoder)
    return heard.values[padding : padding + frames]


def window_of(windows: tuple[TrackedWindow, ...], plan: EditPlan, span: Span) -> TrackedWindow:
    """Return the tracked window that holds a span.

    Raises AssertionError if there is none, which the windows' making rules out.
    """
    source_s = plan.fills[span.fills[0]].source_start_s
    for window in windows:
        if window.start_s - 1e-6 <= source_s <= window.end_s + 1e-6:
            return window
    raise AssertionError(f"no window holds the span at {span.output_start_s} s")


def refuse_missing_faces(
    plan: EditPlan, canvases: tuple[Canvas, ...], on_no_face: str
) -> tuple[str, ...]:
    """Look for edited moments without a face.

    ``on_no_face``: ``keep`` or ``fail``. Returns a warning per span in which the face is missing
    for a while. Raises NoFace if that is so and ``on_no_face`` is ``fail``, or a span never shows
    the face.
    """
    warnings = []
    for span, canvas in zip(plan.picture_spans(), canvases, strict=True):
        output_s = canvas.start_s + np.arange(len(canvas.values)) / MOTION_FPS
        inside = (output_s >= span.output_start_s) & (output_s < span.output_end_s)
        missing = inside & (canvas.confidence <= 0)
        if not missing.any():
            continue
        place = f"{span.output_start_s:.2f}-{span.output_end_s:.2f} s of the output"
        if on_no_face == "fail" or missing.sum() == inside.sum():
            raise NoFace(
                f"the face is missing in {missing.sum()} of {inside.sum()} motion frames at "
                f"{place}: choose other words, or another face with --face."
            )
        warnings.append(
            f"{missing.sum()} of {inside.sum()} motion frames at {place} show no face: "
            "their pixels were kept."
        )
    return tuple(warnings)
