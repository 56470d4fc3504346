"""Command-line options of a frozen dataclass: name, kind, default and help stand there alone.

A field ``save_script: Path | None = None`` is the option ``--save-script FILE``; its help is what
the class's docstring says of it. A field's ``metadata`` may hold a better ``metavar`` than FILE,
another ``flag``, and how a text is read (``parse``) for a kind that the command line cannot know.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar("Kind", bound="DataclassInstance")

USUAL_METAVARS = {int: "N", float: "S", Path: "FILE", str: "TEXT"}
"""What stands for a value in the help, by its kind."""


def add_options(
    parser: argparse.ArgumentParser, kind: type, leave_out: Collection[str] = ()
) -> None:
    """Add an option for each field of a dataclass; the verb sets those in ``leave_out`` itself."""
    hints, helps = typing.get_type_hints(kind), attribute_docs(kind)
    for field in dataclasses.fields(kind):
        if field.name not in leave_out:
            about = helps[field.name].replace("``", "").replace("%", "%%")
            _add_option(parser, field, hints[field.name], about)


def from_options(kind: type[Kind], args: argparse.Namespace, **given: object) -> Kind:
    """Build the dataclass from what was typed and the fields that the verb sets itself.

    UsageError passes through if it refuses a value.
    """
    typed = {
        field.name: field.metadata.get("parse", _as_is)(getattr(args, field.name))
        for field in dataclasses.fields(kind)
        if field.name not in given and hasattr(args, field.name)
    }
    return kind(**typed, **given)


def attribute_docs(kind: type) -> dict[str, str]:
    """Read what the ``Attributes:`` of a class's Google-style docstring say of its fields.

    The text is as help is written: in one line that begins small and has no full stop.
    """
    _, _, block = inspect.getdoc(kind).partition("Attributes:\n")  # type: ignore[union-attr]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", block, re.MULTILINE)
    lines = {name: " ".join(text.split()).removesuffix(".") for name, text in entries}
    return {name: line[0].lower() + line[1:] for name, line in lines.items()}


def _add_option(
    parser: argparse.ArgumentParser, field: dataclasses.Field[Any], hint: Any, about: str
) -> None:
    """Add one option.

    Kinds: bool, int, float, str, Path, Literal, tuples of str, Path, pairs or of one Literal, and
    whatever ``parse`` makes of a text. Of a union the first kind is taken.
    """
    flag = field.metadata.get("flag", f"--{field.name.replace('_', '-')}")
    default, origin, inner = field.default, typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        hint, origin, inner = inner[0], typing.get_origin(inner[0]), typing.get_args(inner[0])
    how: dict[str, Any] = {"dest": field.name, "default": default}
    if "parse" in field.metadata:
        # What nobody typed is not read: it stays the dataclass's own.
        how["default"] = argparse.SUPPRESS
        default = factory() if callable(factory := field.default_factory) else default
    elif hint is bool:
        how["action"] = argparse.BooleanOptionalAction
    elif origin is typing.Literal:
        how["choices"] = inner
    elif origin is tuple and typing.get_origin(inner[0]) is typing.Literal:
        how |= {"nargs": "+", "choices": typing.get_args(inner[0])}
    elif origin is tuple:
        how |= {"action": _Append, "metavar": "TEXT"}
        if typing.get_origin(inner[0]) is tuple:
            how["nargs"] = len(typing.get_args(inner[0]))
        elif inner[0] is Path:
            how["type"] = Path
    else:
        how |= {"type": _whole if hint is int else hint, "metavar": USUAL_METAVARS[hint]}
    if metavar := field.metadata.get("metavar"):
        how["metavar"] = metavar
    parser.add_argument(flag, help=about + _shown(default), **how)


def _shown(default: object) -> str:
    """Return a default as the help shows it; what is nothing needs no words."""
    if default is None or default is False or default in ("", (), {}):
        return ""
    said = "yes" if default is True else default
    return f" ({','.join(map(str, said)) if isinstance(said, tuple) else said})"


def _as_is(value: object) -> object:
    """Return what argparse made of the text, a list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number") from None


class _Append(argparse.Action):
    """Collects what a repeated option says in a tuple."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        one = tuple(values) if isinstance(values, list) else values
        setattr(namespace, self.dest, (*getattr(namespace, self.dest), one))
