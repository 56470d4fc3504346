"""The tables: systems by measures, per slice, with intervals, counts and paired tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import get_args

from facedit.bench.items import Bench, Item, Kind, Length, Track
from facedit.bench.record import Record
from facedit.bench.report.compare import TRUTH, Contrast, best_systems, compare, sums_of
from facedit.evaluation.measure import Measure
from facedit.evaluation.stats import Estimate, estimate

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
    """Return each corpus's group: itself with ``SMALLEST_GROUP`` clips or more, or ``others``."""
    clips: dict[str, set[str]] = {}
    for item in items:
        clips.setdefault(item.clip.corpus, set()).add(clip_key(item))
    return {
        corpus: corpus if len(found) >= SMALLEST_GROUP else OTHERS
        for corpus, found in sorted(clips.items())
    }


def slices(bench: Bench) -> list[Slice]:
    """Cut a benchmark per track: whole, then by corpus, kind and length where it has several."""
    groups = corpus_groups(bench.items)
    corpora = [*sorted(set(groups.values()) - {OTHERS}), OTHERS]
    found: list[Slice] = []
    for track in TRACKS:
        items = [item for item in bench.items if item.track == track]
        if not items:
            continue
        found.append(Slice(track, "all", "", tuple(item.id for item in items)))
        cuts: dict[str, tuple[Sequence[str], Callable[[Item], str]]] = {
            "corpus": (corpora, lambda item: groups[item.clip.corpus]),
            "kind": (get_args(Kind), lambda item: item.kind),
            "length": (get_args(Length), lambda item: item.length),
        }
        for by, (values, value_of) in cuts.items():
            parts = {v: tuple(i.id for i in items if value_of(i) == v) for v in values}
            filled = [Slice(track, by, value, part) for value, part in parts.items() if part]
            found += filled if len(filled) > 1 else []
    return found


DRAWS = 1000
SLICE_SHARE = 0.4
"""Some measures take milliseconds a draw, and there are many slices."""


@dataclass(frozen=True, slots=True)
class Count:
    """What became of a track's items in one system; ``missing`` have no record."""

    track: Track
    system: str
    done: int
    failed: int
    not_applicable: int
    missing: int


@dataclass(frozen=True, slots=True)
class Table:
    """Estimates of a slice.

    Attributes:
        columns: Names of the measures that any system has here, in the order of the measures.
        rows: Estimates by system and measure; what was not measured is not in it.
        best: Systems with the best value by measure, where one way is better.
    """

    slice: Slice
    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Estimate]]
    best: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that is computed from the records.

    Attributes:
        systems: Systems in the order they are shown.
        reference: The system that the others are compared with.
        counts: Counts per track and system.
        tables: Tables per slice.
        contrasts: Paired differences per track and measure.
    """

    systems: tuple[str, ...]
    reference: str
    counts: tuple[Count, ...]
    tables: tuple[Table, ...]
    contrasts: tuple[Contrast, ...]

    def whole(self, track: Track) -> Table | None:
        """Return the table of a whole track."""
        return next((t for t in self.of(track, "all")), None)

    def of(self, track: Track, by: str) -> list[Table]:
        """Return the tables of a track cut one way."""
        return [t for t in self.tables if (t.slice.track, t.slice.by) == (track, by)]


def make_tables(
    bench: Bench,
    records: Sequence[Record],
    measures: Sequence[Measure],
    *,
    reference: str = "ours",
    order: Sequence[str] = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> Tables:
    """Compute all tables of the items that ``bench`` lists, whatever the records' order.

    ``order``: systems in the order to show them; the truth and the reference come first anyway;
    ``draws``: bootstrap draws of whole tracks; slices take ``SLICE_SHARE`` of them.
    """
    clip_of = {item.id: clip_key(item) for item in bench.items}
    found = by_system(record for record in records if record.item in clip_of)
    systems = system_order(found, reference, order)
    counts, tables, contrasts = [], [], []
    for part in slices(bench):
        whole = part.by == "all"
        fewer = draws if whole else max(int(draws * SLICE_SHARE), 1)
        rows: dict[str, dict[str, Estimate]] = {system: {} for system in systems}
        columns: dict[str, frozenset[str]] = {}
        for m in measures:
            sums = {system: sums_of(found[system], part.items, m) for system in systems}
            for system, own in sums.items():
                made = estimate(m, own, clip_of, draws=fewer, seed=seed)
                if isfinite(made.value):  # what has no value is left out
                    rows[system][m.name] = made
            if best := _best_of(m, rows):
                columns |= best
                if whole:
                    contrasts += compare(part.track, m, sums, reference, clip_of, draws, seed)
        tables.append(Table(part, tuple(columns), rows, columns))
        if whole:
            counts += [_count(part, system, found[system]) for system in systems]
    return Tables(systems, reference, tuple(counts), tuple(tables), tuple(contrasts))


def by_system(records: Iterable[Record]) -> dict[str, dict[str, Record]]:
    """Sort records by system and item."""
    found: dict[str, dict[str, Record]] = {}
    for record in records:
        found.setdefault(record.system, {})[record.item] = record
    return found


def _best_of(
    measure: Measure, rows: Mapping[str, Mapping[str, Estimate]]
) -> dict[str, frozenset[str]]:
    """Name the best systems of a measure; nothing if no system has it."""
    there = any(measure.name in row for row in rows.values())
    return {measure.name: frozenset(best_systems(measure, rows))} if there else {}


def system_order(
    systems: Mapping[str, object] | Sequence[str], reference: str, order: Sequence[str]
) -> tuple[str, ...]:
    """Order systems: the truth, the reference, those of ``order``, the others by name."""
    first = [TRUTH, reference, *order]
    rank = {name: place for place, name in reversed(list(enumerate(first)))}
    return tuple(sorted(systems, key=lambda name: (rank.get(name, len(first)), name)))


def _count(part: Slice, system: str, records: Mapping[str, Record]) -> Count:
    status = Counter(records[i].status if i in records else "missing" for i in part.items)
    states = ("done", "failed", "not applicable", "missing")
    return Count(part.track, system, *(status[state] for state in states))
