"""The plots of the page: error by length, kind and distance to the seam; paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite, nan

import numpy as np
from markupsafe import Markup

from facedit.bench.items import Bench, Track
from facedit.bench.record import Record
from facedit.bench.report.compare import TRUTH
from facedit.bench.report.numbers import WAYS, spelled, spelled_difference, titled
from facedit.bench.report.result_tables import Tables, clip_key
from facedit.bench.report.videos import hidden_stretches
from facedit.evaluation.measure import Measure, Sums, mean_of
from facedit.evaluation.stats import Estimate, estimate
from facedit.report.charts import Line, Point, difference_chart, line_chart, lip_chart
from facedit.report.run_report import LipCurve
from facedit.types import Float32

FEWEST_ITEMS = 5
"""Fewest items of a distance to the seam for a point; beyond, only the longest spans are left."""

VERDICT_COLOURS = {"better": "#15743a", "worse": "#c0492f", "": "#7c8894"}
"""Colours of systems that are clearly better or worse than the reference, or neither."""

_REFERENCE, _TRUTH, _REST = "#2f6fdb", "#1c2733", "#9aa7b4"
_OTHERS = (
    "#d1662b", "#16876a", "#9a4fb8", "#b8860b", "#c23b5e", "#2a97b5", "#6b7f1f", "#8a5a3c",
    "#e38bb4", "#4b5aa8", "#7cb342", "#5f6b76",
)  # fmt: skip
"""Neighbours differ in hue and in lightness; order is not rank."""

MOST_LINES = 2 + len(_OTHERS)
"""Most systems in a picture of lines: the truth, the reference and as many others as colours."""

_DISTANCE = Measure(
    "profile", "Lip opening error", "eye distances", "lower", "", mean_of, 0.0, 1.0, 3, "motion"
)
_NEAR_NOTE = (
    f"A motion frame is 0.04 s; points of fewer than {FEWEST_ITEMS} items are left out. Systems "
    "without videos are measured as drawn, the others as tracked in their videos."
)


def colours(systems: Sequence[str], reference: str) -> Mapping[str, str]:
    """Give each system a colour, the same in every picture; grey when all are given away."""
    fixed = {TRUTH: _TRUTH, reference: _REFERENCE}
    others = [system for system in systems if system not in fixed]
    free = dict(zip(others, _OTHERS, strict=False))
    return {system: fixed.get(system) or free.get(system, _REST) for system in systems}


def drawn_systems(track: Track, main: Sequence[Measure], tables: Tables) -> list[str]:
    """Choose the systems that plots of lines show, in the tables' order."""
    whole = tables.whole(track)
    names = {measure.name for measure in main}
    held = [s for s, row in (whole.rows if whole else {}).items() if names & row.keys()]
    return held[:MOST_LINES]


def line_charts(
    track: Track,
    bench: Bench,
    records: Sequence[Record],
    main: Sequence[Measure],
    tables: Tables,
    systems: Sequence[str],
) -> list[tuple[str, str, list[Markup]]]:
    """Draw a track by length, by kind and by distance to the seam: title, note and pictures."""
    near = _by_distance(track, bench, records, tables, systems)
    found = [
        ("By length", "", [_by_slice(m, track, "length", tables, systems) for m in main]),
        ("By kind of edit", "", [_by_slice(m, track, "kind", tables, systems) for m in main]),
        ("By distance to the nearest seam", _NEAR_NOTE, [near]),
    ]
    shown = [(title, note, [one for one in charts if one]) for title, note, charts in found]
    return [entry for entry in shown if entry[2]]


def difference_charts(track: Track, main: Sequence[Measure], tables: Tables) -> list[Markup]:
    """Draw the differences of all systems to the reference, a picture a measure."""
    found = []
    for measure in main:
        rows = []
        for one in tables.contrasts:
            if (one.track, one.measure) == (track, measure.name) and one.system != TRUTH:
                by, note = one.difference, spelled_difference(one.difference, one.p_holm, measure)
                point = Point(0, by.value, by.low, by.high, note)
                rows.append(Line(one.system, VERDICT_COLOURS[one.verdict], (point,)))
        below = f"difference to {tables.reference}"
        found.append(difference_chart(titled(measure), WAYS[measure.better][1], rows, below))
    return [chart for chart in found if chart]


