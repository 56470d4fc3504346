"""Expressions that are added to drawn motion, at words or times, and eased in and out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.compose.canvas import Canvas
from facedit.editing.edit_options import EditOptions
from facedit.editing.plan import EditPlan
from facedit.editing.requests import find
from facedit.errors import BadEdit, UsageError
from facedit.face.landmarker import Landmarker
from facedit.motion.expressions import Expression, expression_named
from facedit.motion.space import MotionSpace
from facedit.options import REGIONS, Making, Region, Run
from facedit.types import LANDMARK_TERMS, Float32, Float64, Transcript, Word
from facedit.units import MOTION_FPS

EASE_S = 0.3
"""Seconds in which an expression comes and goes, outside of its words."""

MOST_GAIN = 2.0
"""A face that shows little is moved by at most so many times what is usual."""

_LOOKED_AT = 5
_HALVINGS = 6
_FORM = re.compile(r"(?P<name>[\w-]+):(?P<amount>\d(?:\.\d+)?)(?:@(?P<when>.+))?", re.DOTALL)
_TIMES = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Wish:
    """An expression that is asked for.

    Attributes:
        expression: What it is.
        amount: By how much its blendshapes' score shall rise.
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
    """Read ``NAME:AMOUNT``, ``NAME:AMOUNT@WORDS`` or ``NAME:AMOUNT@START-END``.

    UsageError if it is none of them, the expression is not known, or people show less of it.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"--expression {text[:60]!r}: give NAME:AMOUNT, as smile:0.5, perhaps with @ and the "
            "words or the seconds, as @1.2-2."
        )
    expression, amount = expression_named(found["name"]), float(found["amount"])
    if not 0 < amount <= expression.most:
        raise UsageError(f"--expression {text[:60]}: people show up to {expression.most:g} of it.")
    when = (found["when"] or "").strip()
    if times := _TIMES.fullmatch(when):
        start_s, end_s = float(times[1]), float(times[2])
        if start_s >= end_s:
            raise UsageError(f"--expression {text[:60]}: it ends before it begins.")
        return Wish(expression, amount, (start_s, end_s))
    return Wish(expression, amount, when)


def wishes_of(run: Run) -> tuple[Wish, ...]:
    """Return the expressions that options ask for; the errors of ``parse_wish``."""
    return tuple(map(parse_wish, run.expression))


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


def expressed(
    space: MotionSpace,
    canvases: Sequence[Canvas],
    infilled: Sequence[Float32],
    wishes: Sequence[Wish],
    words: Sequence[Word],
) -> tuple[tuple[Float32, ...], dict[str, str]]:
    """Add expressions to drawn motion; kept entries stay as they are.

    How much motion an expression takes differs from face to face: as much is added as makes the
    landmarker's network see what was asked, on each canvas.

    Args:
        space: The motion space.
        canvases: The canvases.
        infilled: The motion of every take on each, shape (takes, T, D).
        wishes: The expressions.
        words: Words of the output.

    Returns:
        The motion with them, and per expression what was asked and what the drawn face shows, for
        the report. (``BadEdit`` if words are not said, ``UsageError`` if the space knows none.)

    Raises:
        UsageError: If an expression would show nowhere: what it is asked for is not drawn.
    """
    figures: dict[str, str] = {}
    if not wishes:
        return tuple(infilled), figures
    if space.terms != LANDMARK_TERMS:
        raise UsageError(f"--expression: the motion space {space.name} has none.")
    landmarker = Landmarker()
    made = list(infilled)
    for wish in wishes:
        added, shown = wish.expression.motion(space), []
        for index, canvas in enumerate(canvases):
            here = wish.spans is None or index in wish.spans
            if not here or wish.expression.group not in REGIONS[canvas.region]:
                continue
            share = _share(canvas, wish.times(words))
            hidden = canvas.mask[:, added != 0].any(axis=1)
            rows = np.flatnonzero(hidden & (share > 0.5))
            if not len(rows):
                continue
            looked = rows[np.linspace(0, len(rows) - 1, _LOOKED_AT).round().astype(int)]
            seen = _Seen(space, canvas, landmarker, wish.expression, made[index][0][looked])
            gain, rise = seen.gain(wish.amount)
            moved = made[index] + (gain * share)[None, :, None].astype(np.float32) * added
            made[index] = np.where(canvas.mask, moved, made[index])
            shown.append(rise)
        if not shown:
            raise UsageError(
                f"--expression {wish.expression.name}: nothing is drawn at {wish.when or 'all'}, "
                "or too little to show it: kept pictures stay as they were shot."
            )
        figures[wish.figure] = f"asked {wish.amount:.2f}, the drawn face shows {np.mean(shown):.2f}"
    return tuple(made), figures


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the landmarker's network sees of an expression on a face.

    Attributes:
        space: The motion space.
        canvas: Whose face.
        landmarker: Holds the network.
        expression: What is looked for.
        motion: Some frames' motion without it, shape (N, D).
    """

    space: MotionSpace
    canvas: Canvas
    landmarker: Landmarker
    expression: Expression
    motion: Float32

    def gain(self, amount: float) -> tuple[float, float]:
        """Find by halving how much of the expression makes its score rise by an amount.

        Returns that, and by how much the score rises then.
        """
        before = self._score(0.0)
        low, high = 0.0, MOST_GAIN * amount
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            risen = self._score(middle) - before
            low, high = (middle, high) if risen < amount else (low, middle)
        gain = (low + high) / 2
        return gain, self._score(gain) - before

    def _score(self, gain: float) -> float:
        moved = self.motion + np.float32(gain) * self.expression.motion(self.space)
        columns = list(self.expression.columns)
        faces = self.space.decode(moved, self.canvas.identity)
        return float(np.mean([self.landmarker.blendshapes(face)[columns] for face in faces]))


def _share(canvas: Canvas, times: tuple[float, float]) -> Float64:
    """Return how far an expression shows in each frame, shape (T,): less where kept ones are near.

    It eases in before its time and out after it, and is gone in kept frames.
    """
    at_s = canvas.start_s + np.arange(len(canvas.values)) / MOTION_FPS
    away_s = np.maximum(np.maximum(times[0] - at_s, at_s - times[1]), 0.0)
    kept = np.flatnonzero(~canvas.mask.any(axis=1))
    near = np.full(len(at_s), np.inf)
    if len(kept):
        near = np.abs(np.arange(len(at_s))[:, None] - kept[None, :]).min(axis=1) / MOTION_FPS
    return _raised(1 - away_s / EASE_S) * _raised(near / EASE_S)


def _raised(value: Float64) -> Float64:
    """Return a raised cosine from 0 at 0 to 1 at 1."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(value, 0.0, 1.0)))
