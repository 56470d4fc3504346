"""Which items of a benchmark the self-check looks at."""

from __future__ import annotations

from collections.abc import Sequence

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
    waiting: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: item.id):
        if item.track == "reconstruct":
            waiting.setdefault(item.clip.corpus, []).append(item)
    for corpus, found in waiting.items():
        shuffled = [found[index] for index in rng.permutation(len(found))]
        waiting[corpus] = _other_clips_first(shuffled)
    chosen: list[Item] = []
    while len(chosen) < count and any(waiting.values()):
        for found in waiting.values():
            if found and len(chosen) < count:
                chosen.append(found.pop(0))
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
    found = []
    for index, item in enumerate(chosen):
        others = [*chosen[index + 1 :], *chosen[:index]]
        found.append(min(others, key=lambda other: _likeness(item, other)))
    return tuple(found)


def _likeness(item: Item, other: Item) -> tuple[bool, bool, bool]:
    """Order possible partners: another speaker first, then the same corpus, then another clip."""
    return (
        other.clip.speaker == item.clip.speaker,
        other.clip.corpus != item.clip.corpus,
        other.clip.sha256 == item.clip.sha256,
    )


def _other_clips_first(items: Sequence[Item]) -> list[Item]:
    """Order items so that no clip comes a second time before every clip came once."""
    seen: dict[str, int] = {}
    turns = []
    for place, item in enumerate(sorted(items, key=_is_cramped)):
        seen[item.clip.sha256] = seen.get(item.clip.sha256, 0) + 1
        turns.append((seen[item.clip.sha256], _is_cramped(item), place, item))
    return [turn[-1] for turn in sorted(turns, key=lambda turn: turn[:-1])]


def _is_cramped(item: Item) -> bool:
    """Return whether a span lies at an end of its clip."""
    start_s, end_s = item.hidden_s
    return start_s < ROOM_S or end_s > item.clip.duration_s - ROOM_S
