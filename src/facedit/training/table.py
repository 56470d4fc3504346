"""Experiments as TOML tables; one may name another that it differs from in a few fields."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facedit.errors import UsageError

EXTENDS = "extends"
"""Key that names the file, beside this one, whose fields are taken over."""

_DEEPEST = 4


def read_table(path: Path, depth: int = 0) -> dict[str, Any]:
    """Read a configuration file, and those it extends.

    Args:
        path: TOML file.
        depth: How many files led here.

    Returns:
        Its table; fields of tables are merged one by one, lists are replaced whole.

    Raises:
        UsageError: If a file cannot be read, is no TOML, or extends itself.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as TOML ({error}).") from error
    base = table.pop(EXTENDS, None)
    if base is None:
        return table
    if not isinstance(base, str) or depth >= _DEEPEST:
        raise UsageError(f"{path}: '{EXTENDS}' must name one file, at most {_DEEPEST} deep.")
    return merged(read_table(path.parent / base, depth + 1), table)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay changes over a table.

    Args:
        base: The table.
        changes: What differs.

    Returns:
        A new table.
    """
    result = dict(base)
    for key, value in changes.items():
        before = result.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            result[key] = merged(before, value)
        else:
            result[key] = value
    return result
