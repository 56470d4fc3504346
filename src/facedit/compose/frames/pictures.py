"""The pictures of the output, in order: the source's own frames, and rendered ones in the spans."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from facedit.compose.frames.canvas import Canvas, target_landmarks
from facedit.compose.source.base_frames import BaseFrames, Parts
from facedit.compose.source.sources import PictureTimes, SourcePaths
from facedit.editing.plan import EditPlan
from facedit.editing.timeline import OutputFrame, is_removed, output_frames
from facedit.face.closed_lids import turned_landmarks
from facedit.media.frame import Frame
from facedit.media.pixels import patch_frame
from facedit.motion.resample import values_at
from facedit.motion.space import MotionSpace
from facedit.options import Region
from facedit.progress import StageClock
from facedit.render.blink import Blink, closure_at
from facedit.render.covers import Covers, drawn_shares, filled, kept_over
from facedit.render.gaze import turn_eyes
from facedit.render.lids import close_lids
from facedit.render.morph import morph_cut
from facedit.render.renderer_interface import ClipRenderer, FrameTask
from facedit.runs import blocks
from facedit.types import FaceTrack, Float32, Float64, UInt8

FADE_S = 0.08
"""Rendered pixels fade in and out over this long at the ends of a span."""

HEAD_FADE_S = 0.24
"""The head leaves and rejoins its own path over this long."""

CHUNK, CHUNK_PIXELS = 32, 100_000_000
"""Base frames held at once, and pixels in them: bounds memory for long spans and large pictures."""

PLANNED, BESIDE = 3000, 50
"""Pictures of a span for which mouths are chosen together, and those looked at beside them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the output.

    Attributes:
        frame: The picture, in the source's own pixel format.
        time_s: When it is shown in the output.
        role: ``kept``, ``margin`` or ``fill``.
        span: Index of the picture span; -1 where kept.
    """

    frame: Frame
    time_s: float
    role: str
    span: int


@dataclass(frozen=True, slots=True)
class SpanWork:
    """All that is needed to render one span.

    Attributes:
        canvas: The canvas that was infilled.
        infilled: Motion on the canvas, shape (T, D).
        track: Smoothed landmarks of the source around the span.
        renderer: Knows this person's mouths.
        space: The motion space.
        region: What may move.
        start_s: Start of the span in the output.
        end_s: End of the span in the output.
        blinks: Blinks in output time, beside what the motion does with the lids.
        eyes: What eyes do in each frame of the canvas beside the motion, as ``turned_landmarks``
            has it, shape (T, 2, 3); None where nothing.
        own_lids: Whether the renderer shows lids as the target has them, from the clip's own.
        seen: What the motion space sees of the track's frames, if not the landmarks, (F, ...).
        covers: What hides the mouth in the track's frames; None if nobody looked.
    """

    canvas: Canvas
    infilled: Float32
    track: FaceTrack
    renderer: ClipRenderer
    space: MotionSpace
    region: Region
    start_s: float
    end_s: float
    blinks: tuple[Blink, ...] = ()
    eyes: Float32 | None = None
    own_lids: bool = False
    seen: Float32 | None = None
    covers: Covers | None = None


def output_pictures(
    base_frames: BaseFrames,
    plan: EditPlan,
    paths: SourcePaths,
    spans: tuple[SpanWork, ...],
    parts: Parts = None,
    clock: StageClock | None = None,
    only: Container[int] | None = None,
) -> Iterator[Picture]:
    """Stream the output's pictures.

    ``spans``: per picture span of the plan what is needed to render it; ``parts``: parts of the
    source that are wanted, with all that the plan changes; None for all; ``only``: picture spans
    that are wanted; None for all. Yields pictures, ascending in time; kept ones hold the very
    frames that were decoded.
    """
    clock = clock or StageClock()
    again = [_underneath(paths, work) for k, work in enumerate(spans) if only is None or k in only]
    held = _Held(base_frames.stream(parts, sum(again, ())), plan)
    waiting: list[OutputFrame] = []
    for shown in output_frames(plan, held.times()):
        if waiting and shown.span != waiting[0].span:
            yield from render_span(base_frames, paths, spans[waiting[0].span], waiting, clock)
            waiting = []
        if shown.span >= 0:
            if only is None or shown.span in only:
                waiting.append(shown)
            held.drop(shown.source_index)
        else:
            yield Picture(held.take(shown.source_index), shown.output_time_s, "kept", -1)
    if waiting:
        yield from render_span(base_frames, paths, spans[waiting[0].span], waiting, clock)


def fade_weight(time_s: float, start_s: float, end_s: float, fade_s: float = FADE_S) -> float:
    """Return the share of rendered pixels at a time: a ramp at each end of a span.

    ``start_s``: start of the span; 0 fades nothing in, for nothing lies before it; ``end_s``: end
    of the span; infinity for the end of the clip. Returns weight in (0, 1]; the outermost frames
    have some of it already.
    """
    share = edge_ramp(time_s + 0.5 * fade_s, start_s, end_s + 0.5 * fade_s, 1.5 * fade_s)
    return max(share, 0.02)


def edge_ramp(time_s: float, start_s: float, end_s: float, reach_s: float) -> float:
    """Return a share that rises from 0 at a span's start to 1 and falls to 0 at its end.

    ``start_s``: start of the span; nothing rises from 0, the start of the clip; ``end_s``: end of
    the span; nothing falls towards infinity, the end of the clip. Returns share in [0, 1].
    """
    rise = (time_s - start_s) / reach_s if start_s > 0 else 1.0
    fall = (end_s - time_s) / reach_s if np.isfinite(end_s) else 1.0
    return float(np.clip(min(rise, fall), 0.0, 1.0))


def render_span(
    base_frames: BaseFrames,
    paths: SourcePaths,
    work: SpanWork,
    shown: list[OutputFrame],
    clock: StageClock,
    only: Container[int] | None = None,
) -> Iterator[Picture]:
    """Render the pictures of one span; of a long one, mouths are chosen a stretch at a time.

    ``only``: numbers of those that are wanted, the others being drawn elsewhere; None for all.
    """
    for part in blocks(len(shown), PLANNED):
        first = max(part.start - BESIDE, 0)
        near = shown[first : part.stop + BESIDE]
        inside = range(part.start, part.stop)
        wanted = [k - first for k in inside if only is None or k in only]
        yield from _render_part(base_frames, paths, work, near, wanted, clock)


def _render_part(
    base_frames: BaseFrames,
    paths: SourcePaths,
    work: SpanWork,
    shown: list[OutputFrame],
    wanted: list[int],
    clock: StageClock,
) -> Iterator[Picture]:
    """Render some pictures of one span, which may be seen beside others."""
    output_s = np.array([frame.output_time_s for frame in shown])
    times = paths.at(output_s)
    first = nearest(work.track.times_s, times.first_s)
    second = nearest(work.track.times_s, times.second_s)
    faces = _mixed(work.track, work.track.landmarks, first, second, times)
    base = faces if work.seen is None else _mixed(work.track, work.seen, first, second, times)
    visible = _visible(work.track, first) & ((times.weight <= 0) | _visible(work.track, second))
    head_share = np.array(
        [edge_ramp(time_s, work.start_s, work.end_s, HEAD_FADE_S) for time_s in output_s]
    )
    covers = work.covers or Covers({}, np.zeros(len(work.track.times_s), np.float32))
    weights = drawn_shares(output_s, covers.shares_at(first, second, times.weight), visible, FADE_S)
    weights *= [fade_weight(time_s, work.start_s, work.end_s) for time_s in output_s]
    eyes = _eyes(work, output_s)
    motion = values_at(output_s, work.infilled, work.canvas.start_s)
    targets = target_landmarks(
        work.space, work.canvas.identity, base, motion, work.region, head_share
    )
    if work.own_lids:
        targets = np.stack([turned_landmarks(*pair) for pair in zip(targets, eyes, strict=True)])
    choices = clock.apart(lambda: work.renderer.plan(targets, base)).choices

    def drawn(k: int) -> Frame:  # whole pictures are let go of before the next
        share = float(times.weight[k]) if visible[k] else 0.0
        under, picture = _under(base_frames, work.track, int(first[k]), int(second[k]), share)
        own, target = base[k], targets[k]
        as_shot = picture if share == 0 else None
        if visible[k] and eyes[k].any():
            picture = turn_eyes(picture, faces[k], eyes[k])
            if not work.own_lids:
                picture = close_lids(picture, faces[k], tuple(eyes[k, :, 0].tolist()))[0]
                if work.seen is None:
                    own, target = (turned_landmarks(one, eyes[k]) for one in (own, target))
            as_shot, under = None, patch_frame(under, picture, 0, 0)
        if visible[k] and weights[k] > 0:
            masks = covers.masks_at(int(first[k]), int(second[k]), share)
            shown_face, weight = filled(picture, masks, faces[k]), float(weights[k])
            task = FrameTask(shown_face, own, target, choices[k], weight, work.region)
            patch = work.renderer.render(task)
            patch = kept_over(patch, picture, masks, faces[k])
            under = patch_frame(under, patch.rgb, patch.x, patch.y, base_rgb=as_shot)
        return under

    step = min(CHUNK, max(CHUNK_PIXELS // (work.track.width * work.track.height), 1))
    for start in range(0, len(wanted), step):
        part = wanted[start : start + step]
        for n, k in enumerate(part):
            mixed = [j for j in part[n:] if times.weight[j]]
            base_frames.load(work.track.times_s[np.union1d(first[part[n:]], second[mixed])])
            clock.check()
            yield Picture(drawn(k), shown[k].output_time_s, shown[k].role, shown[k].span)


def _eyes(work: SpanWork, output_s: Float64) -> Float32:
    """Return what eyes do at output times beside the motion, shape (F, 2, 3)."""
    eyes = np.zeros((len(output_s), 2, 3), np.float32)
    if work.eyes is not None:
        flat = work.eyes.reshape(len(work.eyes), -1)
        eyes[:] = values_at(output_s, flat, work.canvas.start_s).reshape(eyes.shape)
    shut = np.maximum(closure_at(output_s, work.blinks)[:, None], eyes[..., 0])
    eyes[..., 0] = np.clip(shut, 0.0, 1.0)
    return eyes


def _underneath(paths: SourcePaths, work: SpanWork) -> tuple[tuple[float, float], ...]:
    """Return the stretches of the source that lie under a span, one for each picture dissolved."""
    end_s = min(work.end_s, paths.plan.output_duration_s)
    times = paths.at(np.arange(work.start_s, end_s, 0.01))
    stretches = [times.first_s, times.second_s[times.weight > 0]]
    # Half a frame further: of each time the nearest frame is shown.
    around_s = 0.5 / float(paths.plan.frame_rate) + 0.01
    return tuple((one.min() - around_s, one.max() + around_s) for one in stretches if len(one))


def _under(
    base_frames: BaseFrames, track: FaceTrack, first: int, second: int, share: float
) -> tuple[Frame, UInt8]:
    """Return a base picture, with a share of a second one dissolved into it, and its RGB."""
    under = base_frames.at(track.times_s[first])
    own = under.rgb()
    if share <= 0:
        return under, own
    ends = track.landmarks[first], track.landmarks[second]
    other = base_frames.at(track.times_s[second])
    picture = morph_cut(own, ends[0], other.rgb(), ends[1], share).rgb
    return patch_frame(under, picture, 0, 0, base_rgb=own), picture


def nearest(times_s: Float64, wanted_s: Float64) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the index of the nearest time for each wanted one.

    ``times_s``: ascending times, shape (F,); ``wanted_s``: times to look for, shape (K,). Returns
    indices into ``times_s``, shape (K,).
    """
    after = np.clip(np.searchsorted(times_s, wanted_s), 1, max(len(times_s) - 1, 1))
    before = after - 1
    if len(times_s) == 1:
        return np.zeros(len(wanted_s), dtype=np.intp)
    closer = np.abs(times_s[after] - wanted_s) < np.abs(times_s[before] - wanted_s)
    return np.where(closer, after, before)


