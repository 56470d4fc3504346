"""Everything that rendering a plan needs: tracks, canvases, infilled motion, the clip's mouths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.compose.canvas import Canvas, build_canvas, landmarks_at
from facedit.compose.pictures import SpanWork
from facedit.compose.sources import SourcePaths
from facedit.compose.weights import choose_weights
from facedit.device import choose_device, device_of
from facedit.editing.plan import EditPlan, Span
from facedit.editing.timeline import source_windows
from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.media.info import VideoInfo
from facedit.media.read import read_frames
from facedit.model.checkpoint import MotionModel, load_model
from facedit.model.infill import infill
from facedit.motion.space import MotionSpace
from facedit.options import Region, Run
from facedit.render.bank import ReferenceBank
from facedit.render.network import MouthNetwork, load_network
from facedit.render.renderer import FaceRenderer
from facedit.report.progress import StageClock
from facedit.speech.features import WHISPER, WhisperBase, encoder_of
from facedit.speech.sound_cache import cached_features
from facedit.types import FaceTrack, Float32, Sound
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
class Models:
    """The learned parts of a run.

    Attributes:
        space: The motion space.
        motion: The motion model.
        mouth: The mouth network, or None to work from real pixels alone.
    """

    space: MotionSpace
    motion: MotionModel
    mouth: MouthNetwork | None

    @property
    def encoder(self) -> WhisperBase:
        """What the motion model hears through; ``UsageError`` if that is unknown."""
        return encoder_of(self.motion.encoder, device_of(self.motion.net))


@dataclass(frozen=True, slots=True)
class TrackedWindow:
    """A stretch of the source with its landmarks and mouths.

    Attributes:
        start_s: Start in the source.
        end_s: End in the source.
        track: Smoothed landmarks.
        bank: The mouths and eyes seen in it.
    """

    start_s: float
    end_s: float
    track: FaceTrack
    bank: ReferenceBank


def load_models(run: Run) -> Models:
    """Load the learned parts.

    Args:
        run: Options; ``weights``, ``speaker`` and ``device`` choose.

    Returns:
        The models; the motion space is the one that the motion model was trained in. (The errors
        of ``choose_weights``; ``BadWeights`` if a file is damaged.)
    """
    chosen = choose_weights(run)
    device = choose_device(run.device)
    motion = load_model(chosen.motion, device)
    return Models(MotionSpace.named(motion.space), motion, load_network(chosen.mouth, device))


def track_windows(
    source: Path, info: VideoInfo, plan: EditPlan, run: Run, clock: StageClock
) -> tuple[TrackedWindow, ...]:
    """Track only what the edits need, and collect the clip's own mouths there.

    Args:
        source: The source video.
        info: What is known of it.
        plan: The plan.
        run: Options; ``face`` chooses the face.
        clock: Times the stages.

    Returns:
        A window per group of neighbouring spans, in order. (``NoFace`` if a window shows no face,
        ``AmbiguousFace`` if several faces could be meant.)
    """
    landmarker = Landmarker()
    choice = FaceChoice.parse(run.face)
    return tuple(
        track_window(source, info, part, choice, landmarker, clock)
        for part in source_windows(plan, AROUND_S, AROUND_S)
    )


def track_window(
    source: Path,
    info: VideoInfo,
    part: tuple[float, float],
    choice: FaceChoice,
    landmarker: Landmarker,
    clock: StageClock,
) -> TrackedWindow:
    """Track one stretch of the source, and collect the mouths there.

    Args:
        source: The source video.
        info: What is known of it.
        part: Start and end in seconds.
        choice: Which face.
        landmarker: The tracker.
        clock: Times the stages.

    Returns:
        The window. (``NoFace`` if it shows no face, ``AmbiguousFace`` if several could be meant.)
    """
    start_s, end_s = part
    count = frame_at(end_s - start_s, info.frame_rate)
    with clock.stage("tracking", count) as tick:
        frames = ((f.time_s, f.rgb()) for f in read_frames(source, start_s, end_s, info=info))
        track = smooth_track(track_face(frames, choice, landmarker=landmarker, progress=tick))
    with clock.stage("mouths", count):
        bank = ReferenceBank()
        for index, frame in enumerate(read_frames(source, start_s, end_s, info=info)):
            if np.isfinite(track.landmarks[index, 0, 0]):
                bank.add(frame.rgb(), track.landmarks[index], frame.time_s)
    return TrackedWindow(start_s, end_s, track, bank)


def span_canvases(
    plan: EditPlan,
    paths: SourcePaths,
    windows: tuple[TrackedWindow, ...],
    space: MotionSpace,
    region: Region,
) -> tuple[Canvas, ...]:
    """Build one canvas per picture span.

    Args:
        plan: The plan.
        paths: Which source moments lie underneath.
        windows: Tracked stretches of the source.
        space: The motion space.
        region: What the model may fill.

    Returns:
        Canvases in the order of ``plan.picture_spans()``.
    """
    canvases = []
    for span in plan.picture_spans():
        first = max(first_frame_from(span.output_start_s - CONTEXT_S), 0)
        last = first_frame_from(min(span.output_end_s + CONTEXT_S, plan.output_duration_s))
        last = max(last, first + 1)
        output_s = np.array([frame_time(frame) for frame in range(first, last)])
        window = window_of(windows, plan, span)
        landmarks, confidence = landmarks_at(window.track, paths.at(output_s))
        hidden = plan.motion_mask(last - first, first)
        known = ~hidden if (~hidden).any() else np.ones_like(hidden)
        identity = space.identity(landmarks[known], np.maximum(confidence[known], 1e-3))
        canvases.append(
            build_canvas(
                space, identity, landmarks, confidence, hidden, region=region, first_frame=first
            )
        )
    return tuple(canvases)


def infill_spans(
    canvases: tuple[Canvas, ...],
    speech: tuple[Float32, ...],
    models: Models,
    run: Run,
    takes: int,
) -> tuple[Float32, ...]:
    """Let the model fill every canvas.

    Args:
        canvases: The canvases.
        speech: Features of the sound on each canvas, shape (T, C).
        models: The learned parts.
        run: Options; ``seed`` and ``steps`` of the sampler.
        takes: Versions to draw.

    Returns:
        Per canvas the motion of every take, shape (takes, T, D).
    """
    return tuple(
        infill(
            models.motion,
            canvas.values,
            canvas.mask,
            heard,
            seed=run.first_seed + SEEDS_A_SPAN * index,
            takes=takes,
            steps=run.steps,
        )
        for index, (canvas, heard) in enumerate(zip(canvases, speech, strict=True))
    )


def speech_on(
    window: Callable[[float, float], Sound],
    first_frame: int,
    frames: int,
    encoder: WhisperBase = WHISPER,
) -> Float32:
    """Compute the speech features under a canvas, heard in context.

    Args:
        window: Returns the output's sound between two times, silence outside.
        first_frame: Motion frame of the output at which the canvas starts.
        frames: Length of the canvas, T.
        encoder: What hears it.

    Returns:
        Features, shape (T, C).
    """
    padding = frame_at(PADDING_S)
    start_s = frame_time(first_frame - padding)
    end_s = frame_time(first_frame + frames + padding)
    heard = cached_features(window(start_s, end_s), frames + 2 * padding, encoder)
    return heard.values[padding : padding + frames]


def span_works(
    plan: EditPlan,
    windows: tuple[TrackedWindow, ...],
    canvases: tuple[Canvas, ...],
    infilled: tuple[Float32, ...],
    models: Models,
    region: Region,
) -> tuple[SpanWork, ...]:
    """Bring together what rendering each span needs, for one take.

    Args:
        plan: The plan.
        windows: Tracked stretches of the source.
        canvases: The canvases.
        infilled: Motion per canvas for this take, shape (T, D).
        models: The learned parts.
        region: What new speech may move.

    Returns:
        Work in the order of ``plan.picture_spans()``.
    """
    works = []
    for span, canvas, motion in zip(plan.picture_spans(), canvases, infilled, strict=True):
        window = window_of(windows, plan, span)
        at_end = span.output_end_s >= plan.output_duration_s - 1e-6
        works.append(
            SpanWork(
                canvas,
                motion,
                window.track,
                FaceRenderer(window.bank, models.mouth),
                models.space,
                region,
                span.output_start_s,
                np.inf if at_end else span.output_end_s,
            )
        )
    return tuple(works)


def window_of(windows: tuple[TrackedWindow, ...], plan: EditPlan, span: Span) -> TrackedWindow:
    """Return the tracked window that holds a span.

    Args:
        windows: Tracked stretches, in order.
        plan: The plan.
        span: A picture span of it.

    Returns:
        The window.

    Raises:
        AssertionError: If there is none, which the windows' making rules out.
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

    Args:
        plan: The plan.
        canvases: The canvases.
        on_no_face: ``keep`` or ``fail``.

    Returns:
        A warning per span in which the face is missing for a while.

    Raises:
        NoFace: If that is so and ``on_no_face`` is ``fail``, or a span never shows the face.
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
