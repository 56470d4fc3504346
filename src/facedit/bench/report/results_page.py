"""The benchmark's page: no script, nothing from elsewhere but the videos beside it."""

from __future__ import annotations

from collections.abc import Sequence

from facedit.bench.items import Bench
from facedit.bench.record import Record
from facedit.bench.report.cost import Cost
from facedit.bench.report.example_items import ExampleItem
from facedit.bench.report.facts import RunFacts
from facedit.bench.report.numbers import counted
from facedit.bench.report.page_items import shown_items
from facedit.bench.report.page_lists import (
    cost_section,
    facts_section,
    not_done_section,
    selfcheck_section,
    systems_section,
)
from facedit.bench.report.page_plots import track_plots
from facedit.bench.report.page_style import BENCH_STYLE
from facedit.bench.report.page_tables import TRACK_TITLES, measure_legend, track_tables
from facedit.bench.report.palette import colours
from facedit.bench.report.result_files import not_done
from facedit.bench.report.result_tables import Tables
from facedit.bench.report.slices import TRACKS, clip_key
from facedit.bench.report.videos import SideBySide
from facedit.evaluation.measure import Measure
from facedit.report.document import document
from facedit.report.drawing import escape


def bench_page(
    bench: Bench,
    records: Sequence[Record],
    measures: Sequence[Measure],
    facts: RunFacts,
    tables: Tables,
    costs: Sequence[Cost],
    shown: Sequence[ExampleItem],
    videos: Sequence[SideBySide],
) -> str:
    """Write the page.

    Args:
        bench: The benchmark.
        records: The records.
        measures: The measures.
        facts: Facts about the run.
        tables: The tables.
        costs: The costs.
        shown: Items to show.
        videos: Their side-by-sides.

    Returns:
        A whole HTML document.
    """
    colour = colours(tables.systems, tables.reference)
    title = f"{bench.name} {bench.version}"
    columns = {name for table in tables.tables for name in table.columns}
    body = [
        f"<h1>{escape(title)}</h1><p class='soft'>{escape(_subtitle(bench, tables, facts))}</p>",
        _tiles(bench, tables),
        _contents(tables, costs),
    ]
    for track in TRACKS:
        made = track_tables(track, tables, measures, colour)
        if not made:
            continue
        heading, about = TRACK_TITLES[track]
        chosen = [(s, v) for s, v in zip(shown, videos, strict=True) if s.item.track == track]
        items = shown_items([s for s, _ in chosen], [v for _, v in chosen], tables.reference)
        plots = track_plots(track, bench, records, measures, tables, colour)
        count = counted(sum(item.track == track for item in bench.items), "item")
        body.append(
            f"<section id='{track}'><h2>{heading} <span class='soft small'>{count}</span>"
            f"</h2><p class='soft small'>{about} {_reading(tables.reference)}</p>{made}</section>"
        )
        if plots:
            body.append(f"<section><h2>{heading}: plots</h2>{plots}</section>")
        if items:
            body.append(
                f"<section id='{track}-items'><h2>{heading}: worst, median, best</h2>"
                f"{items}</section>"
            )
    legend = measure_legend([measure for measure in measures if measure.name in columns])
    body += [
        f"<section id='measures'><h2>Measures</h2>{legend}</section>",
        systems_section(tables.systems, facts, colour, tables.reference),
        selfcheck_section(facts),
        not_done_section(not_done(bench, records, tables.systems)),
        cost_section(costs, colour),
        facts_section(facts),
    ]
    return document(title, "".join(body), BENCH_STYLE, videos=True)


def _subtitle(bench: Bench, tables: Tables, facts: RunFacts) -> str:
    clips = len({clip_key(item) for item in bench.items})
    speakers = len({item.clip.speaker for item in bench.items})
    parts = [
        f"{counted(len(bench.items), 'item')} from {counted(clips, 'clip')} of "
        f"{counted(speakers, 'speaker')}",
        counted(len(tables.systems), "system"),
        f"seed {facts.seed}",
    ]
    if version := facts.versions.get("facedit"):
        parts.insert(0, f"facedit {version}")
    if facts.date:
        parts.append(facts.date)
    return " · ".join(parts)


def _tiles(bench: Bench, tables: Tables) -> str:
    """Show what became of the items."""
    totals = [
        (sum(one.done for one in tables.counts), "results measured"),
        (sum(one.failed for one in tables.counts), "failed"),
        (sum(one.not_applicable for one in tables.counts), "not applicable"),
    ]
    if missing := sum(one.missing for one in tables.counts):
        totals.append((missing, "not run yet"))
    tracks = [
        (sum(item.track == track for item in bench.items), f"items to {track}") for track in TRACKS
    ]
    shown = "".join(
        f"<div class='tile'><b>{value}</b><span>{name}</span></div>"
        for value, name in [*((v, n) for v, n in tracks if v), *totals]
    )
    return f"<div class='tiles'>{shown}</div>"


def _contents(tables: Tables, costs: Sequence[Cost]) -> str:
    held = {table.slice.track for table in tables.tables}
    links: list[tuple[str, str]] = [
        (track, TRACK_TITLES[track][0]) for track in TRACKS if track in held
    ]
    links += [("measures", "Measures"), ("systems", "Systems"), ("selfcheck", "Proof")]
    links += [("not-done", "Failed")]
    links += [("cost", "Cost")] if costs else []
    links += [("facts", "What was run")]
    shown = "".join(f"<a href='#{anchor}'>{name}</a>" for anchor, name in links)
    files = "".join(
        f"<a href='{name}'>{name}</a>" for name in ("results.csv", "results.json", "results.md")
    )
    return f"<nav>{shown}<span class='soft'>·</span>{files}</nav>"


def _reading(reference: str) -> str:
    """Say how to read a table."""
    return (
        "Small print: 95 % intervals, bootstrapped over clips. Green: best of the systems that "
        "were measured on all items of the column. <span class='up' style='margin:0'>▲</span> "
        "<span class='down' style='margin:0'>▼</span>: clearly better or worse than "
        f"{escape(reference)} on the same items. Point at a figure for its items and test."
    )
