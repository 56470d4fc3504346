"""What a live face shows beside speaking: all the time, or between two times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedit.compose.canvas import Canvas
from facedit.compose.express import Wish, check_wishes, eased, gain_of, wishes_of
from facedit.errors import UsageError
from facedit.face.landmarker import Landmarker
from facedit.motion.space import MotionSpace
from facedit.options import Run
from facedit.types import LANDMARK_TERMS, Float32
from facedit.units import frame_time


def live_wishes(run: Run) -> tuple[Wish, ...]:
    """Return the expressions that options ask for.

    UsageError if one is not known, or asked for at words: nobody knows when they will be said.
    """
    check_wishes(run, "generate")
    wishes = wishes_of(run)
    for wish in wishes:
        if isinstance(wish.when, str) and wish.when:
            raise UsageError(
                f"--expression {wish.expression.name}@{wish.when[:40]}: what will be said is not "
                "known; give seconds, as @1.2-2, or nothing for all the time."
            )
    return wishes


class LiveExpressions:
    """Adds expressions to motion that comes in chunks.

    As much of each is added as makes the landmarker's network see what was asked in the frames that
    go ahead of the sound.

    Args:
        wishes: The expressions.
        space: The motion space.
        canvas: What goes ahead of the sound.

    Raises:
        UsageError: If the space knows none.
    """

    def __init__(self, wishes: Sequence[Wish], space: MotionSpace, canvas: Canvas) -> None:
        self._added: list[tuple[tuple[float, float], Float32]] = []
        if not wishes:
            return
        if space.terms != LANDMARK_TERMS:
            raise UsageError(f"--expression: the motion space {space.name} has none.")
        landmarker = Landmarker()
        for wish in wishes:
            gain, _ = gain_of(space, canvas.identity, landmarker, wish, canvas.values)
            added = np.float32(gain) * wish.expression.motion(space)
            self._added.append((wish.times(()), added))

    def on(self, motion: Float32, first: int) -> Float32:
        """Return motion with the expressions, shape (T, D); ``first`` is its first frame's number.

        They ease in where the sound begins: what goes ahead has none.
        """
        at_s = (first + np.arange(len(motion), dtype=np.float64)) * frame_time(1)
        for times, added in self._added:
            share = eased(at_s, times, at_s + frame_time(1)).astype(np.float32)
            motion = motion + share[:, None] * added
        return motion
