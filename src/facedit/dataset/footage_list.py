"""Which clips there are: a manifest or a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facedit.errors import UsageError
from facedit.inputs import read_csv

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".m4v", ".avi", ".mpg")

LEARNT, MEASURED = "train", "dev"
"""Splits: what is learnt from, and what is only measured."""

EVERY = 5
"""Every so many-th speaker or clip is measured where nothing says which."""


@dataclass(frozen=True, slots=True)
class Source:
    """A clip to prepare, by its name in reports.

    ``train`` is learnt from, ``dev`` is measured; ``split_given`` tells whether the manifest says
    the split, or it was chosen here. Licence, origin and remarks are the manifest's, if it says.
    """

    path: Path
    file: str
    split: str
    corpus: str
    speaker: str
    split_given: bool = True
    licence: str = ""
    origin: str = ""
    remarks: str = ""


def list_sources(where: Path) -> list[Source]:
    """List the clips of a manifest or of a folder; UsageError if it is neither, or lists nothing.

    A manifest is a CSV with at least a column ``file`` (relative to itself; ``split``, ``corpus``,
    ``speaker``, ``licence``, ``origin``, ``remarks`` if known). A corpus that is not named is the
    clip's folder, a speaker the clip itself; if no split is named, ``measured`` chooses.
    """
    sources = _folder(where) if where.is_dir() else _manifest(where)
    if not sources:
        raise UsageError(f"{where} lists no clips ({', '.join(SUFFIXES)}).")
    if any(source.split for source in sources):
        return [replace(source, split=source.split or LEARNT) for source in sources]
    by = "speaker" if len({source.speaker for source in sources}) >= EVERY else "file"
    held = measured([getattr(source, by) for source in sources])
    splits = (MEASURED if getattr(source, by) in held else LEARNT for source in sources)
    return [
        replace(source, split=split, split_given=False)
        for source, split in zip(sources, splits, strict=True)
    ]


def measured(names: Sequence[str]) -> frozenset[str]:
    """Choose what is measured and not learnt from, where the manifest does not say.

    That is every fifth name, or the last of two to four; none of one. Names are of the clips'
    speakers, or of their files where there are few speakers.
    """
    found = list(dict.fromkeys(names))
    return frozenset(found[EVERY - 1 :: EVERY] or found[1:][-1:])


def _folder(where: Path) -> list[Source]:
    found = sorted(p for p in where.rglob("*") if p.suffix.lower() in SUFFIXES)
    return [_source(p, str(p.relative_to(where)), {}) for p in found]


def _manifest(where: Path) -> list[Source]:
    if not where.is_file():
        raise UsageError(f"{where} is neither a folder of clips nor a manifest.")
    numbered = read_csv(where, "manifest", UsageError)
    if numbered and "file" not in numbered[0][1]:
        names = ", ".join(numbered[0][1])
        raise UsageError(f"{where} has no column 'file'; it has {names}.")
    for number, row in numbered:
        if not row.get("file"):
            raise UsageError(f"{where}, line {number}: names no file.")
    return [_source(where.parent / row["file"], row["file"], row) for _, row in numbered]


def _source(path: Path, file: str, row: dict[str, str]) -> Source:
    return Source(
        path, file, row.get("split") or "",
        row.get("corpus") or Path(os.path.abspath(path)).parent.name,
        row.get("speaker") or path.stem, True,
        row.get("licence") or "", row.get("origin") or "", row.get("remarks") or "",
    )  # fmt: skip
