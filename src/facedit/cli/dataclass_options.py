"""Command-line options of a frozen dataclass: name, kind, default and help stand there alone.

A field ``save_script: Path | None = None`` is the option ``--save-script FILE``; its help is what
the class's docstring says of it. A field's ``metadata`` may hold a better ``metavar`` than FILE.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
import typing
from collections.abc import Collection
from pathlib import Path
from typing import Any

USUAL_METAVARS = {int: "N", float: "S", Path: "FILE", str: "TEXT"}
"""What stands for a value in the help, by its kind."""


def add_options(
    parser: argparse.ArgumentParser, kind: type, leave_out: Collection[str] = ()
) -> None:
    """Add an option for each field of a dataclass that has a default.

    The verb sets the fields in ``leave_out`` itself.
    """
    hints, helps = typing.get_type_hints(kind), attribute_docs(kind)
    for field in dataclasses.fields(kind):
        if field.name not in leave_out:
            about = helps[field.name].replace("``", "").replace("%", "%%")
            _add_option(parser, field, hints[field.name], about)


def from_options(kind: type, args: argparse.Namespace, **given: object) -> Any:
    """Build the dataclass from what was typed and the fields that the verb sets itself.

    UsageError passes through if it refuses a value.
    """
    typed = {
        field.name: getattr(args, field.name)
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
    """Add one option. Kinds: bool, int, float, str, Path, Literal, tuples of str or of pairs."""
    name, default = field.name.replace("_", "-"), field.default
    if type(None) in typing.get_args(hint):
        hint = typing.get_args(hint)[0]
    if hint is bool:
        action = argparse.BooleanOptionalAction
        about += " (yes)" if default else ""
        parser.add_argument(
            f"--{name}", dest=field.name, action=action, default=default, help=about
        )
        return
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    how: dict[str, Any] = {"dest": field.name, "default": default}
    if origin is typing.Literal:
        how["choices"] = inner
    elif origin is tuple:
        how["action"] = _Append
        if typing.get_origin(inner[0]) is tuple:
            how["nargs"] = len(typing.get_args(inner[0]))
        how["metavar"] = "TEXT"
    else:
        how |= {"type": _whole if hint is int else hint, "metavar": USUAL_METAVARS[hint]}
    if metavar := field.metadata.get("metavar"):
        how["metavar"] = metavar
    if default not in (None, (), ""):
        about = f"{about} ({default})"
    parser.add_argument(f"--{name}", help=about, **how)


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
        one = values if isinstance(values, str) else tuple(values)
        setattr(namespace, self.dest, (*getattr(namespace, self.dest), one))
