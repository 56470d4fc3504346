"""Reading JSON that people wrote: every mistake is named by its path in the document."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from facedit.errors import BadEdit
from facedit.inputs import check_text, parse_json


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a JSON document and where it stands, e.g. ``edits[1].new``."""

    value: object
    path: str

    def says(self, problem: str) -> str:
        """Return the message of what is wrong with this value: ``problem`` follows its path."""
        return f"Edit script: {self.path or 'the document'}: {problem}."

    def child(self, name: str) -> Node:
        """Return a member that must be there: BadEdit if it is missing."""
        members = self._object()
        if name not in members:
            raise BadEdit(self.says(f"'{name}' is missing"))
        return Node(members[name], f"{self.path}.{name}".lstrip("."))

    def optional(self, name: str) -> Node | None:
        """Return a member if it is there and not null."""
        return self.child(name) if self._object().get(name) is not None else None

    def only(self, known: Iterable[str]) -> None:
        """Raise BadEdit if the object has a member of another name (a typing mistake)."""
        names = sorted(known)
        for name in self._object():
            if name not in names:
                raise BadEdit(self.says(f"'{name}' is not known here (known: {', '.join(names)})"))

    def items(self) -> list[Node]:
        """Return the items of a list; ``BadEdit`` if it is something else."""
        if not isinstance(self.value, list):
            raise BadEdit(self.says(f"expected a list, got {_kind(self.value)}"))
        return [Node(value, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def text(self) -> str:
        """Return a text; ``BadEdit`` if it is something else or over a limit."""
        if not isinstance(self.value, str):
            raise BadEdit(self.says(f"expected text, got {_kind(self.value)}"))
        check_text(self.value, f"Edit script: {self.path}", BadEdit)
        return self.value

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """Return a finite number within limits; BadEdit if it is something else."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise BadEdit(self.says(f"expected a number, got {_kind(self.value)}"))
        number = float(self.value)
        if not low <= number <= high:
            raise BadEdit(self.says(f"{number:g} is not between {low:g} and {high:g}"))
        return number

    def index(self, high: int) -> int:
        """Return a whole number from 0 to ``high``; BadEdit if it is something else."""
        number = self.number(0, high)
        if number != int(number):
            raise BadEdit(self.says(f"expected a whole number, got {number:g}"))
        return int(number)

    def members(self) -> dict[str, object]:
        """Return a copy of an object's members."""
        return dict(self._object())

    def _object(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            raise BadEdit(self.says(f"expected an object, got {_kind(self.value)}"))
        return self.value


def parse(text: str) -> Node:
    """Return the root of a JSON document; BadEdit if it is no JSON of sensible values."""
    return Node(parse_json(text, "Edit script", BadEdit), "")


def _kind(value: object) -> str:
    """Name the kind of a JSON value as JSON does."""
    if value is None:
        return "null"
    names = {bool: "true/false", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