def lip_curve(
    records: Sequence[Record], reference: str
) -> tuple[Markup, list[tuple[str, str]]] | None:
    """Draw the lips of an item over time, with a legend; None if the reference has no curve.

    Shown are the truth, the reference and one other system.
    """
    curves = next((r.curves for r in records if r.system == reference), None)
    if curves is None or len(curves.times_s) < 2:
        return None
    times = np.asarray(curves.times_s, np.float32)
    rival = next((r for r in records if r.system not in (reference, TRUTH)), None)
    other = _on_times(times, rival) if rival else None
    spans = hidden_stretches(curves)
    truth, output, energy = (
        _padded(one, len(times)) for one in (curves.truth, curves.output, curves.energy)
    )
    lips = LipCurve(times, truth, output, np.nan_to_num(energy), other)
    legend = [("var(--substitute)", reference)]
    if np.isfinite(lips.source).any():
        legend.append(("#7c8894", "truth (dashed)"))
    if rival and other is not None:
        legend.append(("var(--delete)", rival.system))
    legend += [("#fff6dd", "made anew"), ("#dbe2ea", "loudness")]
    return lip_chart(lips, (spans[0][0], spans[-1][1]) if spans else (0.0, 0.0)), legend


def _by_slice(
    measure: Measure, track: Track, by: str, tables: Tables, systems: Sequence[str]
) -> Markup:
    """Draw a measure over the slices of a track."""
    cuts = tables.of(track, by)
    lines = []
    for system in systems:
        cells = [(place, cut.rows[system].get(measure.name)) for place, cut in enumerate(cuts)]
        points = [_point(place, cell, measure) for place, cell in cells if cell]
        lines += [_line(system, tables, points)] if points else []
    return line_chart(
        titled(measure), [f"{cut.slice.value} ({len(cut.slice.items)})" for cut in cuts], lines,
        below=f"{by} (items)", linked=by == "length", bounds=(measure.low, measure.high),
    )  # fmt: skip


def _by_distance(
    track: Track, bench: Bench, records: Sequence[Record], tables: Tables, systems: Sequence[str]
) -> Markup:
    """Draw the error over the distance to the nearest seam."""
    clip_of = {item.id: clip_key(item) for item in bench.items if item.track == track}
    there = [r for r in records if r.item in clip_of and r.status == "done"]
    lines = []
    for system in [s for s in systems if s != TRUTH]:
        places = _profiles([r for r in there if r.system == system])
        points = [
            _point(place, estimate(_DISTANCE, items, clip_of, draws=500), _DISTANCE)
            for place, items in sorted(places.items())
        ]
        lines += [_line(system, tables, points, bars=False)] if points else []
    count = max((line.points[-1].place for line in lines), default=-1) + 1
    every = 1 if count <= 16 else 2 if count <= 32 else 5
    names = ["" if k % every and k > 1 else str(k) for k in range(1, count + 1)]
    title, below = "Lip opening error ↓ (outer-eye distances)", "motion frames to the nearest seam"
    return line_chart(title, names, lines, below=below, bounds=(0.0, inf))


def _profiles(records: Sequence[Record]) -> dict[int, dict[str, Sums]]:
    """Collect a system's errors by distance to the nearest seam, of enough items, and by item."""
    found: dict[int, dict[str, Sums]] = {}
    for record in records:
        for place, (error, frames) in enumerate(record.profile):
            if frames > 0:
                found.setdefault(place, {})[record.item] = (error, frames)
    return {place: items for place, items in found.items() if len(items) >= FEWEST_ITEMS}


def _line(system: str, tables: Tables, points: Sequence[Point], *, bars: bool = True) -> Line:
    colour = colours(tables.systems, tables.reference)[system]
    is_reference = system == tables.reference
    return Line(system, colour, tuple(points), is_reference, system == TRUTH, bars)


def _point(place: int, cell: Estimate, measure: Measure) -> Point:
    low, high = (value if isfinite(value) else nan for value in (cell.low, cell.high))
    return Point(place, cell.value, low, high, spelled(cell, measure))


def _padded(values: Sequence[float | None], count: int) -> Float32:
    """Return values as many as there are times, NaN where one is not known."""
    row = np.array([np.nan if value is None else value for value in values[:count]], np.float32)
    return np.concatenate([row, np.full(count - len(row), np.nan, np.float32)])


def _on_times(times: Float32, record: Record) -> Float32 | None:
    """Return another system's curve where it has the same moments; None if it has none."""
    pairs = zip(record.curves.times_s, record.curves.output, strict=False)
    known = {round(time_s, 3): value for time_s, value in pairs}
    row = _padded([known.get(round(float(t), 3)) for t in times], len(times))
    return row if np.isfinite(row).any() else None
