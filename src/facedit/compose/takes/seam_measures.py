"""Watches the output go by and measures it: seams, spans and contact strips for the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from facedit.compose.frames.canvas import Canvas
from facedit.compose.frames.pictures import Picture, SpanWork
from facedit.editing.plan import EditPlan, Span
from facedit.face.distances import lip_opening
from facedit.motion.space import MotionSpace
from facedit.report.run_report import LipCurve, Seam, SpanFacts
from facedit.report.run_report import Picture as Shot
from facedit.report.seam_steps import Jump, motion_steps, picture_step, seam_jump, velocity_steps
from facedit.runs import spread
from facedit.types import LANDMARK_TERMS, FaceTrack, Float32, UInt8
from facedit.units import MOTION_FPS, frame_at

REACH_S = 1.0
"""Pictures this near to a span are looked at, for the clip's own usual steps."""

STRIP_HEIGHT = 144
"""Height of the pictures in the report in pixels."""

SPAN_SHOTS = 12
"""Pictures of a span that the report shows."""

MOST_SHOTS = 600
"""Pictures of a span that are looked at for its face's place, and about as many as are held for the
report: of a longer one they are spread over it."""


@dataclass(slots=True)
class SpanLog:
    """What was seen of one span and its surroundings.

    Attributes:
        box: Left, top, right, bottom of the face in pixels, fixed over the span.
        times_s: When each picture was shown.
        changed: Whether each was.
        steps: Step from each picture to the next.
        shots: Small face crops by the numbers of the pictures: all near the span's ends.
    """

    box: tuple[int, int, int, int]
    times_s: list[float] = field(default_factory=list)
    changed: list[bool] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    shots: dict[int, Shot] = field(default_factory=dict)

    def pictures(self, numbers: Iterable[int]) -> tuple[Shot, ...]:
        """Return the crops that are held nearest to some pictures."""
        held = np.array(list(self.shots))
        return tuple(self.shots[int(held[np.abs(held - one).argmin()])] for one in numbers)


def face_box(track: FaceTrack, start_s: float, end_s: float) -> tuple[int, int, int, int]:
    """Return a fixed box around the face over a stretch of time.

    Returns left, top, right, bottom in pixels, inside the picture.
    """
    seen = np.isfinite(track.landmarks[:, 0, 0])
    inside = seen & (track.times_s >= start_s) & (track.times_s <= end_s)
    rows = np.flatnonzero(inside if inside.any() else seen)
    points = track.landmarks[rows[spread(len(rows), MOST_SHOTS)], :, :2].reshape(-1, 2)
    low, high = np.percentile(points, 1, axis=0), np.percentile(points, 99, axis=0)
    margin = 0.15 * (high - low)
    left, top = np.maximum(low - margin, 0).astype(int)
    right, bottom = np.minimum(high + margin, [track.width, track.height]).astype(int)
    return int(left), int(top), int(max(right, left + 2)), int(max(bottom, top + 2))


