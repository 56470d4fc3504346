"""One edit by itself: with those beside it that its pictures depend on, and none of the others."""

from __future__ import annotations

from dataclasses import replace

from facedit.compose.frames.spans import CONTEXT_S, PADDING_S
from facedit.compose.words.plans import PlannedEdit
from facedit.editing.plan import EditPlan
from facedit.editing.planner import Margins, make_plan

_REACH_S = CONTEXT_S + PADDING_S + 0.2
"""Pictures changed further away than this are neither seen nor heard by the model."""


def edits_near(plan: EditPlan, edit: int) -> range:
    """Return which edits the new pictures of an edit depend on, itself included.

    ``edit``: its number.
    """
    spans = plan.picture_spans()
    number = span_of(plan, edit)
    near = [
        span
        for span in spans
        if span.output_start_s <= spans[number].output_end_s + _REACH_S
        and span.output_end_s >= spans[number].output_start_s - _REACH_S
    ]
    return range(near[0].fills[0], near[-1].fills[-1] + 1)


def span_of(plan: EditPlan, edit: int) -> int:
    """Return the number of the picture span of an edit."""
    spans = plan.picture_spans()
    return next(number for number, span in enumerate(spans) if edit in span.fills)


def alone(planned: PlannedEdit, edit: int) -> tuple[PlannedEdit, int]:
    """Plan one edit as if only those near it were made too.

    Args:
        planned: All edits.
        edit: Number of the edit.

    Returns:
        The plan, in which pictures and sound of the edit are as in that of all, and the number of
        the edit in it.
    """
    near, plan = edits_near(planned.plan, edit), planned.plan
    part = slice(near.start, near.stop)
    edits, snippets, fills = planned.edits[part], planned.snippets[part], plan.fills[part]
    laid_out = make_plan(
        edits,
        planned.transcript,
        [None if snippet is None else snippet.sound.duration_s for snippet in snippets],
        source_duration_s=plan.source_duration_s,
        frame_rate=plan.frame_rate,
        joints=[(fill.source_start_s, fill.source_end_s) for fill in fills],
        margins=Margins(plan.margin_s, plan.bridge_s),
    )
    own = planned.own[part]
    apart = replace(planned, edits=edits, snippets=snippets, plan=laid_out, own=own)
    return apart, edit - near.start
