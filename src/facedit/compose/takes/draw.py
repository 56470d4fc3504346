"""How the motion of every span is drawn: whose seed, how lively, what may move; and the drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from facedit.compose.frames.canvas import Canvas
from facedit.editing.edit_options import EditOptions
from facedit.editing.plan import EditPlan
from facedit.model.checkpoint import MotionModel
from facedit.model.infill import Task, infill_batch
from facedit.model.manner import articulate, manner_of
from facedit.model.seams import limit_steps
from facedit.options import Region, Run
from facedit.types import Float32

Value = TypeVar("Value")

SEEDS_A_SPAN = 1000
"""Seeds set aside for the takes of a span whose edits name none, so that no two share a noise."""


@dataclass(frozen=True, slots=True)
class SpanDraw:
    """How the motion of one span is drawn.

    Attributes:
        seed: Seed of the first take, which chooses the manner of speaking.
        noise: Seed of its noise.
        articulation: How far lips move.
        as_shot: Whether all stays that the pictures underneath do.
    """

    seed: int
    noise: int
    articulation: float
    as_shot: bool = False


def span_regions(plan: EditPlan, own: Sequence[EditOptions], region: Region) -> tuple[Region, ...]:
    """Choose what may move in each span.

    ``own``: options that edits have of their own, one an edit, or none; ``region``: of the others.
    Of edits in one span the first that says it counts.
    """
    return tuple(_said(here.region for here in mine) or region for mine in _by_span(plan, own))


def span_draws(plan: EditPlan, own: Sequence[EditOptions], run: Run) -> tuple[SpanDraw, ...]:
    """Choose how each span is drawn.

    A seed that an edit has of its own is the seed of its noise too: what is edited elsewhere
    changes nothing. ``own`` as in ``span_regions``; ``run``: options of the others.
    """
    draws = []
    for index, (span, mine) in enumerate(
        zip(plan.picture_spans(), _by_span(plan, own), strict=True)
    ):
        seed = _said(here.seed for here in mine)
        strength = _said(here.articulation for here in mine)
        draws.append(
            SpanDraw(
                run.first_seed if seed is None else seed,
                run.first_seed + SEEDS_A_SPAN * index if seed is None else seed,
                run.articulation if strength is None else strength,
                all(plan.fills[fill].kind == "express" for fill in span.fills),
            )
        )
    return tuple(draws)


def infill_spans(
    canvases: Sequence[Canvas],
    speech: Sequence[Float32],
    model: MotionModel,
    draws: Sequence[SpanDraw],
    steps: int,
    takes: int,
) -> tuple[Float32, ...]:
    """Let the model fill every canvas.

    ``speech``: features of the sound on each canvas, shape (T, C); ``draws``: how each is drawn;
    further takes with seeds that count up; ``steps``: of the solver. Returns per canvas the motion
    of every take, (takes, T, D).
    """
    usual = replace(model.sampler, steps=steps)

    def drawn(canvas: Canvas, heard: Float32, draw: SpanDraw, take: int) -> Float32:
        if draw.as_shot:
            return canvas.values
        manner = manner_of(draw.seed + take)
        task = Task(canvas.values, canvas.mask, heard, draw.noise + take)
        (motion,) = infill_batch(model, [task], manner.settings(usual))
        if (factor := draw.articulation * manner.articulation) == 1:
            return motion
        moved = articulate(motion, canvas.mask, model.dim_names, factor)
        return limit_steps(moved, canvas.mask)

    return tuple(
        np.stack([drawn(canvas, heard, draw, take) for take in range(takes)])
        for canvas, heard, draw in zip(canvases, speech, draws, strict=True)
    )


def _by_span(plan: EditPlan, own: Sequence[EditOptions]) -> list[list[EditOptions]]:
    spans = plan.picture_spans()
    return [[own[plan.fills[fill].edit] for fill in span.fills] if own else [] for span in spans]


def _said(values: Iterable[Value | None]) -> Value | None:
    """Return the first value that was given."""
    return next((value for value in values if value is not None), None)
