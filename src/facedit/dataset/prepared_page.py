"""``prepared.html``: what ``facedit prepare`` kept, and why it did not keep the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from facedit.dataset.clip_rows import Row, count_reasons, kind_of
from facedit.dataset.prepared import KEPT
from facedit.report.charts import histogram
from facedit.report.page_kit import page
from facedit.units import MOTION_FPS

PAGE = "prepared.html"

_MEASURED = (
    ("Tracker's mean confidence", "", "confidence"),
    ("Offset of the sound as shot", "frames", "offset"),
    ("Confidence of lips and sound", "", "sync"),
)


def prepared_html(rows: Sequence[Row], speed: Mapping[str, float], seconds: float) -> str:
    """Write the page of a whole table as one HTML document.

    ``speed`` holds the clips and frames a second and times real time of the run, nothing if it had
    nothing to do; ``seconds`` is its wall time.
    """
    kept = [row for row in rows if row["status"] == KEPT]
    minutes: dict[tuple[str, str], float] = defaultdict(float)
    for row in kept:
        minutes[row["speaker"], row["corpus"]] += _seconds(row) / 60
    most = sorted(minutes.items(), key=lambda entry: (-entry[1], entry[0][::-1]))
    return page(
        PAGE,
        title="Prepared clips",
        tiles=_tiles(rows, kept, len(minutes), speed, seconds),
        reasons=[_reason(rows, kind, count) for kind, count in count_reasons(rows).items()],
        corpora=[_corpus(rows, name) for name in sorted({row["corpus"] for row in rows})],
        speakers=[(*who, value) for who, value in most],
        histograms=_histograms(kept),
    )


def _histograms(kept: Sequence[Row]) -> list[tuple[str, str, Markup]]:
    """Draw how the measurements are spread of which there are any."""
    measured = {("Length", "s"): [_seconds(row) for row in kept]}
    for title, unit, name in _MEASURED:
        measured[title, unit] = [float(row[name]) for row in kept if row.get(name)]
    return [_spread(*what, values) for what, values in measured.items() if values]


def _tiles(
    rows: Sequence[Row],
    kept: Sequence[Row],
    speakers: int,
    speed: Mapping[str, float],
    seconds: float,
) -> list[tuple[str, str]]:
    tiles = [
        (f"{len(kept)} of {len(rows)}", "clips kept"),
        (str(len(rows) - len(kept)), "not used"),
        (f"{sum(map(_seconds, kept)) / 60:.1f} min", "of motion and speech"),
        (str(speakers), "speakers"),
    ]
    if speed:
        tiles += [
            (f"{speed['clips_per_s']:.2f} /s", f"clips in this run ({seconds:.0f} s)"),
            (f"{speed['frames_per_s']:.0f} /s", "motion frames (25 are a second of video)"),
            (f"{speed['times_real_time']:.1f} x", "real time"),
        ]
    return tiles


def _reason(rows: Sequence[Row], kind: str, count: int) -> tuple[str, str, int, str]:
    """Say why clips are not used, with one of them as an example."""
    one = next(row for row in rows if row["status"] != KEPT and kind_of(row) == kind)
    return kind, one["status"], count, f"{one['file']}: {one['reason']}"


def _corpus(rows: Sequence[Row], corpus: str) -> tuple[str, int, int, int, str, str]:
    own = [row for row in rows if row["corpus"] == corpus]
    kept = [row for row in own if row["status"] == KEPT]
    by_split = {
        split: sum(_seconds(row) for row in kept if row["split"] == split) / 60
        for split in sorted({row["split"] for row in kept})
    }
    return (
        corpus or "–",
        len(kept),
        len(own) - len(kept),
        len({row["speaker"] for row in kept}),
        f"{sum(by_split.values()):.1f}",
        ", ".join(f"{name} {minutes:.1f}" for name, minutes in by_split.items()),
    )


def _spread(title: str, unit: str, values: Sequence[float]) -> tuple[str, str, Markup]:
    """Draw how a measurement is spread."""
    middle = f"{float(np.median(values)):.3g} {unit}".strip()
    return title, f"{len(values)} clips; median {middle}", histogram(title, unit, values)


def _seconds(row: Row) -> float:
    return int(row["frames"]) / MOTION_FPS
