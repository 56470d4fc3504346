"""Which items are run on which clips, and which videos belong to none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from facedit.bench.items import Bench, Item
from facedit.bench.systems.system import System
from facedit.errors import UsageError

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".m4v", ".avi")
"""Videos of other systems."""


def clips_folder(folder: Path, bench: Bench, given: Path | None) -> Path:
    """Find the clips: in ``given``, or where the benchmark says; ``UsageError`` if neither."""
    clips = given if given is not None else folder / bench.clips
    if not clips.is_dir():
        raise UsageError(f"the clips of {bench.name} are not in {clips}: --clips names the folder.")
    return clips


def chosen_items(
    bench: Bench, tracks: Sequence[str], limits: Mapping[str, int]
) -> tuple[Item, ...]:
    """Choose which items are run, in the benchmark's order: ``UsageError`` if none is left.

    ``tracks``: tracks wanted; all if empty; ``limits``: most items by track, evenly spread.
    """
    chosen = []
    for track in dict.fromkeys(item.track for item in bench.items):
        members = [item for item in bench.items if item.track == track]
        if tracks and track not in tracks:
            continue
        limit = limits.get(track, len(members))
        if len(members) > limit:
            members = [members[k * len(members) // limit] for k in range(limit)]
        chosen += members
    if not chosen:
        raise UsageError(f"{bench.name} has no items of {', '.join(tracks)}.")
    return tuple(chosen)


def other_clip(items: Sequence[Item], number: int) -> Item | None:
    """Return the next item of another clip, whose sound is the wrong one, if there is one."""
    ahead = [*items[number + 1 :], *items[:number]]
    return next((item for item in ahead if item.clip.file != items[number].clip.file), None)


def stray_videos(bench: Bench, systems: Sequence[System]) -> list[str]:
    """List given videos that are named like no item."""
    ids = {item.id for item in bench.items}
    return [
        f"{path.parent.name}/{path.name}"
        for system in systems
        if system.pictures == "given"
        for path in sorted(Path(system.videos).iterdir())
        if path.suffix.lower() in SUFFIXES and path.stem not in ids
    ]
