"""Which items are shown: the worst, the median and the best of the reference system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from facedit.bench.items import Bench, Item, Track
from facedit.bench.record import Record
from facedit.bench.report.compare import TRUTH, badness, sums_of
from facedit.bench.report.measure_notes import main_measures
from facedit.bench.report.result_tables import Table, Tables, by_system
from facedit.evaluation.measure import Measure

WORST, BEST = 2, 1
"""How many of the worst and of the best are shown of each track, beside one in the middle."""


@dataclass(frozen=True, slots=True)
class ExampleItem:
    """An item on the page.

    Attributes:
        rank: ``worst``, ``median`` or ``best``, by ``value`` of ``measure``.
        records: The truth where it is known, the reference, the best other system.
    """

    item: Item
    rank: str
    measure: Measure
    value: float
    records: tuple[Record, ...]


def choose(
    bench: Bench, records: Sequence[Record], measures: Sequence[Measure], tables: Tables
) -> list[ExampleItem]:
    """Choose items to show: a track's worst ones of the reference, the median one and the best.

    They are ranked by the track's first main measure that tells better from worse.
    """
    found = by_system(records)
    by_id = {item.id: item for item in bench.items}
    shown: list[ExampleItem] = []
    for table in [one for one in tables.tables if one.slice.by == "all"]:
        measure, ranked = _main_ranking(table, measures, found.get(tables.reference, {}))
        if measure is None:
            continue
        rival = best_rival(table.slice.track, measure, tables)
        for rank, (item, value) in _picked(ranked):
            rows = [
                row
                for system in dict.fromkeys((TRUTH, tables.reference, rival))
                if (row := found.get(system, {}).get(item)) and row.status == "done"
            ]
            shown.append(ExampleItem(by_id[item], rank, measure, value, tuple(rows)))
    return shown


def _main_ranking(
    table: Table, measures: Sequence[Measure], records: Mapping[str, Record]
) -> tuple[Measure | None, list[tuple[str, float]]]:
    """Rank a track's items by its first main measure that can; None if none can."""
    track, here = table.slice.track, [m for m in measures if m.name in table.columns]
    for measure in (*main_measures(track, here), *main_measures(track, here, drawn=True)):
        if ranked := ranking(measure, records, table.slice.items):
            return measure, ranked
    return None, []


def ranking(
    measure: Measure, records: Mapping[str, Record], items: Sequence[str]
) -> list[tuple[str, float]]:
    """Order items with their values from the worst to the best; those without are left out."""
    values = {
        item: float(measure.value(np.asarray(sums, np.float64)))
        for item, sums in sums_of(records, items, measure).items()
    }
    scores = {item: badness(measure, value) for item, value in values.items()}
    known = [item for item in values if isfinite(scores[item])]
    return [(item, values[item]) for item in sorted(known, key=lambda i: (-scores[i], i))]


def best_rival(track: Track, measure: Measure, tables: Tables) -> str:
    """Name the best system beside the truth and the reference on a track; empty if none."""
    table = tables.whole(track)
    cells = {
        system: badness(measure, row[measure.name].value)
        for system, row in (table.rows if table else {}).items()
        if measure.name in row and system not in (TRUTH, tables.reference)
    }
    return min(cells, key=lambda system: (cells[system], system), default="")


def _picked(ranked: list[tuple[str, float]]) -> list[tuple[str, tuple[str, float]]]:
    """Take the ends and the middle; no item twice."""
    count = len(ranked)
    places = dict.fromkeys(range(min(WORST, count)), "worst")
    for place in range(max(count - BEST, 0), count):
        places.setdefault(place, "best")
    places.setdefault(count // 2, "median")
    return [(places[place], ranked[place]) for place in sorted(places)]