def measured(
    pictures: Iterable[Picture], spans: tuple[Span, ...], logs: tuple[SpanLog, ...]
) -> Iterator[Picture]:
    """Pass pictures on, logging those near a span.

    ``logs``: a log per span, filled while the pictures go by.
    """
    last: dict[int, UInt8] = {}
    strides = [-(-_frames_of(span) // MOST_SHOTS) for span in spans]
    for picture in pictures:
        near = [
            index
            for index, span in enumerate(spans)
            if span.output_start_s - REACH_S <= picture.time_s < span.output_end_s + REACH_S
        ]
        for index in near:
            log, span, time_s = logs[index], spans[index], picture.time_s
            left, top, right, bottom = log.box
            crop = picture.frame.part(left, top, right - left, bottom - top)
            if index in last:
                log.steps.append(picture_step(last[index], crop))
            last[index] = crop
            ends = (abs(time_s - end_s) for end_s in (span.output_start_s, span.output_end_s))
            if len(log.times_s) % strides[index] == 0 or min(ends) <= REACH_S:
                log.shots[len(log.times_s)] = Shot(shrunk(crop), time_s, picture.role)
            log.times_s.append(time_s)
            log.changed.append(picture.role != "kept")
        yield picture


def _frames_of(span: Span) -> int:
    """Return about how many pictures a span has, 1 or more."""
    return max(frame_at(span.output_end_s - span.output_start_s), 1)


def shrunk(crop: UInt8) -> UInt8:
    """Shrink a picture for the report.

    ``crop``: picture, shape (H, W, 3). Returns the picture, ``STRIP_HEIGHT`` rows high.
    """
    width = max(round(crop.shape[1] * STRIP_HEIGHT / crop.shape[0]), 1)
    small = cv2.resize(crop, (width, STRIP_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(small)


def seams_of(
    spans: tuple[Span, ...], logs: tuple[SpanLog, ...], works: tuple[SpanWork, ...]
) -> tuple[Seam, ...]:
    """Measure every seam against the clip's own usual steps.

    Returns two seams a span, fewer where it touches the clip's start or end.
    """
    seams = []
    for index, (span, log, work) in enumerate(zip(spans, logs, works, strict=True)):
        changed = np.array(log.changed, dtype=bool)
        # Step k leads from picture k to picture k + 1.
        own = np.array(log.steps)[~(changed[:-1] | changed[1:])]
        for step in np.flatnonzero(changed[:-1] != changed[1:]).tolist():
            time_s = log.times_s[step + 1]
            if not span.output_start_s - 0.1 <= time_s <= span.output_end_s + 0.1:
                continue
            frame = min(max(work.canvas.frame_from(time_s), 1), len(work.infilled) - 1)
            motion, velocity = motion_jumps(work.canvas, work.infilled, frame)
            seams.append(
                Seam(
                    output_s=time_s,
                    side="in" if changed[step + 1] else "out",
                    span=index,
                    motion=motion,
                    velocity=velocity,
                    picture=seam_jump(np.array([log.steps[step]]), own, "grey levels"),
                    pictures=log.pictures(range(max(step - 2, 0), min(step + 4, len(changed)))),
                )
            )
    return tuple(seams)


def spans_of(
    plan: EditPlan,
    logs: tuple[SpanLog, ...],
    works: tuple[SpanWork, ...],
    energies: tuple[Float32, ...],
    kind: str | None = None,
) -> tuple[SpanFacts, ...]:
    """Describe every span for the report.

    ``energies``: log energy of the sound on each canvas, shape (T,) each; ``kind``: name of the
    verb where it is not an edit. Returns facts in the order of the spans.
    """
    facts = []
    for span, log, work, energy in zip(plan.picture_spans(), logs, works, energies, strict=True):
        inside = np.flatnonzero(log.changed)
        chosen = np.unique(np.linspace(0, len(inside) - 1, SPAN_SHOTS).astype(int))
        texts = [plan.fills[fill].text for fill in span.fills if plan.fills[fill].text]
        shown = _inside(work.canvas, span)
        facts.append(
            SpanFacts(
                output_start_s=span.output_start_s,
                output_end_s=span.output_end_s,
                kind=kind or span.kind,
                text=" … ".join(texts),
                frames=len(inside),
                confidence=work.canvas.confidence[shown],
                lips=lip_curve(work.space, work.canvas, work.infilled, energy),
                pictures=log.pictures(inside[chosen].tolist()) if len(inside) else (),
            )
        )
    return tuple(facts)


def lip_curve(
    space: MotionSpace, canvas: Canvas, infilled: Float32, energy: Float32
) -> LipCurve | None:
    """Return how far the lips open underneath and in the infilled motion.

    ``infilled``: its infilled motion, shape (T, D); ``energy``: log energy of the sound, shape
    (T,). Returns curves over the canvas in per cent of the outer-eye distance; None if the space
    does not decode to landmarks.
    """
    if space.terms != LANDMARK_TERMS:
        return None
    floor, top = float(np.percentile(energy, 2)), float(np.percentile(energy, 98))
    return LipCurve(
        times_s=(canvas.start_s + np.arange(len(energy)) / MOTION_FPS).astype(np.float32),
        source=100 * lip_opening(space.decode(canvas.values, canvas.identity)),
        target=100 * lip_opening(space.decode(infilled, canvas.identity)),
        energy=np.clip((energy - floor) / max(top - floor, 1e-6), 0, 1).astype(np.float32),
    )


def _inside(canvas: Canvas, span: Span) -> slice:
    start = canvas.frame_from(span.output_start_s)
    return slice(start, max(canvas.frame_from(span.output_end_s), start + 1))


def motion_jumps(canvas: Canvas, infilled: Float32, frame: int) -> tuple[Jump, Jump | None]:
    """Return the steps of motion (T, D) and velocity from the frame before to a frame."""
    mask = canvas.mask
    dims = np.asarray(mask.any(axis=0))
    motion = infilled[:, dims]
    hidden = np.asarray(mask.any(axis=1))
    steps, changes = motion_steps(motion), velocity_steps(motion)
    own_steps = steps[~(hidden[:-1] | hidden[1:])]
    own_changes = changes[~(hidden[:-2] | hidden[1:-1] | hidden[2:])]
    unit = "standard deviations"
    motion_jump = seam_jump(steps[frame - 1 : frame], own_steps, unit)
    near = changes[max(frame - 2, 0) : frame]
    velocity_jump = seam_jump(near, own_changes, unit) if len(near) else None
    return motion_jump, velocity_jump
