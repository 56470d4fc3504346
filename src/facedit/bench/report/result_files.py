"""The tables as CSV, JSON and Markdown; the same bytes for the same results."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from facedit.bench.items import Bench
from facedit.bench.record import Record
from facedit.bench.report.compare import Contrast
from facedit.bench.report.facts import Cost, RunFacts
from facedit.bench.report.measure_notes import is_drawn, main_measures
from facedit.bench.report.numbers import formatted, interval, plain, titled
from facedit.bench.report.result_tables import TRACKS, Count, Table, Tables
from facedit.evaluation.measure import Measure
from facedit.evaluation.stats import Estimate
from facedit.report.page_kit import markdown_table

RESULT_COLUMNS = (
    "system", "track", "slice", "measure", "value", "low", "high", "items", "clips", "unit",
)  # fmt: skip
CELL = ("value", "low", "high", "items", "clips")
COST_COLUMNS = ("system", "track", "what", "value", "unit", "items")


def results_csv(tables: Tables, measures: Sequence[Measure]) -> str:
    """Write every estimate as a row; what was not measured has a row without a value."""
    units = {measure.name: measure.unit for measure in measures}
    rows = [
        (system, table.slice.track, table.slice.name, name, *_cell(row.get(name)), units[name])
        for table in tables.tables
        for system, row in table.rows.items()
        for name in table.columns
    ]
    return _csv(RESULT_COLUMNS, rows)


def results_json(
    bench: Bench,
    tables: Tables,
    records: Sequence[Record],
    measures: Sequence[Measure],
    facts: RunFacts,
) -> str:
    """Write everything that is the same in every run: tables, paired tests, facts, failures."""
    data = {
        "format": "facedit-bench-results-1",
        "bench": {"name": bench.name, "version": bench.version, "seed": bench.seed}
        | {"built_with": bench.built_with, "items": len(bench.items)},
        "facts": facts.to_dict(),
        "reference": tables.reference,
        "systems": list(tables.systems),
        "measures": [
            {name: getattr(m, name) for name in ("name", "title", "unit", "better", "group")}
            for m in measures
        ],
        "counts": [asdict(count) for count in tables.counts],
        "paired": [_paired(one, tables.reference) for one in tables.contrasts],
        "not_done": [
            {"item": r.item, "system": r.system, "status": r.status, "reason": r.reason}
            for r in not_done(bench, records, tables.systems)
        ],
    }
    head = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    # Thousands of cells: a line a system instead of five lines a cell.
    lines = ",\n".join(
        "  " + json.dumps(row, ensure_ascii=False, allow_nan=False)
        for table in tables.tables
        for row in _rows(table)
    )
    return f'{head[:-2]},\n "cell": {json.dumps(CELL)},\n "tables": [\n{lines}\n ]\n}}\n'


def _paired(one: Contrast, reference: str) -> dict[str, object]:
    by = one.difference
    figures = {"difference": by.value, "low": by.low, "high": by.high, "p": by.p}
    return {
        "track": one.track, "measure": one.measure, "system": one.system, "against": reference,
        **{name: plain(value) for name, value in (figures | {"p_holm": one.p_holm}).items()},
        "items": by.items, "clips": by.clips, "verdict": one.verdict,
    }  # fmt: skip


def unmeasured(
    tables: Tables, records: Sequence[Record], measures: Sequence[Measure]
) -> dict[str, str]:
    """Name the measures of videos that were looked for and came to no figure in any track."""
    there = {name for table in tables.tables for name in table.columns}
    looked = {key for record in records for key in record.sums}
    return {
        one.name: "these items hold too little of what it measures"
        for one in measures
        if one.sums in looked and one.name not in there and not is_drawn(one)
    }


def results_md(
    bench: Bench,
    tables: Tables,
    measures: Sequence[Measure],
    absent: Mapping[str, str],
    judged: Sequence[str] = (),
) -> str:
    """Write the main measures as Markdown tables, one a track, and name what is left out."""
    whole = (table for track in TRACKS if (table := tables.whole(track)) and table.columns)
    parts = [part for table in whole for part in _md_track(table, tables, measures)]
    note = (
        f"{_md(bench.name)} {_md(bench.version)}. In brackets 95 % intervals, bootstrapped over "
        "clips. Bold: best of the systems that were measured on all items of the column.\n"
    )
    left = [f"\n{len(absent)} measures are left out:\n\n"] if absent else []
    left += [f"- {_md(name)}: {_md(why)}\n" for name, why in absent.items()]
    judges = ["\nJudges of published tables:\n\n"] if judged else []
    judges += [f"- {_md(line)}\n" for line in judged]
    return "".join([*parts, note, *judges, *left])


def _md_track(table: Table, tables: Tables, measures: Sequence[Measure]) -> Iterator[str]:
    """Write the main measures of a track, of videos and of motion before rendering."""
    track, here = table.slice.track, [m for m in measures if m.name in table.columns]
    count = {c.system: c for c in tables.counts if c.track == track}
    yield f"**{track}** ({len(table.slice.items)} items)\n\n"
    for drawn, title in ((False, "Videos:"), (True, "Motion before rendering:")):
        if columns := main_measures(track, here, drawn=drawn):
            yield f"{title}\n\n{_md_table(table, columns, count)}\n\n"


def _md_table(table: Table, columns: Sequence[Measure], count: Mapping[str, Count]) -> str:
    """Write a Markdown table of the systems that have any of its columns, or nothing at all."""
    lines = []
    for system, row in table.rows.items():
        one = count[system]
        asked = len(table.slice.items) - one.not_applicable
        if any(m.name in row for m in columns) or (asked and not row):
            cells = [_md_cell(row.get(m.name), m, system in table.best[m.name]) for m in columns]
            lines.append([_md(system), *cells, f"{one.done} of {asked}"])
    return markdown_table(["system", *(_md(titled(m)) for m in columns), "items"], lines, "---:")


def cost_csv(costs: Sequence[Cost]) -> str:
    """Write what every system cost as rows."""
    rows: list[tuple[object, ...]] = []
    for cost in costs:
        entries: list[tuple[str, float | None, str]] = [
            *((stage, seconds, "s") for stage, seconds in cost.stages.items()),
            ("total", cost.total_s, "s"),
            ("per item", cost.per_item_s, "s"),
            ("per second of fill", cost.per_fill_s, "s/s"),
            ("fill", cost.fill_s, "s"),
            ("peak memory", cost.peak_mib or None, "MiB"),
        ]
        for what, value, unit in entries:
            text = "" if value is None else f"{value:.6g}"
            rows.append((cost.system, cost.track, what, text, unit, cost.items))
    return _csv(COST_COLUMNS, rows)


def not_done(bench: Bench, records: Sequence[Record], systems: Sequence[str]) -> list[Record]:
    """Return the records of what failed or does not apply, by system, status and item."""
    place = {item.id: index for index, item in enumerate(bench.items)}
    rank = {system: index for index, system in enumerate(systems)}
    return sorted(
        (r for r in records if r.status != "done" and r.item in place),
        key=lambda r: (rank[r.system], r.status, place[r.item]),
    )


def _rows(table: Table) -> list[dict[str, object]]:
    """Return a table's rows, their cells as ``CELL`` says."""
    where = {"track": table.slice.track, "slice": table.slice.name}
    return [
        where
        | {
            "system": system,
            "cells": {name: _cell(cell) for name, cell in row.items()},
            "best": [name for name in table.columns if system in table.best[name]],
        }
        for system, row in table.rows.items()
        if row
    ]


def _cell(cell: Estimate | None) -> list[float | None]:
    """Return a cell as ``CELL`` says."""
    if cell is None:
        return [None, None, None, 0, 0]
    return [plain(cell.value), plain(cell.low), plain(cell.high), cell.items, cell.clips]


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _md(text: str) -> str:
    """Make foreign text harmless in a Markdown table."""
    flat = " ".join(text.split())
    for sign in "\\`*_[]<>|":
        flat = flat.replace(sign, f"\\{sign}")
    return flat


def _md_cell(cell: Estimate | None, measure: Measure, best: bool) -> str:
    if cell is None:
        return ""
    value = formatted(cell.value, measure)
    spread = interval(cell.low, cell.high, measure)
    return f"{f'**{value}**' if best else value} {spread}".strip()
