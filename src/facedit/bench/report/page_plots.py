"""The plots of the page: error by length, kind and distance to the seam; paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite, nan

from facedit.bench.items import Bench, Track
from facedit.bench.record import Record
from facedit.bench.report.compare import TRUTH
from facedit.bench.report.forest import VERDICT_COLOURS, forest
from facedit.bench.report.line_chart import Line, Point, line_chart
from facedit.bench.report.main_measures import main_measures
from facedit.bench.report.numbers import heading, spelled
from facedit.bench.report.palette import MOST_LINES
from facedit.bench.report.result_tables import Tables
from facedit.bench.report.slices import clip_key
from facedit.evaluation.measure import Measure, mean_of
from facedit.evaluation.stats import Estimate, estimate
from facedit.report.strips import legend

MOST_PLOTS = 4
FEWEST_ITEMS = 5
"""Fewest items of a distance to the seam for a point; beyond, only the longest spans are left."""

_DISTANCE = Measure(
    "profile", "Lip opening error", "eye distances", "lower", "", mean_of, 0.0, 1.0, 3, "motion"
)


def track_plots(
    track: Track,
    bench: Bench,
    records: Sequence[Record],
    measures: Sequence[Measure],
    tables: Tables,
    colour: Mapping[str, str],
) -> str:
    """Draw a track.

    Args:
        track: The track.
        bench: The benchmark.
        records: The records.
        measures: The measures.
        tables: The tables made of them.
        colour: Colours by system.

    Returns:
        HTML; empty if there is nothing to draw.
    """
    whole = tables.whole(track)
    if whole is None:
        return ""
    here = [measure for measure in measures if measure.name in whole.columns]
    main = main_measures(track, here)[:MOST_PLOTS]
    main += main_measures(track, here, drawn=True)[:MOST_PLOTS]
    systems = drawn_systems(track, main, tables)
    parts = []
    for by, title in (("length", "By length"), ("kind", "By kind of edit")):
        drawn = "".join(_by_slice(measure, track, by, tables, systems, colour) for measure in main)
        if drawn:
            parts.append(f"<h3>{title}</h3><div class='charts'>{drawn}</div>")
    near = _by_distance(track, bench, records, tables, systems, colour)
    if near:
        parts.append(
            "<h3>By distance to the nearest seam</h3><p class='soft small'>A motion frame is "
            f"0.04 s; points of fewer than {FEWEST_ITEMS} items are left out. Systems without "
            "videos are measured as drawn, the others as tracked in their videos.</p>"
            f"<div class='charts'>{near}</div>"
        )
    if parts:
        measured = sum(bool(row) for row in whole.rows.values())
        note = "Further systems are in the tables." if measured > len(systems) else ""
        parts.insert(0, legend([(colour[system], system) for system in systems], note))
    forests = _forests(track, main, tables)
    if forests:
        colours = [
            (VERDICT_COLOURS["better"], "clearly better"),
            (VERDICT_COLOURS["worse"], "clearly worse"),
            (VERDICT_COLOURS[""], "not clear at 5 %, or no way is better"),
        ]
        parts.append(
            f"<h3>Differences to the reference</h3><p class='soft small'>On the same items; 95 % "
            "intervals; clear means p < 0.05 after Holm over the systems of a plot.</p>"
            f"{legend(colours)}<div class='charts'>{forests}</div>"
        )
    return "".join(parts)


def drawn_systems(track: Track, main: Sequence[Measure], tables: Tables) -> list[str]:
    """Choose the systems that plots of lines show, in the tables' order."""
    whole = tables.whole(track)
    names = {measure.name for measure in main}
    held = [s for s, row in (whole.rows if whole else {}).items() if names & row.keys()]
    return held[:MOST_LINES]


def _by_slice(
    measure: Measure,
    track: Track,
    by: str,
    tables: Tables,
    systems: Sequence[str],
    colour: Mapping[str, str],
) -> str:
    """Draw a measure over the slices of a track."""
    cuts = tables.of(track, by)
    if not cuts:
        return ""
    lines = [
        _line(
            system,
            tables.reference,
            colour,
            [
                _point(place, cut.rows[system][measure.name], measure)
                for place, cut in enumerate(cuts)
                if measure.name in cut.rows[system]
            ],
        )
        for system in systems
    ]
    places = [f"{cut.slice.value} ({len(cut.slice.items)})" for cut in cuts]
    return line_chart(
        heading(measure) + (f" ({measure.unit})" if measure.unit else ""),
        places,
        [one for one in lines if one.points],
        below=f"{by} (items)",
        linked=by == "length",
        bounds=(measure.low, measure.high),
    )


def _by_distance(
    track: Track,
    bench: Bench,
    records: Sequence[Record],
    tables: Tables,
    systems: Sequence[str],
    colour: Mapping[str, str],
) -> str:
    """Draw the error over the distance to the nearest seam."""
    clip_of = {item.id: clip_key(item) for item in bench.items if item.track == track}
    lines: list[Line] = []
    for system in systems:
        profiles = {
            r.item: r.profile
            for r in records
            if r.system == system and r.item in clip_of and r.status == "done" and r.profile
        }
        points = []
        for place in range(max((len(p) for p in profiles.values()), default=0)):
            sums = {
                item: profile[place]
                for item, profile in profiles.items()
                if len(profile) > place and profile[place][1] > 0
            }
            if len(sums) >= FEWEST_ITEMS:
                made = estimate(_DISTANCE, sums, clip_of, draws=500, seed=0)
                points.append(_point(place, made, _DISTANCE))
        bars = False
        if points and system != TRUTH:
            lines.append(_line(system, tables.reference, colour, points, bars=bars))
    count = max((point.place for one in lines for point in one.points), default=-1) + 1
    every = 1 if count <= 16 else 2 if count <= 32 else 5
    places = [str(k + 1) if (k + 1) % every == 0 or k == 0 else "" for k in range(count)]
    title = "Lip opening error ↓ (outer-eye distances)"
    return line_chart(
        title, places, lines, below="motion frames to the nearest seam", bounds=(0.0, inf)
    )


def _forests(track: Track, main: Sequence[Measure], tables: Tables) -> str:
    return "".join(
        forest(
            measure,
            [
                c
                for c in tables.contrasts
                if (c.track, c.measure) == (track, measure.name) and c.system != TRUTH
            ],
            tables.reference,
        )
        for measure in main
    )


def _line(
    system: str,
    reference: str,
    colour: Mapping[str, str],
    points: Sequence[Point],
    *,
    bars: bool = True,
) -> Line:
    return Line(
        system,
        colour[system],
        tuple(points),
        strong=system == reference,
        dashed=system == TRUTH,
        bars=bars,
    )


def _point(place: int, cell: Estimate, measure: Measure) -> Point:
    low, high = (value if isfinite(value) else nan for value in (cell.low, cell.high))
    return Point(place, cell.value, low, high, spelled(cell, measure))
