"""The motion of the takes of a job, and what rendering each needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np

from facedit.compose.frames.base import Base, Take
from facedit.compose.frames.pictures import SpanWork
from facedit.compose.frames.spans import window_of
from facedit.compose.takes.draw import SpanDraw, infill_spans, span_draws
from facedit.compose.takes.express import expressed, wishes_for
from facedit.compose.takes.job import Ready
from facedit.compose.takes.lip_closures import Closures, close_lips
from facedit.compose.takes.looks import PictureLook
from facedit.compose.takes.seam_measures import SpanLog, face_box
from facedit.compose.takes.take_order import best_first
from facedit.model.checkpoint import MotionModel
from facedit.progress import StageClock
from facedit.report.run_report import Figure
from facedit.types import Float32


@dataclass(frozen=True, slots=True)
class Motions:
    """The motion of every take of a job.

    Attributes:
        ready: What the takes have in common.
        draws: How each span was drawn.
        order: The takes by the number that their seeds count up by, the best first.
        infilled: Per canvas the motion of every take as drawn, the best first, shape (takes, T, D).
        eyes: Per canvas what the eyes do beside the motion; None where nothing.
        figures: What was asked of the face beside speaking and what it shows, for the report.
        notes: What of it could not be shown as asked.
    """

    ready: Ready
    draws: tuple[SpanDraw, ...]
    order: tuple[int, ...]
    infilled: tuple[Float32, ...]
    eyes: tuple[Float32 | None, ...]
    figures: Mapping[str, Figure] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def works(self, take: int) -> tuple[tuple[SpanWork, ...], list[Closures]]:
        """Let the lips of a take close, and bring together what rendering it needs.

        Args:
            take: Its place, the best is 0.

        Returns:
            What rendering each span needs, and its closures per canvas.
        """
        ready, models = self.ready, self.ready.models
        shut = [
            close_lips(models.space, canvas, motion[take], () if as_shot else moments)
            for canvas, motion, moments, as_shot in zip(
                ready.canvases, self.infilled, ready.closures, self._lips_as_shot(take), strict=True
            )
        ]
        motions = [motion for motion, _ in shut]
        seed = ready.job.run.first_seed + self.order[take]
        drawn = Take(ready.canvases, motions, models.space, models.renderer, seed)
        works = zip(ready.job.base.works(drawn), self.eyes, strict=True)
        return tuple(replace(work, eyes=eyes) for work, eyes in works), [one for _, one in shut]

    def _lips_as_shot(self, take: int) -> list[bool]:
        """Tell for each canvas whether nothing moves its lips but what was shot."""
        lips = self.ready.models.space.groups["lips"]
        return [
            draw.as_shot and np.array_equal(motion[take][:, lips], canvas.values[:, lips])
            for draw, motion, canvas in zip(
                self.draws, self.infilled, self.ready.canvases, strict=True
            )
        ]

    def seeds(self, take: int) -> tuple[int, ...]:
        """Return the seeds of a take by its place, each once."""
        return tuple(dict.fromkeys(draw.seed + self.order[take] for draw in self.draws))


def draw_motions(ready: Ready, takes: int, *, unseen: bool = False) -> Motions:
    """Draw the motion of takes and order them.

    Args:
        ready: What they have in common; the job's options choose seeds and steps.
        takes: How many.
        unseen: Whether no pictures are made of it, to see expressions in.

    Returns:
        Their motion, the best first.
    """
    job, model = ready.job, ready.models.motion
    draws = span_draws(job.base.plan, job.own, job.run)
    with job.clock.stage("motion model"), checked(model, job.clock):
        infilled = infill_spans(ready.canvases, ready.speech, model, draws, job.run.steps, takes)
    space = ready.models.space
    wishes = wishes_for(job.run, job.base.plan, job.own)
    pictures = PictureLook(ready) if wishes and not unseen else None
    with job.clock.stage("expressions") if wishes else nullcontext():
        made = expressed(space, ready.canvases, infilled, wishes, job.output_words, pictures)
    infilled = made.motion
    order = best_first(ready, infilled) if takes > 1 and infilled else tuple(range(takes))
    ordered = tuple(motion[list(order)] for motion in infilled)
    return Motions(ready, draws, order, ordered, made.eyes, made.figures, made.notes)


def logs_of(base: Base) -> tuple[SpanLog, ...]:
    """Return an empty log per picture span, which looks at the face there."""
    logs, plan = [], base.plan
    for span in plan.picture_spans():
        window = window_of(base.windows, plan, span)
        first, last = plan.fills[span.fills[0]], plan.fills[span.fills[-1]]
        box = face_box(window.track, first.source_start_s - 1, last.source_end_s + 1)
        logs.append(SpanLog(box))
    return tuple(logs)


@contextmanager
def checked(model: MotionModel, clock: StageClock) -> Iterator[None]:
    """Look whether the run was cancelled before every pass through a network.

    Args:
        model: The network is its ``net``.
        clock: Knows.

    Yields:
        Nothing.
    """
    # Its first layer: the sampler calls parts of the network, not the whole.
    hook = model.net.embed.register_forward_pre_hook(lambda *_: clock.check())
    try:
        yield
    finally:
        hook.remove()
