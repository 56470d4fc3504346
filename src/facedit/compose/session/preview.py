"""A take of one edit to look at: its pictures, a second on either side, in a small file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from facedit.compose.frames.pictures import Picture, output_pictures
from facedit.compose.takes.express import wishes_for
from facedit.compose.takes.job import Ready
from facedit.compose.takes.motions import draw_motions, logs_of
from facedit.compose.takes.seam_measures import measured, seams_of
from facedit.compose.takes.take_figures import take_figures
from facedit.editing.plan import EditPlan
from facedit.media.frame import Frame
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.write import write_video
from facedit.media.write_options import WriteOptions
from facedit.report.run_report import Figure, Seam, seam_dict
from facedit.types import UInt8
from facedit.units import frame_at

AROUND_S = 1.0
"""What is shown on either side of the new pictures."""

ROWS = 720
"""Most rows of what is only looked at."""

_QUANTISER = 20


@dataclass(frozen=True, slots=True)
class EditTake:
    """A take of one edit.

    Attributes:
        preview: The file that shows it.
        plan: The layout of the edit with those near it, and none of the others.
        output_s: What the file shows: start and end in that plan's output.
        source_s: Which part of the source stands there before the edit.
        seams: Where its new pictures meet those of the source.
        figures: Its seed and manner, the lips that close, what its face shows beside speaking.
        warnings: What the user should know.
    """

    preview: Path
    plan: EditPlan
    output_s: tuple[float, float]
    source_s: tuple[float, float]
    seams: tuple[Seam, ...]
    figures: dict[str, Figure]
    warnings: tuple[str, ...]

    @property
    def worst(self) -> float:
        """The largest jump at a seam over the largest that the clip makes by itself.

        Infinite where nothing could be measured: such a take is never called the best.
        """
        jumps = [jump for seam in self.seams for jump in seam.jumps.values()]
        shares = [jump.value / jump.high for jump in jumps if jump.high > 0]
        known = [share for share in shares if math.isfinite(share)]
        return max(known, default=math.inf)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of it, for JSON."""
        worst = self.worst
        return {
            "plan": self.plan.to_dict(),
            "output": list(self.output_s),
            "source": list(self.source_s),
            "seams": [seam_dict(seam) for seam in self.seams],
            "worst": worst if math.isfinite(worst) else None,
            "figures": self.figures,
            "warnings": list(self.warnings),
        }


def write_take(ready: Ready, number: int, preview: Path) -> EditTake:
    """Draw the motion of a take, and render one of its picture spans.

    Args:
        ready: What the takes have in common.
        number: Which of the picture spans.
        preview: File to write, an ``.mp4``; one that is there is replaced.

    Returns:
        The take.
    """
    job, plan = ready.job, ready.job.base.plan
    base, spans = job.base, job.base.plan.picture_spans()
    span = spans[number]
    start_s = max(span.output_start_s - AROUND_S, 0.0)
    end_s = min(span.output_end_s + AROUND_S, plan.output_duration_s)
    shown = frozenset(
        index
        for index, one in enumerate(spans)
        if one.output_start_s < end_s and one.output_end_s > start_s
    )
    source_s = _source_time(plan, start_s), _source_time(plan, end_s)
    motions = draw_motions(ready, 1)
    works, closures = motions.works(0)
    logs = logs_of(base)
    pictures = output_pictures(
        base.frames(), plan, base.paths, works, (source_s,), job.clock, only=shown
    )
    with job.clock.stage("rendering", frame_at(end_s - start_s, plan.frame_rate)) as tick:
        info = new_video_info(
            *_size(base.info.width, base.info.height),
            base.info.frame_rate,
            base.info.sound_rate,
            base.info.channels,
        )
        info = replace(info, is_variable=base.info.is_variable)

        def small() -> Iterator[Frame]:
            for picture in measured(_inside(pictures, start_s, end_s), spans, logs):
                rgb = _scaled(picture.frame.rgb(), (info.width, info.height))
                yield frame_from_rgb(rgb, picture.time_s - start_s, info)

        sound = (job.sound.window(start_s, end_s),) if base.info.has_sound else ()
        options = WriteOptions(force=True, quantiser=_QUANTISER)
        write_video(preview, info, small(), sound, options, progress=tick)
    mine = [one for one in seams_of(spans, logs, works) if one.span == number]
    figures = take_figures(
        [motions.draws[number].seed], ready.canvases, motions.infilled, 0, [closures[number]]
    )
    for wish in wishes_for(job.run, plan, job.own):
        if wish.spans and number in wish.spans:
            figures[wish.figure] = motions.figures[wish.figure]
    warnings = (*job.notes, *ready.notes, *motions.notes)
    return EditTake(preview, plan, (start_s, end_s), source_s, tuple(mine), figures, warnings)


def _inside(pictures: Iterator[Picture], start_s: float, end_s: float) -> Iterator[Picture]:
    return (one for one in pictures if start_s - 1e-6 <= one.time_s < end_s)


def _source_time(plan: EditPlan, output_s: float) -> float:
    """Return which moment of the source stands at a moment of the output."""
    segment = plan.segment_at(output_s)
    share = (output_s - segment.output_start_s) / max(segment.duration_s, 1e-9)
    length_s = segment.source_end_s - segment.source_start_s
    return segment.source_start_s + min(max(share, 0.0), 1.0) * length_s


def _size(width: int, height: int) -> tuple[int, int]:
    """Return an even size of at most ``ROWS`` rows."""
    scale = min(ROWS / height, 1.0)
    return max(round(width * scale / 2), 1) * 2, max(round(height * scale / 2), 1) * 2


def _scaled(pixels: UInt8, size: tuple[int, int]) -> UInt8:
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
