"""Tables that users write: CSV with a header, or JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from facedit.errors import UsageError


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Read a table.

    Args:
        path: A ``.csv`` or ``.jsonl`` file.
        columns: Columns that every row must have (their values may be empty).

    Returns:
        Number of the line and values of each row; white space at the ends is taken off.

    Raises:
        UsageError: If it cannot be read, or a column is missing; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = _json_lines(text) if path.suffix.lower() == ".jsonl" else _csv(text)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise UsageError(f"{path} is no table (CSV or JSON lines): {error}.") from error
    for number, row in rows:
        if missing := [name for name in columns if name not in row]:
            raise UsageError(f"{path}, line {number}: the column {missing[0]!r} is missing.")
    return rows


def _csv(text: str) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(text.splitlines())
    rows = []
    for row in reader:
        cells = {str(name): (value or "").strip() for name, value in row.items() if name}
        rows.append((reader.line_num, cells))
    return rows


def _json_lines(text: str) -> list[tuple[int, dict[str, str]]]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is no object")
        rows.append((number, {str(name): str(value).strip() for name, value in row.items()}))
    return rows
