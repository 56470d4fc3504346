"""``prepared.html``: what ``facedit prepare`` kept, and why it did not keep the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from facedit.dataset.clip_rows import Row, count_reasons, kind_of
from facedit.dataset.prepared import KEPT
from facedit.report.document import document
from facedit.report.drawing import escape, label, line, rect
from facedit.units import MOTION_FPS

PAGE = "prepared.html"

_SPEAKERS_SHOWN = 20
_BINS = 40
_BAR = "<div style='width:360px'><div class='bar' style='width:{:.1f}%'></div></div>"
_WIDTH, _HEIGHT, _FOOT = 1120.0, 170.0, 22.0


def prepared_html(rows: Sequence[Row], speed: Mapping[str, float], seconds: float) -> str:
    """Write the page of a whole table as one HTML document.

    ``speed`` holds the clips and frames a second and times real time of the run, nothing if it had
    nothing to do; ``seconds`` is its wall time.
    """
    kept = [row for row in rows if row["status"] == KEPT]
    body = [
        "<h1>Prepared clips</h1>",
        _tiles(rows, kept, speed, seconds),
        _reasons(rows),
        _corpora(rows),
        _speakers(kept),
        _histogram("Length", "s", [_seconds(row) for row in kept]),
        _histogram("Tracker's mean confidence", "", _numbers(kept, "confidence")),
        _histogram("Offset of the sound as shot", "frames", _numbers(kept, "offset")),
        _histogram("Confidence of lips and sound", "", _numbers(kept, "sync")),
    ]
    return document("Prepared clips", "".join(body))


def _tiles(
    rows: Sequence[Row], kept: Sequence[Row], speed: Mapping[str, float], seconds: float
) -> str:
    minutes = sum(_seconds(row) for row in kept) / 60
    tiles = [
        (f"{len(kept)} of {len(rows)}", "clips kept"),
        (str(len(rows) - len(kept)), "not used"),
        (f"{minutes:.1f} min", "of motion and speech"),
        (str(len({(row["corpus"], row["speaker"]) for row in kept})), "speakers"),
    ]
    if speed:
        tiles += [
            (f"{speed['clips_per_s']:.2f} /s", f"clips in this run ({seconds:.0f} s)"),
            (f"{speed['frames_per_s']:.0f} /s", "motion frames (25 are a second of video)"),
            (f"{speed['times_real_time']:.1f} x", "real time"),
        ]
    drawn = (f"<div class='tile'><b>{escape(a)}</b><span>{b}</span></div>" for a, b in tiles)
    return f"<div class='tiles'>{''.join(drawn)}</div>"


def _reasons(rows: Sequence[Row]) -> str:
    """Say why clips are not used, with one of each as an example."""
    counts = count_reasons(rows)
    if not counts:
        return "<section><h2>Not used</h2><p class='soft'>Every clip was kept.</p></section>"
    lines = []
    for kind, count in counts.items():
        one = next(row for row in rows if row["status"] != KEPT and kind_of(row) == kind)
        example = f"{one['file']}: {one['reason']}"
        lines.append([escape(kind), one["status"], str(count), escape(example)])
    table = _table(("reason", "status", "clips", "for example"), lines, numbers=(2,))
    return (
        "<section><h2>Not used</h2><p class='soft small'>Dropped clips are not fit for training; "
        "failed ones met an error that is not theirs and are tried again by the next run.</p>"
        f"{table}</section>"
    )


def _corpora(rows: Sequence[Row]) -> str:
    lines = []
    for corpus in sorted({row["corpus"] for row in rows}):
        own = [row for row in rows if row["corpus"] == corpus]
        kept = [row for row in own if row["status"] == KEPT]
        by_split = {
            split: sum(_seconds(row) for row in kept if row["split"] == split) / 60
            for split in sorted({row["split"] for row in kept})
        }
        split = ", ".join(f"{escape(name)} {minutes:.1f}" for name, minutes in by_split.items())
        lines.append(
            [
                escape(corpus or "–"), str(len(kept)), str(len(own) - len(kept)),
                str(len({row["speaker"] for row in kept})), f"{sum(by_split.values()):.1f}", split,
            ]
        )  # fmt: skip
    names = ("corpus", "kept", "not used", "speakers", "minutes", "minutes by split")
    return f"<section><h2>Corpora</h2>{_table(names, lines, numbers=(1, 2, 3, 4))}</section>"


def _speakers(kept: Sequence[Row]) -> str:
    """Show who is heard most."""
    minutes: dict[tuple[str, str], float] = {}
    for row in kept:
        who = (row["corpus"], row["speaker"])
        minutes[who] = minutes.get(who, 0.0) + _seconds(row) / 60
    most = sorted(minutes.items(), key=lambda entry: (-entry[1], entry[0]))
    if not most:
        return ""
    lines = [
        [
            escape(speaker), escape(corpus), f"{value:.2f}",
            _BAR.format(100 * value / most[0][1]),
        ]
        for (corpus, speaker), value in most[:_SPEAKERS_SHOWN]
    ]  # fmt: skip
    rest = len(most) - _SPEAKERS_SHOWN
    more = f"<p class='soft small'>and {rest} more</p>" if rest > 0 else ""
    table = _table(("speaker", "corpus", "minutes", ""), lines, numbers=(2,))
    return f"<section><h2>Speakers</h2>{table}{more}</section>"


def _histogram(title: str, unit: str, values: Sequence[float]) -> str:
    """Draw how a measurement is spread; nothing where no clip has it."""
    if not values:
        return ""
    low, high = min(values), max(values)
    counts, edges = np.histogram(values, _BINS, (low, high if high > low else low + 1))
    step = _WIDTH / _BINS
    shapes = []
    for place, count in enumerate(counts.tolist()):
        tall = (_HEIGHT - _FOOT) * count / max(counts.max(), 1)
        shapes.append(
            rect(place * step, _HEIGHT - _FOOT - tall, step - 1, tall, "class='fill substitute'")
        )
    foot = _HEIGHT - _FOOT
    shapes.append(line(0, foot, _WIDTH, foot, "class='axis'"))
    shapes.append(label(0, _HEIGHT - 5, f"{edges[0]:.3g}", "class='tick'"))
    shapes.append(
        label(_WIDTH, _HEIGHT - 5, f"{edges[-1]:.3g} {unit}", "class='tick' text-anchor='end'")
    )
    middle = float(np.median(values))
    return (
        f"<section><h2>{escape(title)}</h2><p class='soft small'>{len(values)} clips; median "
        f"{f'{middle:.3g} {unit}'.strip()}; highest bar {int(counts.max())} clips</p>"
        f"<svg viewBox='0 0 {_WIDTH:g} {_HEIGHT:g}' role='img' aria-label='{escape(title)}'>"
        f"{''.join(shapes)}</svg></section>"
    )


def _table(names: Sequence[str], lines: Sequence[Sequence[str]], numbers: Sequence[int]) -> str:
    """Write a table of cells that are escaped already."""

    def cells(tag: str, texts: Sequence[str]) -> str:
        kinds = (" class='n'" if column in numbers else "" for column in range(len(texts)))
        return "".join(
            f"<{tag}{kind}>{text}</{tag}>" for kind, text in zip(kinds, texts, strict=True)
        )

    body = "".join(f"<tr>{cells('td', texts)}</tr>" for texts in lines)
    return f"<div class='scroll'><table><tr>{cells('th', names)}</tr>{body}</table></div>"


def _seconds(row: Row) -> float:
    return int(row["frames"]) / MOTION_FPS


def _numbers(rows: Sequence[Row], name: str) -> list[float]:
    """Return a measurement of the rows that have it."""
    return [float(row[name]) for row in rows if row.get(name)]
