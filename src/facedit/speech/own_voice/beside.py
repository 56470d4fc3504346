"""What the words beside new ones say of how these should sound: the speaker said both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from facedit.editing.words import key
from facedit.types import Float64, Word

_FALLS_BY = 0.5


@dataclass(frozen=True, slots=True)
class Beside:
    """Words before and after new ones, in the voice's speech and in the speaker's.

    Attributes:
        before: Pairs of what the voice spoke and what the speaker said, the nearest first.
        after: The same of the words after.
        span_s: Begin and end of the new words in the voice's speech.
        ends: The first and the last of them.
    """

    before: tuple[tuple[Word, Word], ...] = ()
    after: tuple[tuple[Word, Word], ...] = ()
    span_s: tuple[float, float] = (0.0, 0.0)
    ends: tuple[Word, ...] = ()


def beside(
    spoken: Sequence[Word],
    new: slice,
    said_before: Sequence[Word],
    said_after: Sequence[Word],
) -> Beside:
    """Pair the words around the new ones of ``spoken`` with the same as the speaker said them.

    ``said_before``, ``said_after``: the speaker's words on either side; pairs end where the texts
    differ.
    """
    return Beside(
        _pairs(spoken[: new.start][::-1], said_before[::-1]),
        _pairs(spoken[new.stop :], said_after),
        (spoken[new.start].start_s, spoken[new.stop - 1].end_s),
        (spoken[new.start], spoken[new.stop - 1]),
    )


def lead(
    around: Beside, difference: Callable[[Word, Word], float | None], most: float
) -> tuple[float, float]:
    """Average by how much the speaker's words differ from the voice's, before and after new ones.

    Nearer words count for more. ``difference`` of a spoken word and the same as said, None where it
    cannot be told; limited to ``most`` either way. A side of which nothing is known is like the
    other; (0, 0) where nothing is known at all.
    """
    sides = [_mean(pairs, difference) for pairs in (around.before, around.after)]
    known = [side for side in sides if side is not None]
    if not known:
        return 0.0, 0.0
    left, right = (known[0] if side is None else side for side in sides)
    return float(np.clip(left, -most, most)), float(np.clip(right, -most, most))


def line(around: Beside, ends: tuple[float, float], times_s: Float64) -> Float64:
    """Lead evenly from one value before the new words to the other after them, shape (T,)."""
    start_s, end_s = around.span_s
    return np.asarray(np.interp(times_s, [start_s, max(end_s, start_s + 1e-3)], ends))


def _pairs(spoken: Sequence[Word], said: Sequence[Word]) -> tuple[tuple[Word, Word], ...]:
    pairs = []
    for new, old in zip(spoken, said, strict=False):
        if key(new.text) != key(old.text):
            break
        pairs.append((new, old))
    return tuple(pairs)


def _mean(
    pairs: tuple[tuple[Word, Word], ...], difference: Callable[[Word, Word], float | None]
) -> float | None:
    found = [(difference(*pair), _FALLS_BY**place) for place, pair in enumerate(pairs)]
    known = [(value, weight) for value, weight in found if value is not None]
    if not known:
        return None
    return sum(value * weight for value, weight in known) / sum(weight for _, weight in known)
