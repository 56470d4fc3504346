"""Tables that users write: CSV with a header, or JSON lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facedit.errors import UsageError
from facedit.inputs import parse_json, read_csv, read_text


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Read number of the line and values of each row of a ``.csv`` or ``.jsonl`` file.

    Every row must have the columns (values may be empty; white space at their ends is taken off):
    UsageError names the line that lacks one, or says why the file cannot be read.
    """
    if path.suffix.lower() == ".jsonl":
        rows = _json_lines(path)
    else:
        rows = read_csv(path, "table", UsageError)
    for number, row in rows:
        if missing := [name for name in columns if name not in row]:
            raise UsageError(f"{path}, line {number}: the column {missing[0]!r} is missing.")
    return rows


def _json_lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    rows = []
    for number, line in enumerate(read_text(path, "table", UsageError).splitlines(), 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        row = parse_json(line, place, UsageError)
        if not isinstance(row, dict):
            raise UsageError(f"{place}: no object.")
        rows.append((number, {name: str(value).strip() for name, value in row.items()}))
    return rows
