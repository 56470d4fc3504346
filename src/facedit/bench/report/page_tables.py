"""The tables of the page, and the legend of the measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facedit.bench.items import Track
from facedit.bench.report.compare import TRUTH, Contrast
from facedit.bench.report.main_measures import is_drawn, main_measures
from facedit.bench.report.measure_notes import note_on
from facedit.bench.report.numbers import (
    WAYS,
    counted,
    formatted,
    heading,
    interval,
    spelled,
    spelled_difference,
)
from facedit.bench.report.result_tables import Table, Tables
from facedit.evaluation.measure import Measure
from facedit.evaluation.stats import Estimate
from facedit.report.drawing import escape

TRACK_TITLES: dict[Track, tuple[str, str]] = {
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
_NO_BREAK = "\u2011"
"""A hyphen at which no line ends, for names like AVSync-D."""

CUTS = {"corpus": "By corpus", "kind": "By kind of edit", "length": "By length"}


def track_tables(
    track: Track, tables: Tables, measures: Sequence[Measure], colour: Mapping[str, str]
) -> str:
    """Write the tables of a track: the main measures, all of them, and the main ones by slice.

    Args:
        track: The track.
        tables: The tables.
        measures: The measures.
        colour: Colours by system.

    Returns:
        HTML; empty if the track has no items.
    """
    whole = tables.whole(track)
    if whole is None:
        return ""
    here = [measure for measure in measures if measure.name in whole.columns]
    main, drawn = main_measures(track, here), main_measures(track, here, drawn=True)
    contrasts = {(c.system, c.measure): c for c in tables.contrasts if c.track == track}
    parts = [_table(whole, main, tables, colour, contrasts, counted=True, complete=True)]
    if drawn:
        body = _table(whole, drawn, tables, colour, contrasts, counted=True, complete=not main)
        parts = ["<h3>Videos, as tracked again</h3>", *parts] if main else []
        parts.append(f"<h3>Motion before it was rendered</h3>{body}")
    groups: dict[str, list[Measure]] = {}
    for measure in here:
        groups.setdefault(measure.group, []).append(measure)
    for group, members in groups.items():
        body = _table(whole, members, tables, colour, contrasts)
        title = f"All measures: {group} ({len(members)})"
        parts.append(f"<details><summary>{escape(title)}</summary>{body}</details>")
    for by, title in CUTS.items():
        cuts = tables.of(track, by)
        bodies = "".join(
            f"<h3>{escape(cut.slice.value)} <span class='soft small'>"
            f"{counted(len(cut.slice.items), 'item')}</span></h3>"
            f"{_table(cut, main, tables, colour, {})}{_table(cut, drawn, tables, colour, {})}"
            for cut in cuts
        )
        if bodies:
            parts.append(f"<details><summary>{title} ({len(cuts)})</summary>{bodies}</details>")
    return "".join(parts)


def measure_legend(measures: Sequence[Measure]) -> str:
    """Say of each measure what it is, its unit, its range and which way is better.

    Args:
        measures: The measures that the tables have.

    Returns:
        HTML.
    """
    videos = [measure for measure in measures if not is_drawn(measure)]
    rows = "".join(
        f"<tr><td>{escape(m.title)}<br><span class='soft small'>{escape(m.name)}</span></td>"
        f"<td>{escape(m.group)}</td><td>{escape(m.unit) or '–'}</td>"
        f"<td class='way'>{escape(' '.join(WAYS[m.better]).strip())}</td>"
        f"<td>{escape(note_on(m))}</td></tr>"
        for m in videos or measures
    )
    more = (
        "<p class='soft small'>Measures “as drawn” are the same of the motion before it was "
        "rendered and tracked again.</p>"
    )
    note = more if len(videos) < len(measures) else ""
    return (
        f"{note}<div class='scroll'><table class='small'><tr><th>measure</th><th>group</th>"
        f"<th>unit</th><th>which way</th><th>what it is</th></tr>{rows}</table></div>"
    )


def system_name(system: str, colour: Mapping[str, str]) -> str:
    """Write a system's name behind its colour."""
    swatch = f"<i class='swatch' style='background:{colour[system]}'></i>"
    return f"{swatch}{escape(system)}"


def _table(
    table: Table,
    columns: Sequence[Measure],
    tables: Tables,
    colour: Mapping[str, str],
    contrasts: Mapping[tuple[str, str], Contrast],
    *,
    counted: bool = False,
    complete: bool = False,
) -> str:
    columns = [measure for measure in columns if measure.name in table.columns]
    if not columns and not complete:
        return ""
    head = "".join(
        f"<th class='n' title='{escape(note_on(m))}'>{escape(heading(m)).replace('-', _NO_BREAK)}"
        f"<span class='unit'>{escape(m.unit)}</span></th>"
        for m in columns
    )
    counts = {c.system: c for c in tables.counts if c.track == table.slice.track}
    if counted:
        names = ("done", "failed", "not applicable", "missing")
        head += "".join(f"<th class='n'>{name}</th>" for name in names)
    rows = []
    for system, row in table.rows.items():
        # Systems that make no videos stand in the table of motion; those without any figure are
        # shown once, with their counts.
        if not any(m.name in row for m in columns) and (row or not complete):
            continue
        cells = "".join(
            _cell(row.get(m.name), m, system in table.best[m.name], contrasts.get((system, m.name)))
            for m in columns
        )
        if counted:
            one = counts[system]
            figures = (one.done, one.failed, one.not_applicable, one.missing)
            cells += "".join(f"<td class='n'>{figure or ''}</td>" for figure in figures)
        kind = "truth" if system == TRUTH else "reference" if system == tables.reference else ""
        rows.append(f"<tr class='{kind}'><td>{system_name(system, colour)}</td>{cells}</tr>")
    return (
        "<div class='scroll'><table class='figures'>"
        f"<tr><th>system</th>{head}</tr>{''.join(rows)}</table></div>"
    )


def _cell(cell: Estimate | None, measure: Measure, best: bool, contrast: Contrast | None) -> str:
    if cell is None:
        return "<td class='n'></td>"
    note, mark = spelled(cell, measure), ""
    if contrast is not None:
        against = spelled_difference(contrast.difference, contrast.p_holm, measure)
        note += f"&#10;to the reference: {escape(against)}"
        if contrast.verdict == "better":
            mark = "<span class='up'>▲</span>"
        elif contrast.verdict == "worse":
            mark = "<span class='down'>▼</span>"
    value = formatted(cell.value, measure)
    value = f"<b>{value}</b>" if best else value
    spread = interval(cell.low, cell.high, measure)
    kind = "n best" if best else "n"
    return f"<td class='{kind}' title='{note}'>{mark} {value}<small>{spread}</small></td>"
