"""Which clips there are: a manifest or a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedit.errors import UsageError
from facedit.inputs import read_csv

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".m4v", ".avi", ".mpg")


@dataclass(frozen=True, slots=True)
class Source:
    """A clip to prepare.

    Attributes:
        path: Where it lies.
        file: Its name in reports.
        split: ``train`` or ``dev``.
        corpus: Name of the corpus.
        speaker: Name of the speaker.
        licence: Licence of the footage, if the manifest says.
        origin: Where it was found, if the manifest says.
        remarks: What else the manifest says.
    """

    path: Path
    file: str
    split: str
    corpus: str
    speaker: str
    licence: str = ""
    origin: str = ""
    remarks: str = ""


def list_sources(where: Path) -> list[Source]:
    """List the clips of a manifest or of a folder.

    Args:
        where: CSV with at least a column ``file`` (relative to itself; ``split``, ``corpus``,
            ``speaker``, ``licence``, ``origin``, ``remarks`` if known), or a folder whose
            sub-folders are taken for corpora.

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
        numbered = read_csv(where, "manifest", UsageError)
        if numbered and "file" not in numbered[0][1]:
            names = ", ".join(numbered[0][1])
            raise UsageError(f"{where} has no column 'file'; it has {names}.")
        for number, row in numbered:
            if not row.get("file"):
                raise UsageError(f"{where}, line {number}: names no file.")
        rows = [row for _, row in numbered]
        sources = [
            Source(
                where.parent / row["file"], row["file"], row.get("split") or "train",
                row.get("corpus") or "", row.get("speaker") or Path(row["file"]).stem,
                row.get("licence") or "", row.get("origin") or "", row.get("remarks") or "",
            )
            for row in rows
        ]  # fmt: skip
    else:
        raise UsageError(f"{where} is neither a folder of clips nor a manifest.")
    if not sources:
        raise UsageError(f"{where} lists no clips ({', '.join(SUFFIXES)}).")
    return sources