def _visible(track: FaceTrack, index: np.ndarray[tuple[int], np.dtype[np.intp]]) -> UInt8:
    visible: UInt8 = np.isfinite(track.landmarks[index, 0, 0])
    return visible


def _mixed(
    track: FaceTrack,
    seen: Float32,
    first: np.ndarray[tuple[int], np.dtype[np.intp]],
    second: np.ndarray[tuple[int], np.dtype[np.intp]],
    times: PictureTimes,
) -> Float32:
    """Return what is seen of the base pictures, mixed where two are dissolved."""

    def a_row_each(values: Float32 | UInt8) -> Float32 | UInt8:
        return values.reshape(-1, *(1,) * (seen.ndim - 1))

    weight = a_row_each(times.weight.astype(np.float32))
    # Frames without a face are not rendered; any face keeps the arithmetic finite.
    anyone = seen[np.isfinite(track.landmarks[:, 0, 0]).argmax()]
    left = np.where(a_row_each(_visible(track, first)), seen[first], anyone)
    if not weight.any():
        return left
    right = np.where(a_row_each(_visible(track, second)), seen[second], anyone)
    return np.where(weight > 0, (1 - weight) * left + weight * right, left)


class _Held:
    """Frames between being decoded and being shown: a handful."""

    def __init__(self, frames: Iterable[Frame], plan: EditPlan) -> None:
        self._frames = frames
        self._plan = plan
        self._held: dict[int, Frame] = {}

    def times(self) -> Iterator[float]:
        """Decode on, giving the time of each frame."""
        for index, frame in enumerate(self._frames):
            if not is_removed(self._plan, frame.time_s):
                self._held[index] = frame
            yield frame.time_s

    def take(self, index: int) -> Frame:
        """Return a frame and forget it and all before it."""
        frame = self._held.pop(index)
        self.drop(index)
        return frame

    def drop(self, index: int) -> None:
        """Forget a frame and all before it."""
        for old in [held for held in self._held if held <= index]:
            del self._held[old]
