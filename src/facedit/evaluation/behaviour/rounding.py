"""Are drawn lips rounded on w and oo, and as wide as true ones in size? Sums per clip.

*Rounded*: the smallest lip width within the phone, a frame wider on each side, is at most the
``NARROW``-th percentile of the true width over the clip: the narrowest quarter of what this speaker
does. Not every speaker rounds every one, so ``hit`` counts those that are rounded in truth. Lips
that are always narrow would always pass: beside it stands the size of the motion in the span, the
ratio of standard deviations drawn over true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from facedit.evaluation.behaviour.closures import SPAN, WIDER, spans_around
from facedit.evaluation.behaviour.heard import Phone, named
from facedit.evaluation.behaviour.study import Row, Study
from facedit.evaluation.hidden_spans import EDGE, Gap
from facedit.evaluation.measure import share
from facedit.types import Float32, Float64

ROUNDED = ("W", "UW", "OW", "OY")
"""Phones that begin or end with rounded lips, in ARPAbet."""

NARROW = 25.0
"""Percentile of the true width over a clip up to which lips count as rounded."""

METHODS = ("model", "model, mean (T=0)", "model, wrong sound", "line", "ridge, own corpus")


def rounding_sums(
    truth: Float32, drawn: Float32, phones: Sequence[Phone], span: tuple[int, int]
) -> Float64:
    """Sum up how lips round, from true and drawn lip width in any one unit.

    Returns number of rounded phones; rounded in truth, as drawn, in both; standard deviation in the
    span as drawn and in truth. Shape (6,).
    """
    sums, narrow = np.zeros(6), float(np.percentile(truth, NARROW))
    for phone in named(phones, ROUNDED):
        near = slice(max(phone.first - WIDER, 0), phone.stop + WIDER)
        right, rounded = bool(truth[near].min() <= narrow), bool(drawn[near].min() <= narrow)
        sums[:4] += (1, right, rounded, right and rounded)
    sums[4:] = drawn[slice(*span)].std(), truth[slice(*span)].std()
    return sums


FIGURES: dict[str, Callable[[Float64], Float64]] = {
    "rounded_phones": lambda total: total[..., 0],
    "rounded_truth": share(1, 0),
    "rounded": share(2, 0),
    "hit": share(3, 1),
    "size": share(4, 5),
}
"""Figures from summed sums. ``hit``: share of phones with rounded lips, of those where the true
lips are rounded; ``size``: standard deviation of the width in the spans over the truth's."""


def study_rounding(study: Study) -> list[Row]:
    """Measure rounding on w and oo, in spans around each; the rest as in the study of closures."""
    pairs: list[tuple[Gap, Sequence[Phone]]] = []
    for number, (clip, heard) in enumerate(zip(study.clips, study.heard, strict=True)):
        phones = heard.phones if heard is not None else ()
        spans = spans_around(phones, len(clip.motion), SPAN, EDGE, ROUNDED)
        pairs += [
            (study.hide(number, span, "lips", reverse_kept=True), held) for span, held in spans
        ]

    def sums(place: int, gap: Gap, motion: Float32) -> Float64:
        clip = study.clips[gap.number]
        truth, drawn = (
            study.meter.measure(one, clip.identity)["width"] for one in (clip.motion, motion)
        )
        return rounding_sums(truth, drawn, pairs[place][1], gap.span)

    gaps = [gap for gap, _ in pairs]
    return study.rows({"task": f"span of {SPAN}"}, METHODS, gaps, sums, FIGURES)
