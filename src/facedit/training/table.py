"""Experiments as TOML tables; one may name another that it differs from in a few fields."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facedit.errors import UsageError
from facedit.inputs import read_toml

EXTENDS = "extends"
"""Key that names what this one differs from: a file beside it, or a shipped configuration."""

SHIPPED = Path(__file__).parents[1] / "configs"
"""Folder of the configurations that come with the package."""

_DEEPEST = 4


def read_table(path: Path, depth: int = 0) -> dict[str, Any]:
    """Read a configuration file, and those it extends.

    Args:
        path: TOML file, or the name of a shipped configuration, such as ``base``.
        depth: How many files led here.

    Returns:
        Its table; fields of tables are merged one by one, lists are replaced whole.

    Raises:
        UsageError: If a file extends itself. (Also if one cannot be read or is no TOML.)
    """
    path = _found(path)
    table = read_toml(path, "configuration", UsageError)
    base = table.pop(EXTENDS, None)
    if base is None:
        return table
    if not isinstance(base, str) or depth >= _DEEPEST:
        raise UsageError(f"{path}: '{EXTENDS}' must name one file, at most {_DEEPEST} deep.")
    beside = path.parent / base
    return merged(read_table(beside if beside.is_file() else Path(base), depth + 1), table)


def _found(path: Path) -> Path:
    """Return the file, or the shipped one of that name."""
    shipped = {file.stem: file for file in sorted(SHIPPED.glob("*.toml"))}
    if not path.exists() and str(path) in shipped:
        return shipped[str(path)]
    if not path.exists():
        raise UsageError(
            f"{path}: no such file; the configurations that come with facedit are named "
            f"{', '.join(shipped)}."
        )
    return path


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
