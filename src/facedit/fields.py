"""Builds frozen dataclasses from tables that people write (TOML, JSON), checked field by field."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import types
import typing
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from facedit.errors import FaceditError, UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar("Kind", bound="DataclassInstance")


def build(
    kind: type[Kind], table: object, where: str, error: type[FaceditError] = UsageError
) -> Kind:
    """Build a frozen dataclass from a table of its fields.

    Dataclasses among them are tables, tuples are lists, paths are texts, and of a union the first
    kind or None is taken; ``where`` names the table in messages.
    ``error`` is raised if a field is missing, unknown, of a wrong kind or out of range.
    """
    if not isinstance(table, dict):
        raise error(f"{where} must be a table.")
    hints, fields = _known_of(kind)
    check_known(table, fields, where, error)
    missing = [
        name
        for name, item in fields.items()
        if name not in table
        and item.default is dataclasses.MISSING
        and item.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise error(f"{where}: missing {', '.join(missing)}.")
    values = {
        name: _value(hints[name], value, f"{where}: {name}", error) for name, value in table.items()
    }
    try:
        return kind(**values)
    except UsageError as fault:
        raise error(f"{where}: {fault}") from fault


@functools.cache
def _known_of(
    kind: type[DataclassInstance],
) -> tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]:
    """Return the annotations and fields of a dataclass; a transcript has thousands of words."""
    return typing.get_type_hints(kind), {item.name: item for item in dataclasses.fields(kind)}


def check_known(
    names: Collection[str], known: Collection[str], where: str, error: type[FaceditError]
) -> None:
    """Raise ``error`` on names that are none of those known; say which one may be meant."""
    if unknown := sorted(set(names) - set(known)):
        near = difflib.get_close_matches(unknown[0], known, 1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise error(f"{where}: unknown {', '.join(unknown)}{meant}; known: {', '.join(known)}.")


def _table(inner: object, value: object, where: str, error: type[FaceditError]) -> object:
    """Check the values of a table against their annotation."""
    if not isinstance(value, dict):
        raise error(f"{where} must be a table.")
    if inner is object:
        return value
    return {key: _value(inner, item, f"{where}: {key}", error) for key, item in value.items()}


def _value(hint: Any, value: object, where: str, error: type[FaceditError]) -> object:
    """Check one value against its annotation; lists become tuples."""
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        return build(hint, value, where, error)
    origin = typing.get_origin(hint) or hint
    if origin is tuple:
        return _items(typing.get_args(hint), value, where, error)
    if origin is dict:
        return _table(typing.get_args(hint)[1], value, where, error)
    if origin in (typing.Union, types.UnionType):
        kinds = typing.get_args(hint)
        none = value is None and types.NoneType in kinds
        return None if none else _value(kinds[0], value, where, error)
    if origin is typing.Literal:
        if value not in (choices := typing.get_args(hint)):
            raise error(f"{where} is {value!r}; choose {', '.join(map(str, choices))}.")
        return value
    if hint is Path and isinstance(value, str) and value:
        return Path(value)
    is_bool = isinstance(value, bool)
    if hint is float and isinstance(value, int) and not is_bool:
        return float(value)
    if not isinstance(value, hint) or (hint is int and is_bool):
        raise error(f"{where} is {value!r}; expected {hint.__name__}.")
    return value


def _items(
    hints: tuple[Any, ...], value: object, where: str, error: type[FaceditError]
) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise error(f"{where} must be a list.")
    if hints[-1] is Ellipsis:
        hints = hints[:1] * len(value)
    if len(hints) != len(value):
        raise error(f"{where} has {len(value)} items; expected {len(hints)}.")
    return tuple(
        _value(one, item, f"{where}[{number}]", error)
        for number, (one, item) in enumerate(zip(hints, value, strict=True))
    )
