"""Expressions that are added to drawn motion, at words or times, and eased in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from facedit.compose.frames.canvas import Canvas
from facedit.compose.takes.easing import blinking, eased, share_of
from facedit.compose.takes.looks import Face, Look, MeshLook, Rows
from facedit.compose.takes.wishes import Wish, check_wishes, parse_wish, wishes_for, wishes_of
from facedit.editing.plan import EASE_S
from facedit.errors import UsageError
from facedit.face.landmarker import Landmarker
from facedit.face.strain import brow_strain
from facedit.halving import bisected
from facedit.motion.expressions import BLINK, NEUTRAL, PARTS, Expression, expressions
from facedit.motion.space import MotionSpace
from facedit.options import REGIONS
from facedit.render.gaze import MOST_TURN
from facedit.types import LANDMARK_TERMS, Float32, Float64, Word

__all__ = [
    "EASE_S", "Expressed", "Wish", "check_wishes", "eased", "expressed", "parse_wish", "wishes_for",
    "wishes_of",
]  # fmt: skip

HIGHEST = 0.9
"""Highest score to which a face is moved: above it more motion shows no more."""

NEARLY = 0.95
"""Share of the largest rise that is worth moving for, where less is reached than asked."""

MOST_GAIN = 4.0
"""A face that shows little is moved by at most so many times what is usual."""

MOST_STRETCH, LEAST_STRETCH = 1.8, 0.5
"""How far the skin between lids and brows may be stretched or squeezed: further, brows smear."""

CLIMB = (1.5, 2.2, 3.0)
"""Where the pictures show less than the mesh, how many times as far they are moved."""

NEAR = 0.15
"""Share of what was asked by which what is shown may differ without another look."""

CAPPED, LEAST = 0.6, 0.15
"""Shares of what was asked below which a note says what is shown, and it is refused."""

_LOOKED_AT, _IN_PICTURES = 12, 3
_HALVINGS = 6
_SHARES = (0.25, 0.5, 1.0)
_LITTLE = 0.05


@dataclass(frozen=True, slots=True)
class Expressed:
    """Motion with expressions.

    Attributes:
        motion: Per canvas the motion of every take, shape (takes, T, D).
        eyes: Per canvas what the eyes do beside it, (T, 2, 3); None where nothing.
        figures: Per expression what was asked and what the face shows, for the report.
        notes: What could not be shown as asked.
    """

    motion: tuple[Float32, ...]
    eyes: tuple[Float32 | None, ...]
    figures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def expressed(
    space: MotionSpace,
    canvases: Sequence[Canvas],
    infilled: Sequence[Float32],
    wishes: Sequence[Wish],
    words: Sequence[Word],
    pictures: Look | None = None,
) -> Expressed:
    """Add expressions to drawn motion; kept entries stay as they are.

    How much motion an expression takes differs from face to face: as much is added as makes the
    landmarker's network see what was asked, on each canvas.

    Args:
        space: The motion space.
        canvases: The canvases.
        infilled: The motion of every take on each, shape (takes, T, D).
        wishes: The expressions.
        words: Words of the output.
        pictures: Looks at what is drawn; without it the mesh tells.

    Returns:
        The motion with them. (``BadEdit`` if words are not said, ``UsageError`` if the space knows
        none.)

    Raises:
        UsageError: If an expression would show nowhere: what it is asked for is not drawn, or the
            face cannot show it.
    """
    if not wishes:
        return Expressed(tuple(infilled), (None,) * len(infilled))
    if space.terms != LANDMARK_TERMS:
        raise UsageError(f"--expression: the motion space {space.name} has none.")
    mesh = MeshLook(space, canvases, Landmarker())
    search = _Search(space, canvases, mesh, pictures)
    faces = [Face(one, np.zeros((one.shape[1], 2, 3), np.float32)) for one in infilled]
    figures, notes = {}, []
    # What is taken away is the face's own, not what was asked for beside.
    for wish in sorted(wishes, key=lambda one: one.expression.name != NEUTRAL):
        name, shown = wish.expression.name, []
        for index, canvas in enumerate(canvases):
            if wish.spans is not None and index not in wish.spans:
                continue
            if wish.expression.group not in REGIONS[canvas.region]:
                continue
            found = search.made(index, faces[index], wish, wish.times(words))
            if found is not None:
                faces[index], rise = found
                shown.append(rise)
        if not shown:
            raise UsageError(
                f"--expression {name}: nothing is drawn at {wish.when or 'all'}, "
                "or too little to show it: kept pictures stay as they were shot (--express changes "
                "them)."
            )
        figures[wish.figure], note = _told(wish, float(np.mean(shown)))
        notes += note
    eyes = tuple(face.eyes if face.eyes.any() else None for face in faces)
    return Expressed(tuple(face.motion for face in faces), eyes, figures, tuple(notes))


def _told(wish: Wish, shown: float) -> tuple[str, list[str]]:
    """Return what a wish came to, for the report, and a note if that is little."""
    name, amount = wish.expression.name, wish.amount
    figure = f"asked {amount:.2f}, the drawn face shows {shown:.2f}"
    if shown >= CAPPED * amount:
        return figure, []
    if shown < LEAST * amount:
        raise UsageError(
            f"--expression {name}:{amount:g}: this face would show {shown:.2f} more of it than "
            "without: it shows it already, or its pictures cannot; take another, or other words."
        )
    return figure, [
        f"{wish.figure}: of {amount:.2f} asked this face shows {shown:.2f} more than without; its "
        "pictures have no more."
    ]


@dataclass(frozen=True, slots=True)
class _Search:
    """Finds how much of an expression makes a face show what was asked."""

    space: MotionSpace
    canvases: Sequence[Canvas]
    mesh: Look
    pictures: Look | None

    def made(
        self, index: int, face: Face, wish: Wish, times: tuple[float, float]
    ) -> tuple[Face, float] | None:
        """Return a canvas's face with an expression, and how much it shows; None if nowhere."""
        expression, canvas = wish.expression, self.canvases[index]
        if expression.name == BLINK:
            eyes = blinking(canvas, times, wish.amount)
            return None if eyes is None else (_with_eyes(face, eyes), wish.amount)
        share = share_of(canvas, times)
        added = expression.motion(self.space)
        moves = canvas.mask[:, added != 0] if added.any() else canvas.mask
        rows = np.flatnonzero(moves.any(axis=1) & (share > 0.5))
        if not len(rows):
            return None
        # What is asked for is what it shows in full.
        rows = rows[share[rows] > 0.9 * share[rows].max()]
        if expression.name == NEUTRAL:
            return self._neutral(index, face, share, rows, wish.amount)
        if expression.eyes[:, 0].any():
            lids = wish.amount * share[:, None, None].astype(np.float32) * expression.eyes
            return _with_eyes(face, lids), wish.amount
        return self._risen(index, face, expression, share, rows, wish.amount)

    def _risen(
        self,
        index: int,
        face: Face,
        expression: Expression,
        share: Float64,
        rows: Rows,
        amount: float,
    ) -> tuple[Face, float]:
        """Add as much as makes an expression's score rise by an amount, or fall by a negative."""
        canvas, sign = self.canvases[index], float(np.sign(amount))

        def moved(gain: float) -> Face:
            return _moved(self.space, canvas, face, expression, sign * gain * share)

        def rise_in(look: Look, count: int) -> tuple[Callable[[float], float], float]:
            seen = rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]
            before = float(expression.score(look(index, seen, face)).mean())

            def rise(gain: float) -> float:
                after = float(expression.score(look(index, seen, moved(gain))).mean())
                return sign * (after - before)

            return rise, max(min(abs(amount), HIGHEST - before if amount > 0 else before), 1e-3)

        turns = float(MOST_TURN[0 if expression.eyes[:, 1].any() else 1])
        rise, wanted = rise_in(self.mesh, _LOOKED_AT)
        most = turns if expression.added is None else MOST_GAIN * abs(amount)
        if expression.group == "face":
            most = self._unsmeared(index, face, moved, rows[len(rows) // 2], most)
        gain = _least(rise, wanted, most)
        if self.pictures is None:
            return moved(gain), sign * rise(gain)
        rise, wanted = rise_in(self.pictures, _IN_PICTURES)
        # What is taken away leaves its folds in the skin: the mesh alone says how far that goes.
        top = gain if amount < 0 else most
        gain, shown = _in_pictures(rise, gain, wanted, top)
        return moved(gain), sign * shown

    def _unsmeared(
        self, index: int, face: Face, moved: Callable[[float], Face], row: int, most: float
    ) -> float:
        """Return the largest gain, up to the most, by which the skin about the brows holds."""

        def mesh(one: Face) -> Float32:
            identity = self.canvases[index].identity
            (found,) = self.space.decode(one.motion[0][row : row + 1], identity)
            return np.asarray(found, np.float32)

        def smears(gain: float) -> bool:
            widest, narrowest = brow_strain(mesh(face), mesh(moved(gain)))
            return widest > MOST_STRETCH or narrowest < LEAST_STRETCH

        return bisected(smears, 0.0, most, _HALVINGS)[0] if smears(most) else most

    def _neutral(
        self, index: int, face: Face, share: Float64, rows: Rows, amount: float
    ) -> tuple[Face, float]:
        """Take away a share of what a face shows over people's usual faces."""
        look = self.pictures or self.mesh
        seen = rows[np.linspace(0, len(rows) - 1, _IN_PICTURES).round().astype(int)]
        scores = look(index, seen, face)
        before = fallen = 0.0
        for name in PARTS:
            expression = expressions().get(name)
            if expression is None or expression.group not in REGIONS[self.canvases[index].region]:
                continue
            over = float(expression.score(scores).mean()) - expression.usual
            if over < _LITTLE:
                continue
            face, fell = self._risen(index, face, expression, share, rows, -amount * over)
            scores = look(index, seen, face)
            before, fallen = before + over, fallen - fell
        # A face that shows nothing is neutral as it is.
        return face, fallen / before if before else amount


def _least(rise: Callable[[float], float], wanted: float, most: float) -> float:
    """Find the least gain that is enough, or by which nearly as much is shown as by the most."""
    enough = min(wanted, NEARLY * max(rise(share * most) for share in _SHARES))
    return sum(bisected(lambda one: rise(one) >= enough, 0.0, most, _HALVINGS)) / 2


def _in_pictures(
    rise: Callable[[float], float], gain: float, wanted: float, top: float
) -> tuple[float, float]:
    """Correct a gain by what the pictures show: as far as asked, or as more of it shows more.

    Returns the gain, and what is shown.
    """
    shown = rise(gain)
    if shown > (1 + NEAR) * wanted:
        gain *= wanted / shown
        return gain, rise(gain)
    tried = [(gain, shown)]
    for factor in CLIMB:
        further = min(factor * gain, top)
        if tried[-1][1] >= (1 - NEAR) * wanted or further <= tried[-1][0]:
            break
        tried.append((further, rise(further)))
    best = max(shown for _, shown in tried)
    number = next(k for k, (_, shown) in enumerate(tried) if shown >= NEARLY * best)
    gain, shown = tried[number]
    if shown > (1 + NEAR) * wanted:
        less, before = tried[number - 1]
        gain = less + (gain - less) * (wanted - before) / (shown - before)
        shown = rise(gain)
    return gain, shown


def _moved(
    space: MotionSpace, canvas: Canvas, face: Face, expression: Expression, gains: Float64
) -> Face:
    """Add an expression to a canvas's face, so much in each frame (T,)."""
    rows = gains.astype(np.float32)
    if expression.added is None:
        return _with_eyes(face, rows[:, None, None] * expression.eyes)
    motion = face.motion + rows[None, :, None] * expression.motion(space)
    return replace(face, motion=np.where(canvas.mask, motion, face.motion))


def _with_eyes(face: Face, eyes: Float32) -> Face:
    """Add what eyes do; a lid comes down with an eye that looks down."""
    lids = np.maximum(face.eyes[..., 0], eyes[..., 0])
    lids = np.maximum(lids, np.clip(5.0 * (eyes[..., 2] + face.eyes[..., 2]), 0.0, 1.0))
    turned = np.clip(face.eyes[..., 1:] + eyes[..., 1:], -MOST_TURN, MOST_TURN)
    return replace(face, eyes=np.concatenate([lids[..., None], turned], axis=-1).astype(np.float32))
