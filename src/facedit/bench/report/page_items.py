"""The items of the page: side by side, with the mouth curve below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedit.bench.record import Record
from facedit.bench.report.compare import TRUTH
from facedit.bench.report.example_items import ExampleItem
from facedit.bench.report.numbers import formatted as figure
from facedit.bench.report.videos import SideBySide, hidden_stretches
from facedit.report.curves import lip_picture
from facedit.report.drawing import escape
from facedit.report.run_report import LipCurve, SpanFacts
from facedit.report.strips import legend
from facedit.types import Float32


def shown_items(shown: Sequence[ExampleItem], videos: Sequence[SideBySide], reference: str) -> str:
    """Show items.

    Args:
        shown: Items of one track.
        videos: Their side-by-sides.
        reference: The system they were chosen by.

    Returns:
        HTML; empty without items.
    """
    if not shown:
        return ""
    measure = shown[0].measure
    note = (
        f"<p class='soft small'>Chosen by {escape(measure.title)} of {escape(reference)}. The "
        "strip above a picture is blue while it was made anew (above a source: what was cut). "
        "The curve is the lip opening over the same seconds as the video.</p>"
    )
    return note + "".join(
        _item(one, video, reference) for one, video in zip(shown, videos, strict=True)
    )


def curve_picture(records: Sequence[Record], reference: str) -> str:
    """Draw the lips of an item over time: the truth, the reference and one other system.

    Args:
        records: Records of the item.
        reference: The system whose times, sound and hidden span are shown.

    Returns:
        HTML with the picture and its legend; empty if the reference has no curve.
    """
    own = next((r for r in records if r.system == reference), None)
    if own is None or len(own.curves.times_s) < 2:
        return ""
    curves = own.curves
    times = np.asarray(curves.times_s, np.float32)
    rival = next((r for r in records if r.system not in (reference, TRUTH)), None)
    other = _on_times(times, rival) if rival is not None else None
    spans = hidden_stretches(curves)
    start_s, end_s = (spans[0][0], spans[-1][1]) if spans else (0.0, 0.0)
    lips = LipCurve(
        times,
        _padded(curves.truth, len(times)),
        _padded(curves.output, len(times)),
        np.nan_to_num(_padded(curves.energy, len(times))),
        other,
        "outer-eye distances",
    )
    empty = np.zeros(0, np.float32)
    picture = lip_picture(SpanFacts(start_s, end_s, "", "", sum(curves.hidden), empty, lips), lips)
    colours = [("var(--substitute)", reference)]
    if np.isfinite(lips.source).any():
        colours.append(("#7c8894", "truth (dashed)"))
    if other is not None and rival is not None:
        colours.append(("var(--delete)", rival.system))
    colours += [("#fff6dd", "made anew"), ("#dbe2ea", "loudness")]
    return picture + legend(colours, "Lip opening in outer-eye distances, as tracked")


def _item(one: ExampleItem, video: SideBySide, reference: str) -> str:
    item, measure = one.item, one.measure
    unit = f" {measure.unit}" if measure.unit else ""
    said = f"{measure.title} {figure(one.value, measure)}{unit}"
    about = f"{item.clip.corpus} · {item.kind} · {item.length} · {item.position} · {item.clip.file}"
    parts = [
        f"<div class='item'><h3><span class='badge {one.rank}'>{one.rank}</span>"
        f"{escape(item.id)} <span class='soft small'>{escape(said)}</span></h3>"
        f"<p class='soft small reason'>{escape(about)}</p>"
    ]
    if item.track == "edit":
        parts.append(f"<p dir='auto'>{_sentence(one)}</p>")
    if video.file:
        parts.append(
            f"<video controls preload='metadata' src='{escape(video.file)}' "
            f"poster='{video.poster}' title='{escape(item.id)}'></video>"
        )
    if video.note:
        parts.append(f"<p class='soft small reason'>{escape(video.note)}</p>")
    parts.append(curve_picture(one.records, reference))
    return "".join([*parts, "</div>"])


def _sentence(one: ExampleItem) -> str:
    """Write the sentence with what goes and what comes."""
    item = one.item
    words = [word.text for word in item.clip.words]
    before, after = words[: item.old_start], words[item.old_end :]
    marked = [
        f"<del>{escape(item.old_text)}</del>" if item.old_text else "",
        f"<ins>{escape(' '.join(item.new_words))}</ins>" if item.new_words else "",
    ]
    whole = [escape(" ".join(before)), *marked, escape(" ".join(after))]
    return " ".join(part for part in whole if part)


def _padded(values: Sequence[float | None], count: int) -> Float32:
    """Return values as many as there are times, NaN where one is not known."""
    row = np.array([np.nan if value is None else value for value in values[:count]], np.float32)
    return np.concatenate([row, np.full(count - len(row), np.nan, np.float32)])


def _on_times(times: Float32, record: Record) -> Float32 | None:
    """Return another system's curve where it has the same moments; None if it has none."""
    known = {round(t, 3): v for t, v in zip(record.curves.times_s, record.curves.output,
                                            strict=False)}  # fmt: skip
    row = _padded([known.get(round(float(t), 3)) for t in times], len(times))
    return row if np.isfinite(row).any() else None
