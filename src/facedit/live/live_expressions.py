"""What a live face shows beside speaking: all the time, or between two times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from facedit.compose.frames.canvas import Canvas
from facedit.compose.takes.express import Wish, check_wishes, eased, expressed, wishes_of
from facedit.errors import UsageError
from facedit.motion.expressions import BLINK
from facedit.motion.space import MotionSpace
from facedit.options import Run
from facedit.types import Float32
from facedit.units import frame_time

_LOOKED_AT = 24
"""Frames of the face at rest in which is found how much of an expression it takes."""


def live_wishes(run: Run) -> tuple[Wish, ...]:
    """Return the expressions that options ask for.

    UsageError if one is not known, or asked for at words: nobody knows when they will be said.
    """
    check_wishes(run, "generate")
    wishes = wishes_of(run)
    for wish in wishes:
        name = wish.expression.name
        if name == BLINK:
            raise UsageError(f"--expression {name}: a live face blinks by itself: leave it out.")
        if isinstance(wish.when, str) and wish.when:
            raise UsageError(
                f"--expression {name}@{wish.when[:40]}: what will be said is not known; give "
                "seconds, as @1.2-2, or nothing for all the time."
            )
    return wishes


class LiveExpressions:
    """Adds expressions to motion that comes in chunks.

    As much of each is added as makes the face at rest show what was asked.

    Args:
        wishes: The expressions. (``UsageError`` if the space or the face has none of one.)
        space: The motion space.
        canvas: What goes ahead of the sound.

    Attributes:
        notes: What could not be shown as asked.
    """

    def __init__(self, wishes: Sequence[Wish], space: MotionSpace, canvas: Canvas) -> None:
        rest = np.repeat(canvas.values[-1:], _LOOKED_AT, axis=0)
        whole = replace(
            canvas,
            values=np.concatenate([canvas.values, rest]),
            mask=np.concatenate([canvas.mask, np.ones_like(rest, np.bool_)]),
            confidence=np.ones(len(canvas.values) + len(rest), np.float32),
        )
        self._added: list[tuple[tuple[float, float], Float32, Float32]] = []
        self.notes: tuple[str, ...] = ()
        for wish in wishes:
            always = [replace(wish, when="")]
            found = expressed(space, [whole], [whole.values[None]], always, ())
            (motion,), (eyes,) = found.motion, found.eyes
            turned = np.zeros((2, 3), np.float32) if eyes is None else eyes[-1]
            self._added.append((wish.times(()), motion[0, -1] - rest[-1], turned))
            self.notes += found.notes

    def on(self, motion: Float32, first: int) -> Float32:
        """Return motion with the expressions, shape (T, D); ``first`` is its first frame's number.

        They ease in where the sound begins: what goes ahead has none.
        """
        for times, added, _ in self._added:
            motion = motion + _shares(times, first, len(motion))[:, None] * added
        return motion

    def eyes(self, first: int, count: int) -> Float32 | None:
        """Return what eyes do beside the motion in some frames, (T, 2, 3); None if nothing."""
        parts = [
            _shares(times, first, count)[:, None, None] * turned
            for times, _, turned in self._added
            if turned.any()
        ]
        return np.sum(parts, axis=0, dtype=np.float32) if parts else None


def _shares(times: tuple[float, float], first: int, count: int) -> Float32:
    """Return how far an expression shows in frames, shape (T,)."""
    at_s = (first + np.arange(count, dtype=np.float64)) * frame_time(1)
    return eased(at_s, times, at_s + frame_time(1)).astype(np.float32)
