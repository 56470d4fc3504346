"""``facedit prepare``: clips to cached motion and speech features, resumable row by row.

A folder made by it holds ``rows.csv`` (a row per clip: kept, or dropped and why), ``meta.json``,
``tracks/`` and ``speech/`` (the expensive parts, by content hash, valid for any motion space) and
``clips/`` (what training reads).
"""

from __future__ import annotations

import csv
import logging
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facedit.assets import sha256_of
from facedit.errors import FaceditError, NoFace, NoSound, UsageError
from facedit.training.data import KEPT, META, ROWS, Meta, PreparedClip, clip_path, write_meta
from facedit.training.encode import Index, Unusable, encode_clip, speech_of, track_of

if TYPE_CHECKING:
    from facedit.motion.space import MotionSpace

log = logging.getLogger(__name__)

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".m4v", ".avi", ".mpg")
FIELDS = ("file", "sha256", "split", "corpus", "speaker", "status", "reason", "frames")


@dataclass(frozen=True, slots=True)
class Source:
    """A clip to prepare.

    Attributes:
        path: Where it lies.
        file: Its name in reports.
        split: ``train`` or ``dev``.
        corpus: Name of the corpus.
        speaker: Name of the speaker.
    """

    path: Path
    file: str
    split: str
    corpus: str
    speaker: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run of ``prepare`` did.

    Attributes:
        folder: Where the results lie.
        kept: Clips kept, earlier runs included.
        dropped: Reasons with their number of clips.
        frames: Motion frames kept.
        seconds: Wall time of this run.
    """

    folder: Path
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    frames: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, object]:
        """Return the figures for JSON."""
        return asdict(self) | {"folder": str(self.folder)}

    def __str__(self) -> str:
        """Return the figures for people."""
        why = "".join(f"\n  dropped {n}: {reason}" for reason, n in self.dropped.items())
        return (
            f"{self.kept} clips, {self.frames / 1500:.1f} min of motion in {self.folder} "
            f"({self.seconds:.0f} s){why}"
        )


def list_sources(where: Path) -> list[Source]:
    """List the clips of a manifest or of a folder.

    Args:
        where: CSV with at least a column ``file`` (relative to itself; ``split``, ``corpus``,
            ``speaker`` if known), or a folder whose sub-folders are taken for corpora.

    Returns:
        The clips.

    Raises:
        UsageError: If it is neither, or lists nothing.
    """
    if where.is_dir():
        found = sorted(p for p in where.rglob("*") if p.suffix.lower() in SUFFIXES)
        sources = [
            Source(p, str(p.relative_to(where)), "train", p.parent.name, p.stem) for p in found
        ]
    elif where.is_file():
        try:
            with where.open(newline="") as file:
                rows = list(csv.DictReader(file))
        except (UnicodeDecodeError, csv.Error) as error:
            raise UsageError(f"{where} is no CSV manifest: {error}.") from error
        if rows and "file" not in rows[0]:
            names = ", ".join(str(name) for name in rows[0])
            raise UsageError(f"{where} has no column 'file'; it has {names}.")
        for number, row in enumerate(rows, 2):
            if not row["file"]:
                raise UsageError(f"{where}, line {number}: names no file.")
        sources = [
            Source(
                where.parent / row["file"], row["file"], row.get("split") or "train",
                row.get("corpus") or "", row.get("speaker") or Path(row["file"]).stem,
            )
            for row in rows
        ]  # fmt: skip
    else:
        raise UsageError(f"{where} is neither a folder of clips nor a manifest.")
    if not sources:
        raise UsageError(f"{where} lists no clips ({', '.join(SUFFIXES)}).")
    return sources


def prepare(source: Path, output: Path) -> Prepared:
    """Prepare clips for training; run again to go on where a run stopped.

    Args:
        source: Manifest or folder of clips.
        output: Folder of results.

    Returns:
        What was done. ``UsageError`` passes through if there are no clips, or the folder was
        made with another motion space.
    """
    from facedit.motion.fit import mirror_points
    from facedit.motion.space import MotionSpace
    from facedit.speech.features import encoder_name

    begun = time.monotonic()
    sources = list_sources(source)
    space = MotionSpace.load()
    for name in ("clips", "tracks", "speech"):
        (output / name).mkdir(parents=True, exist_ok=True)
    _check_meta(output, describe_space(space, encoder_name()))
    done = _read_table(output / ROWS)
    table = [row for row in done.values() if row["file"] in {item.file for item in sources}]
    finished = {row["file"] for row in table}
    _write_table(output / ROWS, table)
    mirror = mirror_points()
    with (output / ROWS).open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        for number, item in enumerate(sources):
            if item.file in finished:
                continue
            row = prepare_clip(item, output, space, mirror)
            table.append(row)
            writer.writerow(row)
            file.flush()
            log.info("%d/%d %s: %s", number + 1, len(sources), item.file, row["status"])
    dropped: dict[str, int] = {}
    for row in table:
        if row["status"] != KEPT:
            kind = row["reason"].split(":")[0]
            dropped[kind] = dropped.get(kind, 0) + 1
    kept = [row for row in table if row["status"] == KEPT]
    frames = sum(int(row["frames"]) for row in kept)
    return Prepared(output, len(kept), dropped, frames, time.monotonic() - begun)


def prepare_clip(item: Source, output: Path, space: MotionSpace, mirror: Index) -> dict[str, str]:
    """Prepare one clip.

    Args:
        item: The clip.
        output: Folder of results.
        space: Motion space.
        mirror: For each landmark the one at its mirrored place, shape (478,).

    Returns:
        Its row of the table.
    """
    row = dict.fromkeys(FIELDS, "")
    row |= {"file": item.file, "split": item.split, "corpus": item.corpus, "speaker": item.speaker}
    try:
        row["sha256"] = sha256_of(item.path)
        track = track_of(item.path, output / "tracks" / f"{row['sha256']}.npz")
        speech = speech_of(item.path, output / "speech" / f"{row['sha256']}.npz")
        clip = encode_clip(track, speech, space, mirror)
    except (FaceditError, Unusable, OSError) as error:
        return row | {"status": "dropped", "reason": _reason(error), "frames": "0"}
    path = clip_path(output, row["sha256"])
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        values = {name: getattr(clip, name) for name in PreparedClip.__slots__}
        np.savez(file, **values | {"speech": clip.speech.astype(np.float16)})
    part.replace(path)
    return row | {"status": KEPT, "frames": str(len(clip.motion))}


def describe_space(space: MotionSpace, encoder: str) -> Meta:
    """Describe prepared data.

    Args:
        space: Motion space.
        encoder: Name of the speech features.

    Returns:
        Names, groups and strengths of the dims.
    """
    return Meta(
        space="mesh",
        encoder=encoder,
        dim_names=tuple(space.names),
        groups=dict(space.groups),
        effects=space.relative_std.astype(np.float32),
    )


def _check_meta(output: Path, meta: Meta) -> None:
    """Write the description, or refuse a folder made with another one."""
    from facedit.training.data import read_meta

    if (output / META).is_file():
        before = read_meta(output)
        same = before.dim_names == meta.dim_names and before.encoder == meta.encoder
        if not same or not np.allclose(before.effects, meta.effects, rtol=1e-4):
            raise UsageError(
                f"{output} was prepared with another motion space or encoder: remove its "
                f"{ROWS}, {META} and clips (tracks and speech stay good), then prepare again."
            )
        return
    write_meta(output, meta)


def _read_table(path: Path) -> dict[str, dict[str, str]]:
    """Read rows of earlier runs; a torn last row is left out."""
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["file"]: row for row in rows if row.get("frames")}


def _write_table(path: Path, rows: list[dict[str, str]]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def _reason(error: Exception) -> str:
    if isinstance(error, NoFace):
        return f"no face: {error}"
    if isinstance(error, NoSound):
        return f"no sound: {error}"
    if isinstance(error, Unusable):
        return str(error)
    return f"unreadable: {error}"
