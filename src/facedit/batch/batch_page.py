"""The page over a batch: what failed and why, and what deserves a look first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from facedit.batch.jobs import Job
from facedit.batch.records import Record, read_record
from facedit.errors import FaceditError
from facedit.media.output import whole_or_nothing
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.options import MOTION_SUFFIXES
from facedit.report.page_kit import page
from facedit.report.run_report import Picture

PAGE = "batch.html"
_STRIPS = 24
_FRAMES = 6
_LONGEST_TABLE = 500


def write_page(jobs: Sequence[Job], folder: Path) -> Path:
    """Write the page over all items of a list, those of other shards too; return its file.

    OutputNotWritable if it cannot be written.
    """
    found = [(job, _record(folder, job)) for job in jobs]
    done = [(job, record) for job, record in found if record and record.status == "done"]
    failed = [record for _, record in found if record and record.status == "failed"]
    kinds = Counter(record.error for record in failed)
    examples = {record.error: f"{record.id}: {record.message}" for record in reversed(failed)}
    done.sort(key=lambda one: (one[1].worst is None, -(one[1].worst or 0.0), -len(one[1].warnings)))
    rough = sum(record.rough > 0 for _, record in done)
    text = page(
        "batch.html",
        title="Batch",
        tiles=[
            (f"{len(done)} of {len(jobs)}", "items done"),
            (str(len(failed)), "failed"),
            (str(rough), "with a seam to look at"),
            (f"{sum(record.seconds for _, record in done) / 60:.1f} min", "worked on them"),
        ],
        kinds=[(kind, count, examples[kind]) for kind, count in kinds.most_common()],
        failed=[(one.id, one.error, one.message) for one in failed[:_LONGEST_TABLE]],
        more=max(len(failed) - _LONGEST_TABLE, 0),
        strips=[_item(job, record, folder, strip=True) for job, record in done[:_STRIPS]],
        others=[_item(job, record, folder) for job, record in done[_STRIPS:]],
    )
    with whole_or_nothing(folder / PAGE, force=True) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return folder / PAGE


def _record(folder: Path, job: Job) -> Record | None:
    """Read what became of an item; a file that is no result tells nothing."""
    try:
        return read_record(folder, job.id)
    except FaceditError:
        return None


def _item(job: Job, record: Record, folder: Path, *, strip: bool = False) -> dict[str, object]:
    """Return what the page shows of an item that is done."""
    smooth = record.seams - record.rough
    return {
        "id": record.id,
        "verb": job.verb,
        "files": [(name, quote(name)) for name in record.outputs],
        "report": quote(record.report),
        "seams": f"{smooth} of {record.seams} seams smooth" if record.seams else "no seams",
        "worst": f"{record.worst:.2f}" if record.worst is not None else "",
        "warnings": record.warnings,
        "pictures": _pictures(folder / record.outputs[0]) if strip and record.outputs else (),
    }


def _pictures(video: Path) -> tuple[Picture, ...]:
    """Take pictures from all over a video; none of what is no video or was moved."""
    if video.suffix.lower() in MOTION_SUFFIXES:
        return ()
    try:
        info = probe(video)
        times = [info.duration_s * (index + 0.5) / _FRAMES for index in range(_FRAMES)]
        frames = [next(read_frames(video, time_s, info=info), None) for time_s in times]
    except FaceditError:
        return ()
    return tuple(Picture(one.rgb(), one.time_s, "kept") for one in frames if one is not None)
