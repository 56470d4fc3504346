"""``rows.csv``: what became of each clip, written row by row and put in order at the end."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from facedit.dataset.footage_list import Source
from facedit.dataset.prepared import KEPT
from facedit.media.output import whole_or_nothing
from facedit.scale.outcome import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, str]
"""A row: a text per field of ``FIELDS``."""

FIELDS = (
    "file", "sha256", "split", "corpus", "speaker", "status", "reason", "frames", "confidence",
    "offset", "sync",
)  # fmt: skip
"""Columns: ``confidence`` is the tracker's mean, ``offset`` the motion frames that the sound was
late and ``sync`` the confidence of that. What was not measured is empty."""

DROPPED = "dropped"
"""The clip is not fit for training; it is not looked at again."""

FAILED = "failed"
"""Something else went wrong (a worker that died, a full disk); the next run tries again."""


def new_row(item: Source) -> Row:
    """Begin the row of a clip."""
    row = dict.fromkeys(FIELDS, "")
    return row | {
        "file": item.file, "split": item.split, "corpus": item.corpus, "speaker": item.speaker,
    }  # fmt: skip


def renewed(row: Row, item: Source, voices: int) -> Row | None:
    """Bring the row of an earlier run up to what is said of its clip now.

    It gets the corpus and speaker of now, and the split if one is given; None if the clip must be
    prepared again, because only training clips were heard in ``voices`` others.
    """
    split = item.split if item.split_given else row["split"]
    if voices and split != row["split"]:
        return None
    return row | {"split": split, "corpus": item.corpus, "speaker": item.speaker}


def dropped_row(row: Row, reason: str) -> Row:
    """Say in a row why its clip is not used."""
    return row | {"status": DROPPED, "reason": reason, "frames": "0"}


def failed_row(item: Source, failure: Failure) -> Row:
    """Return the row of a clip that could not be worked on."""
    return new_row(item) | {"status": FAILED, "reason": str(failure), "frames": "0"}


def kind_of(row: Row) -> str:
    """Return the kind of a row's reason, without its figures."""
    return row["reason"].split(":")[0]


def read_table(path: Path) -> dict[str, Row]:
    """Read the rows of earlier runs by file; there may be none.

    A torn last row and clips that are to be tried again are left out.
    """
    if not path.is_file():
        return {}
    text = path.read_bytes().decode("utf-8", "replace")
    whole = text[: text.rfind("\n") + 1]  # a run that was killed may have left half a row
    rows = csv.DictReader(io.StringIO(whole, newline=""))
    found = ({name: row.get(name) or "" for name in FIELDS} for row in rows)
    return {row["file"]: row for row in found if row["frames"] and row["status"] != FAILED}


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """Write a table whole."""
    with whole_or_nothing(path, force=True) as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def appending(path: Path) -> Iterator[Callable[[Row], None]]:
    """Yield a function that adds a row to a table, safe as soon as it is written."""
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)

        def add(row: Row) -> None:
            writer.writerow(row)
            file.flush()

        yield add


def count_reasons(rows: Iterable[Row]) -> dict[str, int]:
    """Count why clips are not used by kind of reason, the most frequent first; ``rows`` are all."""
    counts = Counter(kind_of(row) for row in rows if row["status"] != KEPT)
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def counted(names: Iterable[str]) -> str:
    """Say how often each name occurs, e.g. ``train (7), dev (1)``."""
    return ", ".join(f"{name} ({count})" for name, count in Counter(names).items())
