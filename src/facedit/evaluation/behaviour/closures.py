"""Do drawn lips close on m, b and p? Sums per clip, pooled like all figures of an evaluation.

A bilabial is a closure by definition of the sound, so closed lips are right whatever the speaker's
habit. *Closed*: the smallest lip opening within the phone, one frame wider on each side, is at most
``MARGIN`` above the speaker's own closed lips, the ``REST_PERCENTILE``-th percentile of the true
opening over the clip. Lips that never open would always pass: beside it stands how often the lips
stay closed throughout an open vowel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from facedit.evaluation.behaviour.heard import Phone, named
from facedit.evaluation.behaviour.study import Row, Study
from facedit.evaluation.hidden_spans import EDGE, Gap
from facedit.evaluation.measure import share
from facedit.types import Float32, Float64

BILABIALS = ("B", "M", "P")

OPEN_VOWELS = ("AA", "AE", "AO", "AW", "AY")
"""Vowels that no speaker says with closed lips: the open ones of the phones' openness."""

WIDER = 1
"""Motion frames that a closure may be early or late."""

MARGIN = 2.0
"""Per cent of the outer-eye distance. On 30 held-out training clips of GRID all 42 bilabials and
no one of 44 open vowels are closed at margins from 1 to 3: this is the middle of them."""

_SUMS = 8


def spans_around(
    phones: Sequence[Phone],
    frames: int,
    length: int,
    edge: int,
    wanted: Sequence[str] = BILABIALS,
) -> list[tuple[tuple[int, int], list[Phone]]]:
    """Place hidden spans so that each phone that is wanted is in one, if not too near an end.

    Returns first and last-plus-one hidden frame of each span, and the phones that are counted in
    it: those inside it, ``WIDER`` included, that no span before it holds.
    """
    found: list[tuple[tuple[int, int], list[Phone]]] = []
    taken: set[Phone] = set()
    for phone in named(phones, wanted):
        start = (phone.first + phone.stop - length) // 2
        start = min(max(start, edge), frames - edge - length)
        if phone in taken or start < edge or not _inside(phone, start, start + length):
            continue
        held = [one for one in phones if _inside(one, start, start + length) and one not in taken]
        taken.update(held)
        found.append(((start, start + length), held))
    return found


def closure_sums(truth: Float32, drawn: Float32, phones: Sequence[Phone], rest: float) -> Float64:
    """Sum up how the lips close, from true and drawn opening in % of the outer-eye distance.

    Returns number of bilabials; closed in truth, as drawn, in both; summed excess of the drawn over
    the true smallest opening where truth is closed; number of open vowels; closed throughout in
    truth, as drawn. Shape (8,).
    """
    sums = np.zeros(_SUMS)
    for phone in named(phones, BILABIALS):
        near = slice(max(phone.first - WIDER, 0), phone.stop + WIDER)
        true_gap, gap = float(truth[near].min()) - rest, float(drawn[near].min()) - rest
        right, closed = true_gap <= MARGIN, gap <= MARGIN
        sums[:5] += (1, right, closed, right and closed, (gap - true_gap) * right)
    for phone in named(phones, OPEN_VOWELS):
        own = slice(phone.first, phone.stop)
        sums[5:] += (
            1,
            float(truth[own].max()) - rest <= MARGIN,
            float(drawn[own].max()) - rest <= MARGIN,
        )
    return sums


def _inside(phone: Phone, start: int, stop: int) -> bool:
    return start <= phone.first - WIDER and phone.stop + WIDER <= stop


FIGURES: dict[str, Callable[[Float64], Float64]] = {
    "bilabials": lambda total: total[..., 0],
    "closed_truth": share(1, 0),
    "closed": share(2, 0),
    "hit": share(3, 1),
    "excess": share(4, 1),
    "vowels_truth": share(6, 5),
    "vowels": share(7, 5),
}
"""Figures from summed sums. ``closed``: share of bilabials with closed lips; ``hit``: the same of
those that are closed in truth; ``excess``: mean of drawn minus true smallest opening there, per
cent of the outer-eye distance; ``vowels``: share of open vowels with lips closed throughout."""


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
    """
    spans: list[tuple[Gap, Sequence[Phone]]] = []
    whole: list[tuple[Gap, Sequence[Phone]]] = []
    for number, (clip, heard) in enumerate(zip(study.clips, study.heard, strict=True)):
        if heard is None or not heard.phones:
            continue
        frames = len(clip.motion)
        for span, phones in spans_around(heard.phones, frames, SPAN, EDGE):
            gap = study.hide(number, span, "lips", reverse_kept=True)
            spans.append((gap, phones))
        gap = study.hide(number, (0, frames), "lips", reverse_kept=True)
        whole.append((gap, heard.phones))
    return [
        *_rows(study, f"span of {SPAN}", METHODS, spans),
        *_rows(study, "all lips", WHOLE_METHODS, whole),
    ]


def _rows(
    study: Study, task: str, names: Sequence[str], pairs: Sequence[tuple[Gap, Sequence[Phone]]]
) -> list[Row]:
    def sums(place: int, gap: Gap, motion: Float32) -> Float64:
        truth, opening = study.openings[gap.number], study.opening(gap, motion)
        return closure_sums(truth, opening, pairs[place][1], study.rest(gap.number))

    return study.rows({"task": task}, names, [gap for gap, _ in pairs], sums, FIGURES)
