"""Choosing a balanced set: nobody's many clips drown another's few. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from math import inf
from operator import lt
from typing import TypeVar

Candidate = TypeVar("Candidate")


def balanced(
    candidates: Sequence[Candidate],
    count: int,
    keys: Callable[[Candidate], tuple[Hashable, ...]],
    *,
    accept: Callable[[Candidate], bool] = lambda _: True,
    already: Iterable[tuple[Hashable, ...]] = (),
    most: tuple[int | None, ...] = (),
) -> list[Candidate]:
    """Choose candidates so that the values of their keys come up about equally often.

    Greedy: each time the candidate is taken whose first key was used least; among equals whose
    second key was, and so on; among equals the first one in the list. So the first key is balanced
    as far as the candidates allow, the second within that, etc.

    ``keys``: gives the keys of a candidate, the weightiest first; ``accept``: called once for a
    candidate about to be chosen, which is dropped if that returns false; ``already``: keys of what
    was chosen before; ``most``: per key how often one value may come up, if it is limited.
    """
    waiting = [(keys(candidate), candidate) for candidate in candidates]
    used = Counter(place for row in already for place in enumerate(row))
    chosen: list[Candidate] = []

    def uses(row: tuple[Hashable, ...]) -> list[int]:
        return [used[place] for place in enumerate(row)]

    while waiting and len(chosen) < count:
        best = min(range(len(waiting)), key=lambda k: uses(waiting[k][0]))
        row, candidate = waiting.pop(best)
        limits = (inf if limit is None else limit for limit in most)
        if all(map(lt, uses(row), limits)) and accept(candidate):
            used.update(enumerate(row))
            chosen.append(candidate)
    return chosen
