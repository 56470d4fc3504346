"""Playable side-by-sides of the items that the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facedit.bench.record import Curves, Record
from facedit.bench.report.compare import TRUTH
from facedit.bench.report.example_items import ExampleItem
from facedit.errors import FaceditError
from facedit.media.read import read_frames
from facedit.media.side_by_side import Column, videos_beside
from facedit.media.write_options import WriteOptions
from facedit.report.page_kit import data_uri
from facedit.report.run_report import Picture
from facedit.units import frame_time

FOLDER = "media"
HEIGHT = 288
QUANTISER = 24


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A video of the page, relative to it, and a frame as a data URI; or why there is none."""

    file: str
    note: str
    poster: str = ""


def side_by_sides(
    folder: Path, shown: Sequence[ExampleItem], reference: str, clips: Path | None
) -> list[SideBySide]:
    """Make the videos of the items that are shown; one that cannot be read costs no report.

    ``clips``: folder of the clips, for the source of edits; None if it is not at hand.
    """
    return [_made(folder, one, reference, clips) for one in shown]


def hidden_stretches(curves: Curves) -> tuple[tuple[float, float], ...]:
    """Return the stretches of the output in which the motion was made anew, in seconds."""
    found: list[tuple[float, float]] = []
    period_s = frame_time(1)
    for time_s, hidden in zip(curves.times_s, curves.hidden, strict=False):
        if not hidden:
            continue
        if found and time_s - found[-1][1] < period_s * 0.5:
            found[-1] = (found[-1][0], time_s + period_s)
        else:
            found.append((time_s, time_s + period_s))
    return tuple(found)


def _made(folder: Path, shown: ExampleItem, reference: str, clips: Path | None) -> SideBySide:
    own = next((record for record in shown.records if record.system == reference), None)
    if own is None or not _held(folder, own):
        return SideBySide("", f"The video of {reference} is not in the results' folder.")
    spans = hidden_stretches(own.curves)
    left = _left(folder, shown, clips, spans)
    notes = [] if left else ["The clip itself is not at hand: only systems are shown."]
    columns = [left] if left else []
    for record in (own, *(r for r in shown.records if r.system not in (TRUTH, reference))):
        if _held(folder, record):
            # A fill may be longer or shorter in another system: each strip shows its own.
            marked = hidden_stretches(record.curves)
            columns.append(Column(folder / record.video, record.system, marked))
        else:
            notes.append(f"The video of {record.system} is missing.")
    # The same seconds as the curve below it, which lies around what was made anew.
    times = own.curves.times_s
    start_s = max(times[0], 0.0) if times else 0.0
    end_s = times[-1] + frame_time(1) if times else None
    output = folder / FOLDER / f"{shown.item.id}.mp4"
    try:
        output.parent.mkdir(exist_ok=True)
        videos_beside(
            columns, output, clock=int(left is not None), height=HEIGHT,
            shown_s=(start_s, end_s), options=WriteOptions(force=True, quantiser=QUANTISER),
        )  # fmt: skip
    except (FaceditError, OSError, ValueError, StopIteration) as error:
        return SideBySide("", f"No side-by-side: {error or type(error).__name__}")
    middle_s = (spans[0][0] + spans[-1][1]) / 2 - start_s if spans else 0.0
    return SideBySide(f"{FOLDER}/{output.name}", " ".join(notes), _poster(output, middle_s))


def _poster(video: Path, time_s: float) -> str:
    """Return the frame at a moment, or the first one, as a data URI."""
    frame = next(read_frames(video, max(time_s, 0.0)), None) or next(read_frames(video))
    return data_uri(Picture(frame.rgb(), frame.time_s, "fill"))


def _held(folder: Path, record: Record) -> bool:
    """Tell whether a record's video is there; a relative name must not lead out of the folder."""
    name = Path(record.video)
    return bool(record.video) and ".." not in name.parts and (folder / name).is_file()


def _left(
    folder: Path, shown: ExampleItem, clips: Path | None, spans: tuple[tuple[float, float], ...]
) -> Column | None:
    """Return the truth, or the source in its own time."""
    item, label, marked = shown.item, "truth", spans
    if item.track == "edit":
        label, marked = "source, own time", (item.joint_s,)
    truth = (folder / r.video for r in shown.records if r.system == TRUTH and _held(folder, r))
    file = next(truth, None) or (clips / item.clip.file if clips else None)
    return Column(file, label, marked) if file is not None and file.is_file() else None
