"""What another system needs to take part: per item a clip or picture, the sound, the task."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from facedit.bench.items import Item, read_bench
from facedit.bench.prepared_item import Case, build_case
from facedit.bench.reference import original_of
from facedit.bench.selection import clips_folder
from facedit.errors import FaceditError, ItemsFailed, one_line
from facedit.media.output import make_folder, whole_or_nothing
from facedit.media.wav import write_wav
from facedit.progress import StageClock

TASK = "task.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    folder: Path
    items: int

    def __str__(self) -> str:
        """Return the figures for people."""
        return (
            f"{self.items} items in {self.folder}: a folder each, with the clip, the sound and "
            f"{TASK}. Score the videos, named ITEM.mp4, with 'facedit bench score'."
        )


def export(
    folder: Path, output: Path, *, clips: Path | None = None, force: bool = False
) -> Exported:
    """Write the items of a benchmark for another system, a folder each in ``output``.

    ``clips``: their folder; the benchmark's own hint if None. ``ItemsFailed`` if items could not be
    made ready; the others are written.
    """
    bench = read_bench(folder)
    root = clips_folder(folder, bench, clips)
    make_folder(output, force=force)
    failed: list[str] = []
    for item in bench.items:
        try:
            write_task(item, root, output / item.id)
        except (FaceditError, OSError) as error:
            failed.append(one_line(f"{item.id}: {error}"))
    if failed:
        raise ItemsFailed(
            f"{len(failed)} of {len(bench.items)} items could not be written: {failed[0]}"
        )
    return Exported(output, len(bench.items))


def write_task(item: Item, clips: Path, folder: Path) -> None:
    """Write one item into its folder, made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    case = build_case(item, clips, folder, StageClock())
    name = f"{item.id}{case.clip.suffix}"
    if case.still is not None:  # the clip itself would be the answer
        name = f"{item.id}.png"
        cv2.imwrite(str(folder / name), case.still.rgb[..., ::-1])
    elif case.source == case.clip:
        shutil.copyfile(case.clip, folder / name)
    write_wav(folder / "sound.wav", case.sound.window(0.0, case.sound_s), force=True)
    text = json.dumps(describe(case, name), indent=1, ensure_ascii=False)
    with whole_or_nothing(folder / TASK, force=True) as part:
        part.write_text(text, "utf-8")


def describe(case: Case, clip: str) -> dict[str, object]:
    """Say what is to be made of an item, as JSON-ready data; ``clip``: name of its clip or picture.

    The video wanted has ``frames`` pictures at ``frame_rate``; those within ``new_pictures_s`` are
    to be made anew, all others to be kept.
    """
    item = case.item
    expected = original_of(case).expected
    spans: Sequence[tuple[float, float]] = [expected.span_s]
    return {
        "item": item.id,
        "track": item.track,
        "clip": clip,
        "sound": "sound.wav",
        "frames": len(expected.times_s),
        "frame_rate": str(case.info.frame_rate if case.plan is not None else 25),
        "new_pictures_s": [[round(a, 6), round(b, 6)] for a, b in spans],
        "old_words": item.old_text,
        "new_words": " ".join(item.new_words),
        "text": item.new_text,
        "plan": case.plan.to_dict() if case.plan is not None else None,
    }
