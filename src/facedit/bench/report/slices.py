"""Which items a table is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from facedit.bench.items import Bench, Item, Kind, Length, Track

SMALLEST_GROUP = 8
"""Fewest clips of a corpus for a table of its own; smaller ones, which say little, share one."""

OTHERS = "others"

TRACKS: tuple[Track, ...] = get_args(Track)


@dataclass(frozen=True, slots=True)
class Slice:
    """Items that are pooled.

    Attributes:
        by: ``all``, ``corpus``, ``kind`` or ``length``.
        value: Which of them; empty for ``all``.
        items: Ids of its items, in the benchmark's order.
    """

    track: Track
    by: str
    value: str
    items: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in files, e.g. ``length=short``."""
        return f"{self.by}={self.value}" if self.value else self.by


def clip_key(item: Item) -> str:
    """Return what makes items come from the same clip."""
    return item.clip.sha256 or item.clip.file


def corpus_groups(items: Iterable[Item]) -> dict[str, str]:
    """Pool small corpora.

    Returns group by corpus: itself with at least ``SMALLEST_GROUP`` clips, else ``others``.
    """
    clips: dict[str, set[str]] = {}
    for item in items:
        clips.setdefault(item.clip.corpus, set()).add(clip_key(item))
    return {
        corpus: corpus if len(found) >= SMALLEST_GROUP else OTHERS
        for corpus, found in sorted(clips.items())
    }


def slices(bench: Bench) -> list[Slice]:
    """Cut a benchmark into slices.

    Returns per track the whole, then by corpus, kind and length where the track has several.
    """
    groups = corpus_groups(bench.items)
    found: list[Slice] = []
    for track in TRACKS:
        items = [item for item in bench.items if item.track == track]
        if not items:
            continue
        found.append(Slice(track, "all", "", tuple(item.id for item in items)))
        names = sorted(set(groups.values()) - {OTHERS})
        parts: dict[str, list[tuple[str, list[Item]]]] = {
            "corpus": [
                (name, [item for item in items if groups[item.clip.corpus] == name])
                for name in [*names, OTHERS]
            ],
            "kind": [(kind, [i for i in items if i.kind == kind]) for kind in get_args(Kind)],
            "length": [(long, [i for i in items if i.length == long]) for long in get_args(Length)],
        }
        for by, members in parts.items():
            filled = [(value, part) for value, part in members if part]
            if len(filled) > 1:
                found += [
                    Slice(track, by, value, tuple(item.id for item in part))
                    for value, part in filled
                ]
    return found
