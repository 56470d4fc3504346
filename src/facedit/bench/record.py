"""What is written of one item made by one system: a JSON line, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from facedit.media.output import whole_or_nothing

Status = Literal["done", "failed", "not applicable"]


@dataclass(frozen=True, slots=True)
class Curves:
    """The mouth over time, for pictures of it.

    Attributes:
        times_s: Times in the output.
        output: Lip opening in the output, in units of the outer-eye distance; None without face.
        truth: The same of the ground truth, or of the source underneath; empty if not known.
        hidden: 1 where the motion was made anew.
        energy: Loudness of the output's sound in [0, 1].
    """

    times_s: tuple[float, ...] = ()
    output: tuple[float | None, ...] = ()
    truth: tuple[float | None, ...] = ()
    hidden: tuple[int, ...] = ()
    energy: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """The result of one item and one system.

    Attributes:
        item: Id of the item.
        status: ``done``, ``failed``, or ``not applicable`` (this system has no answer to this
            kind of item).
        reason: One line, where it is not done.
        sums: Sums by key, as the measures want them.
        profile: Errors by the distance to the nearest seam: per frame of distance (from 1) the
            sum of absolute errors of the lip opening and their number.
        curves: The mouth over time.
        cost: Seconds by stage, ``fill_s`` (seconds of new pictures) and ``peak_mib``.
        video: The video, relative to the results' folder.
    """

    item: str
    system: str
    status: Status
    reason: str = ""
    sums: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    profile: tuple[tuple[float, float], ...] = ()
    curves: Curves = field(default_factory=Curves)
    cost: Mapping[str, float] = field(default_factory=dict)
    video: str = ""

    def to_line(self) -> str:
        """Return the record as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"


def record_from_dict(data: Mapping[str, Any]) -> Record:
    """Read a record; ``KeyError``, ``TypeError`` or ``ValueError`` if it is garbled."""
    curves = Curves(**{name: tuple(data["curves"][name]) for name in Curves.__slots__})
    sums = {name: tuple(float(v) for v in values) for name, values in data["sums"].items()}
    profile = tuple((float(a), float(b)) for a, b in data["profile"])
    return Record(**{**data, "curves": curves, "sums": sums, "profile": profile})


def read_records(path: Path) -> list[Record]:
    """Read the last record of each item and system, if there is a file; torn lines are left out."""
    if not path.is_file():
        return []
    found: dict[tuple[str, str], Record] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = record_from_dict(json.loads(line))
        except (ValueError, KeyError, TypeError):
            continue
        found[record.item, record.system] = record
    return list(found.values())


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write records anew, whole or not at all."""
    with whole_or_nothing(path, force=True) as part:
        part.write_text("".join(record.to_line() for record in records), encoding="utf-8")
