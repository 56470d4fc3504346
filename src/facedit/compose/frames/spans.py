"""A video under a plan: tracks, mouths, canvases, and what is heard on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.compose.frames.base import Hear, Take, TrackedWindow
from facedit.compose.frames.canvas import Canvas, build_canvas, landmarks_at
from facedit.compose.frames.pictures import SpanWork
from facedit.compose.frames.track_window import track_window
from facedit.compose.source.base_frames import VideoFrames
from facedit.compose.source.clip import Clip
from facedit.compose.source.sources import SourcePaths, source_paths
from facedit.compose.source.weights import choose_weights
from facedit.editing.plan import EditPlan, Span
from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.media.info import VideoInfo
from facedit.motion.space import MotionSpace, SeesFrames, seen_in
from facedit.options import Region, Run
from facedit.render.bank import ReferenceBank
from facedit.render.geometry import lid_openings
from facedit.render.renderers import DEFAULT_RENDERER, Renderer
from facedit.report.run_report import Figure
from facedit.speech.encoders.encoders import Encoder
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.speech.recognition.sound_cache import cached_features
from facedit.types import Float32
from facedit.units import MOTION_FPS, first_frame_from, frame_at, frame_time

AROUND_S = 5.0
"""Source tracked on either side of a span at least: context of the model, mouths to draw with."""

STEP_S = 2.0
"""What is tracked begins and ends at multiples of this, so that neighbouring edits share it."""

REST_S = 4.0
"""A rest of the clip up to this long is tracked too, instead of all but it."""

CONTEXT_S = 2.4
"""Kept motion that the model sees on either side of a span."""

SHUT = 0.1
"""Opening of shut eyes, over their width, as the tracker has it."""

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

    def canvases(self, space: MotionSpace, *regions: Region) -> tuple[Canvas, ...]:
        """Hide the frames of each span, with the clip's own motion around it."""
        plan, canvases = self.plan, []
        for span, region in zip(plan.picture_spans(), regions, strict=True):
            late_s = plan.late_s(span)
            first = max(first_frame_from(span.output_start_s - CONTEXT_S - late_s), 0)
            end_s = min(span.output_end_s + CONTEXT_S, plan.output_duration_s)
            last = max(first_frame_from(end_s - late_s), first + 1)
            output_s = np.array([frame_time(frame) + late_s for frame in range(first, last)])
            window = window_of(self.windows, plan, span)
            landmarks, confidence = landmarks_at(window.track, self.paths.at(output_s), window.seen)
            hidden = plan.motion_mask(last - first, first, late_s)
            known = ~hidden if (~hidden).any() else np.ones_like(hidden)
            identity = space.identity(landmarks[known], np.maximum(confidence[known], 1e-3))
            canvas = build_canvas(
                space, identity, landmarks, confidence, hidden, region=region, first_frame=first
            )
            canvases.append(replace(canvas, late_s=late_s))
        return tuple(canvases)

    def speech(
        self, canvases: Sequence[Canvas], sound: Hear, encoder: Encoder
    ) -> tuple[Float32, ...]:
        """Compute what is heard on each canvas: the output's sound."""
        return tuple(
            speech_on(sound, canvas.first_frame, len(canvas.values), encoder, canvas.late_s)
            for canvas in canvases
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
                    canvas.region,
                    span.output_start_s,
                    np.inf if at_end else span.output_end_s,
                    own_lids=shows_own_lids(take.renderer, canvas.region, window.bank),
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
    the output is, if that is not what the video is. Returns the video with the windows of its
    spans, in order.
    ``NoFace`` if a window shows no face, ``AmbiguousFace`` if several faces could be meant.
    """
    choice = FaceChoice.parse(run.face)
    parts = dict.fromkeys(tracked_part(plan, span) for span in plan.picture_spans())
    cover = choose_weights(run).cover
    windows = tuple(track_window(clip, part, choice, cover) for part in parts)
    cuts = tuple(cut for window in windows for cut in window.track.cuts)
    return VideoBase(clip, info or clip.info, plan, windows, source_paths(plan, cuts))


def shows_own_lids(renderer: Renderer, region: Region, bank: ReferenceBank) -> bool:
    """Tell whether lids are shown as the clip's own are, which blink in it; else they are drawn."""
    if renderer.name != DEFAULT_RENDERER or region == "lips":
        return False
    return any(max(lid_openings(frame.landmarks)) < SHUT for frame in bank.frames)


def speech_on(
    window: Hear,
    first_frame: int,
    frames: int,
    encoder: Encoder = WHISPER,
    late_s: float = 0.0,
) -> Float32:
    """Compute the speech features under a canvas, heard in context.

    ``window``: returns the output's sound between two times, silence outside; ``first_frame``:
    motion frame of the output at which the canvas starts; ``late_s``: by how much its grid lies
    later than the output's. Returns features, shape (T, C).
    """
    padding = frame_at(PADDING_S)
    start_s = frame_time(first_frame - padding) + late_s
    end_s = frame_time(first_frame + frames + padding) + late_s
    heard = cached_features(window(start_s, end_s), frames + 2 * padding, encoder)
    return heard.values[padding : padding + frames]


def tracked_part(plan: EditPlan, span: Span) -> tuple[float, float]:
    """Return which part of the source is tracked for a span: the same whatever else is edited.

    ``span``: one of the plan's. Returns start and end in the source in seconds.
    """
    first, last = plan.fills[span.fills[0]], plan.fills[span.fills[-1]]
    low_s = first.source_start_s - (first.output_start_s - span.output_start_s) - AROUND_S
    high_s = last.source_end_s + (span.output_end_s - last.output_end_s) + AROUND_S
    low_s, high_s = STEP_S * math.floor(low_s / STEP_S), STEP_S * math.ceil(high_s / STEP_S)
    duration_s = plan.source_duration_s
    return (
        low_s if low_s > REST_S else 0.0,
        high_s if high_s < duration_s - REST_S else duration_s,
    )


def window_of(windows: tuple[TrackedWindow, ...], plan: EditPlan, span: Span) -> TrackedWindow:
    """Return the window that was tracked for a span.

    Raises AssertionError if there is none, which the windows' making rules out.
    """
    part = tracked_part(plan, span)
    for window in windows:
        if (window.start_s, window.end_s) == part:
            return window
    raise AssertionError(f"nothing was tracked for the span at {span.output_start_s} s")


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
