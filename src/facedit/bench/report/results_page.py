"""The benchmark's page: no script, nothing from elsewhere but the videos beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facedit.bench.items import Bench, Track
from facedit.bench.record import Record
from facedit.bench.report import numbers
from facedit.bench.report.example_items import ExampleItem
from facedit.bench.report.facts import Cost, RunFacts
from facedit.bench.report.measure_notes import is_drawn, main_measures, note_on
from facedit.bench.report.page_plots import (
    VERDICT_COLOURS,
    colours,
    difference_charts,
    drawn_systems,
    line_charts,
    lip_curve,
)
from facedit.bench.report.result_files import not_done
from facedit.bench.report.result_tables import TRACKS, Table, Tables, clip_key
from facedit.bench.report.videos import SideBySide
from facedit.evaluation.measure import Measure
from facedit.evaluation.stats import Estimate
from facedit.report.page_kit import page

FILES = ("results.csv", "results.json", "results.md")
MOST_PLOTS = 4

_TITLES: dict[Track, tuple[str, str]] = {
    "reconstruct": (
        "Reconstruct",
        "A span of a real clip is hidden and filled with its own sound: the truth is known.",
    ),
    "edit": (
        "Edit",
        "New words: there is no truth. What the clip's own figures are is under “All measures”.",
    ),
    "generate": (
        "Generate",
        "Everything is hidden: one picture of the clip and its own sound make the whole.",
    ),
}
_CUTS = {"corpus": "By corpus", "kind": "By kind of edit", "length": "By length"}
_VERDICTS = (
    (VERDICT_COLOURS["better"], "clearly better"),
    (VERDICT_COLOURS["worse"], "clearly worse"),
    (VERDICT_COLOURS[""], "not clear at 5 %, or no way is better"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """All that the page is made from; ``examples`` are shown each with its video."""

    bench: Bench
    records: Sequence[Record]
    measures: Sequence[Measure]
    facts: RunFacts
    tables: Tables
    costs: Sequence[Cost]
    examples: Sequence[tuple[ExampleItem, SideBySide]]


def bench_page(run: Run) -> str:
    """Write the page: a whole HTML document."""
    tables, facts = run.tables, run.facts
    columns = set().union(*(table.columns for table in tables.tables))
    shown = [measure for measure in run.measures if measure.name in columns]
    videos = [measure for measure in shown if not is_drawn(measure)]
    return page(
        "bench.html",
        videos=True,
        title=f"{run.bench.name} {run.bench.version}",
        subtitle=_subtitle(run.bench, tables, facts),
        tiles=_tiles(run.bench, tables),
        tracks=[_part(track, whole, run) for track in TRACKS if (whole := tables.whole(track))],
        files=FILES,
        tables=tables,
        facts=facts,
        colours=colours(tables.systems, tables.reference),
        verdict_colours=_VERDICTS,
        legend=videos or shown,
        has_drawn=len(videos) < len(shown),
        **_undone(run),
        costs=run.costs,
        stages=sorted({name for cost in run.costs for name in cost.stages}),
        run_facts=facts.entries,
        rows_shown=_rows_shown,
        note_on=note_on,
        ways=numbers.WAYS,
        counted=numbers.counted,
        formatted=numbers.formatted,
        heading=numbers.heading,
        interval=numbers.interval,
        seconds=numbers.seconds,
        spelled=numbers.spelled,
        spelled_difference=numbers.spelled_difference,
    )


def _undone(run: Run) -> dict[str, object]:
    """Collect what failed and what does not apply."""
    undone = not_done(run.bench, run.records, run.tables.systems)
    other = Counter((r.system, r.reason) for r in undone if r.status != "failed")
    first = {(r.system, r.reason): r.item for r in reversed(undone)}
    return {
        "failed": [(r.system, r.item, r.reason) for r in undone if r.status == "failed"],
        # A system that has no answer to a kind of item says the same of each: once is enough.
        "inapplicable": [
            (system, first[system, reason] if count == 1 else f"{count} items", reason)
            for (system, reason), count in other.items()
        ],
        "inapplicable_count": sum(other.values()),
    }


def _part(track: Track, whole: Table, run: Run) -> dict[str, object]:
    """Collect what the page shows of a track."""
    tables = run.tables
    here = [measure for measure in run.measures if measure.name in whole.columns]
    main, drawn = main_measures(track, here), main_measures(track, here, drawn=True)
    groups = {m.group: [one for one in here if one.group == m.group] for m in here}
    plotted = [*main[:MOST_PLOTS], *drawn[:MOST_PLOTS]]
    systems = drawn_systems(track, plotted, tables)
    colour = colours(tables.systems, tables.reference)
    title, about = _TITLES[track]
    return {
        "name": track,
        "title": title,
        "about": about,
        "table": whole,
        "main": main,
        "drawn": drawn,
        "groups": groups,
        "cuts": {name: cuts for by, name in _CUTS.items() if (cuts := tables.of(track, by))},
        "contrasts": {(c.system, c.measure): c for c in tables.contrasts if c.track == track},
        "counts": {c.system: c for c in tables.counts if c.track == track},
        "line_colours": [(colour[system], system) for system in systems],
        "has_more": sum(bool(row) for row in whole.rows.values()) > len(systems),
        "charts": line_charts(track, run.bench, run.records, plotted, tables, systems),
        "differences": difference_charts(track, plotted, tables),
        "examples": [
            (example, video, lip_curve(example.records, tables.reference))
            for example, video in run.examples
            if example.item.track == track
        ],
        "costs": [cost for cost in run.costs if cost.track == track],
    }


def _rows_shown(
    table: Table, columns: Sequence[Measure], complete: bool
) -> list[tuple[str, Mapping[str, Estimate]]]:
    """Choose a table's rows: systems with any of its figures; those without any figure once."""
    return [
        (system, row)
        for system, row in table.rows.items()
        if any(measure.name in row for measure in columns) or (complete and not row)
    ]


def _subtitle(bench: Bench, tables: Tables, facts: RunFacts) -> str:
    clips = len({clip_key(item) for item in bench.items})
    speakers = len({item.clip.speaker for item in bench.items})
    version = facts.versions.get("facedit")
    parts = [
        f"facedit {version}" if version else "",
        f"{numbers.counted(len(bench.items), 'item')} from {numbers.counted(clips, 'clip')} of "
        f"{numbers.counted(speakers, 'speaker')}",
        numbers.counted(len(tables.systems), "system"),
        f"seed {facts.seed}",
        facts.date,
    ]
    return " · ".join(part for part in parts if part)


def _tiles(bench: Bench, tables: Tables) -> list[tuple[int, str]]:
    """Show what became of the items."""
    by_track = Counter(item.track for item in bench.items)
    missing = sum(one.missing for one in tables.counts)
    return [
        *((by_track[track], f"items to {track}") for track in TRACKS if by_track[track]),
        (sum(one.done for one in tables.counts), "results measured"),
        (sum(one.failed for one in tables.counts), "failed"),
        (sum(one.not_applicable for one in tables.counts), "not applicable"),
        *([(missing, "not run yet")] if missing else []),
    ]
