"""Which items of a benchmark the self-check looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from facedit.bench.items import Item
from facedit.errors import UsageError

ROOM_S = 0.4
"""Clip on either side of a span, with which moved sound still has its partner in the clip."""

LEAST = 2
"""Fewest items: some disturbances take another item's sound or face."""


def choose_items(items: Sequence[Item], count: int, seed: int) -> tuple[Item, ...]:
    """Choose items with ground truth, in turn from every corpus, ordered by id.

    Different clips come first, then spans with ``ROOM_S`` of the clip on either side.
    ``UsageError`` if there are fewer than two.
    """
    rng = np.random.default_rng(seed)
    by_corpus: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: item.id):
        if item.track == "reconstruct":
            by_corpus.setdefault(item.clip.corpus, []).append(item)
    orders = [
        _other_clips_first([found[index] for index in rng.permutation(len(found))])
        for found in by_corpus.values()
    ]
    in_turn = [item for turn in zip_longest(*orders) for item in turn if item]
    chosen = in_turn[:count]
    if len(chosen) < LEAST:
        raise UsageError(
            f"the self-check needs {LEAST} reconstruct items or more; the benchmark has "
            f"{len(chosen)}."
        )
    return tuple(sorted(chosen, key=lambda item: item.id))


def partners(chosen: Sequence[Item]) -> tuple[Item, ...]:
    """Find for each item one of another person, to take sound and face from.

    The next of another speaker, of the same corpus where there is one (so that only the person
    differs); the next of another clip, or just the next, where no speaker differs.
    """

    def partner(index: int) -> Item:
        own = chosen[index].clip
        others = [*chosen[index + 1 :], *chosen[:index]]
        return min(
            others,
            key=lambda o: (
                o.clip.speaker == own.speaker, o.clip.corpus != own.corpus,
                o.clip.sha256 == own.sha256,
            ),
        )  # fmt: skip

    return tuple(partner(index) for index in range(len(chosen)))


def _other_clips_first(items: Sequence[Item]) -> list[Item]:
    """Order items so that no clip comes a second time before every clip came once."""
    ordered = sorted(items, key=_is_cramped)
    seen: Counter[str] = Counter()
    turns: dict[str, int] = {}
    for item in ordered:
        seen[item.clip.sha256] += 1
        turns[item.id] = seen[item.clip.sha256]
    return sorted(ordered, key=lambda item: turns[item.id])


def _is_cramped(item: Item) -> bool:
    """Return whether a span lies at an end of its clip."""
    start_s, end_s = item.hidden_s
    return start_s < ROOM_S or end_s > item.clip.duration_s - ROOM_S
