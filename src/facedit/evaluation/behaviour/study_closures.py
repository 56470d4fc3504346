"""Draw the bilabials of clips and see whether the lips close."""

from __future__ import annotations

from collections.abc import Sequence

from facedit.evaluation.behaviour import closures
from facedit.evaluation.behaviour.closures import closure_sums, spans_around
from facedit.evaluation.behaviour.heard import Phone
from facedit.evaluation.behaviour.study import Row, Study, rows_of
from facedit.evaluation.hidden_spans import EDGE, Gap, hide_span
from facedit.types import Float64

SPAN = 14
"""Frames hidden around a bilabial."""

METHODS = (
    "model", "model, mean (T=0)", "model, wrong sound",
    "line", "hold", "ridge", "ridge, own corpus", "ridge, wrong sound",
)  # fmt: skip
WHOLE_METHODS = ("model", "ridge, own corpus")
"""Methods that make sense without any kept lips."""


def study_closures(study: Study) -> list[Row]:
    """Measure closures on m, b and p, in spans around each and with the lips hidden throughout.

    Face and head of hidden frames are shown as shot to other words, as in an edit.

    Returns a row per task and method; none if no bilabial is heard.
    """
    spans: list[tuple[Gap, Sequence[Phone]]] = []
    whole: list[tuple[Gap, Sequence[Phone]]] = []
    for number, (clip, heard) in enumerate(zip(study.clips, study.heard, strict=True)):
        if heard is None or not heard.phones:
            continue
        frames = len(clip.motion)
        for span, phones in spans_around(heard.phones, frames, SPAN, EDGE):
            gap = hide_span(number, clip.motion, span, study.meta, "lips", reverse_kept=True)
            spans.append((gap, phones))
        gap = hide_span(number, clip.motion, (0, frames), study.meta, "lips", reverse_kept=True)
        whole.append((gap, heard.phones))
    return [
        row
        for task, names, pairs in (
            (f"span of {SPAN}", METHODS, spans),
            ("all lips", WHOLE_METHODS, whole),
        )
        for row in _rows(study, task, [name for name in names if name in study.fills], pairs)
    ]


def _rows(
    study: Study, task: str, names: Sequence[str], pairs: Sequence[tuple[Gap, Sequence[Phone]]]
) -> list[Row]:
    sums: dict[str, dict[int, Float64]] = {}
    for name, drawn in study.drawn([gap for gap, _ in pairs], names).items():
        by_clip = sums.setdefault(name, {})
        for (gap, phones), motion in zip(pairs, drawn, strict=True):
            truth, opening = study.openings[gap.number], study.opening(gap, motion)
            found = closure_sums(truth, opening, phones, study.rest(gap.number))
            by_clip[gap.number] = by_clip.get(gap.number, 0.0) + found
    return rows_of({"task": task}, sums, closures.FIGURES)
