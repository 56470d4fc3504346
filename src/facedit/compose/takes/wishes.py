"""Expressions that are asked for: what, how much, and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.editing.edit_options import EditOptions
from facedit.editing.plan import EditPlan
from facedit.editing.requests import find
from facedit.errors import BadEdit, UsageError
from facedit.motion.expressions import BLINK, Expression, expression_named
from facedit.options import REGIONS, Making, Region, Run
from facedit.types import Transcript, Word

_FORM = re.compile(
    r"(?P<name>[A-Za-z][\w -]*?)\s*(?::\s*(?P<amount>\d(?:\.\d+)?))?\s*(?:@(?P<when>.+))?",
    re.DOTALL,
)
_TIMES = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
_TIME = re.compile(r"\d+(?:\.\d+)?")
_AROUND_S = 0.12


@dataclass(frozen=True, slots=True)
class Wish:
    """An expression that is asked for.

    Attributes:
        expression: What it is.
        amount: By how much its blendshapes' score shall rise; of ``neutral``, which share of the
            face's own expression shall go; of lids, how far they come down.
        when: Words, or two times of the output in seconds; nothing for all of it.
        spans: Numbers of the picture spans that may show it; None for all.
        within: From when to when in the output it may show.
    """

    expression: Expression
    amount: float
    when: str | tuple[float, float] = ""
    spans: tuple[int, ...] | None = None
    within: tuple[float, float] = (-np.inf, np.inf)

    @property
    def figure(self) -> str:
        """What it is called in the report."""
        at = f" at {self.within[0]:.2f} s" if np.isfinite(self.within[0]) else ""
        return f"expression {self.expression.name}{at}"

    def times(self, words: Sequence[Word]) -> tuple[float, float]:
        """Return from when to when it shows; ``BadEdit`` if its words are not said."""
        start_s, end_s = self.within
        if isinstance(self.when, tuple):
            return max(self.when[0], start_s), min(self.when[1], end_s)
        if not self.when:
            return self.within
        said = tuple(one for one in words if start_s < one.end_s and one.start_s < end_s)
        first, stop = find(Transcript(said, said[-1].end_s if said else 0.0), self.when)
        return said[first].start_s, said[stop - 1].end_s


def parse_wish(text: str) -> Wish:
    """Read ``NAME:AMOUNT``, ``NAME:AMOUNT@WORDS``, ``NAME:AMOUNT@START-END``, ``blink@WHEN``.

    UsageError if it is none of them, the expression is not known, or people show less of it.
    """
    found = _FORM.fullmatch(text.strip())
    blink = found is not None and found["name"].lower() == BLINK
    if found is None or (found["amount"] is None and not blink):
        raise UsageError(
            f"--expression {text[:60]!r}: give NAME:AMOUNT, as smile:0.5, perhaps with @ and the "
            "words or the seconds, as @1.2-2; or blink@1.2."
        )
    expression, amount = expression_named(found["name"]), float(found["amount"] or 1.0)
    if not 0 < amount <= expression.most:
        who = "give up to" if expression.added is None else "people show up to"
        raise UsageError(f"--expression {text[:60]}: {who} {expression.most:g} of it.")
    when = (found["when"] or "").strip()
    if times := _TIMES.fullmatch(when):
        start_s, end_s = float(times[1]), float(times[2])
        if start_s >= end_s:
            raise UsageError(f"--expression {text[:60]}: it ends before it begins.")
        return Wish(expression, amount, (start_s, end_s))
    if blink and _TIME.fullmatch(when):
        return Wish(expression, amount, (float(when) - _AROUND_S, float(when) + _AROUND_S))
    return Wish(expression, amount, when)


def wishes_of(run: Run) -> tuple[Wish, ...]:
    """Return the expressions that options ask for; the errors of ``parse_wish``."""
    wishes = tuple(map(parse_wish, run.expression))
    for wish in wishes:
        if wish.expression.name == BLINK and not wish.when:
            raise UsageError("--expression blink: say when, as blink@1.2 or blink@today.")
    return wishes


def wishes_for(run: Run, plan: EditPlan, own: Sequence[EditOptions]) -> tuple[Wish, ...]:
    """Return all expressions that are asked for.

    ``run``: options of the edits that have none of their own; ``own``: options of the edits, one an
    edit, or none. What an edit has of its own it alone shows; seconds count from where it begins.
    """
    wishes, others = [], []
    for index, span in enumerate(plan.picture_spans()):
        fills = [plan.fills[number] for number in span.fills]
        asked = [own[fill.edit].expression if own else None for fill in fills]
        if not any(one is not None for one in asked):
            others.append(index)
        for fill, texts in zip(fills, asked, strict=True):
            start_s = fill.output_start_s
            within = (
                max(start_s - plan.margin_s, span.output_start_s),
                min(fill.output_end_s + plan.margin_s, span.output_end_s),
            )
            for wish in map(parse_wish, texts or ()):
                when = wish.when
                if isinstance(when, tuple):
                    when = (when[0] + start_s, when[1] + start_s)
                wishes.append(replace(wish, when=when, spans=(index,), within=within))
    common = [replace(wish, spans=tuple(others)) for wish in wishes_of(run) if others]
    return (*common, *wishes)


def check_wishes(run: Run, verb: Making, own: Sequence[EditOptions] = ()) -> None:
    """Refuse expressions that are not known, or that the region does not show, by a UsageError.

    ``own``: options that edits have of their own, whose mistakes are a ``BadEdit``.
    """
    _check(wishes_of(run), run.region_of(verb))
    for number, options in enumerate(own):
        try:
            wishes = tuple(map(parse_wish, options.expression or ()))
            _check(wishes, options.region or run.region_of(verb))
        except UsageError as error:
            raise BadEdit(f"Edit script: edits[{number}]: {error}") from error


def _check(wishes: Sequence[Wish], region: Region) -> None:
    for wish in wishes:
        if wish.expression.group not in REGIONS[region]:
            raise UsageError(
                f"--expression {wish.expression.name}: only the lips move here: add --region face."
            )
