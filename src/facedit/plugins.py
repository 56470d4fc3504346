"""Parts that can be exchanged, by name: those built in, and those that others have installed.

Another distribution offers a part as an entry point (``importlib.metadata``): its name is what the
user calls the part, its object makes it. Nothing is imported before somebody asks for it by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from facedit.errors import BadPlugin, FaceditError, UsageError

Part = TypeVar("Part")


@dataclass(frozen=True)
class Registry(Generic[Part]):
    """The one table of a kind of part.

    Attributes:
        kind: What such a part is called.
        group: Group of the entry points that offer one.
        interface: The Protocols of which each implements one.
        built_in: Where the makers of our own parts are (``module:attribute``), by name. Others
            cannot take these names.
    """

    kind: str
    group: str
    interface: type[object] | tuple[type[object], ...]
    built_in: Mapping[str, str]

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a part of a name."""
        return name in self.built_in or name in self.others()

    def names(self) -> tuple[str, ...]:
        """List all parts, our own first."""
        return (*self.built_in, *self.others())

    def others(self) -> tuple[str, ...]:
        """List the parts that other distributions offer."""
        offered = entry_points(group=self.group).names
        return tuple(sorted(offered - self.built_in.keys()))

    def make(self, name: str, *arguments: object) -> Part:
        """Make a part; makers of its kind are called with the arguments.

        BadPlugin is raised if somebody else's cannot be imported or made, or is no such part;
        UsageError if there is none; what its maker has to say to the user passes through.
        """
        entry = self.find(name)
        if name in self.built_in:
            return cast(Part, entry.load()(*arguments))
        try:
            part = entry.load()(*arguments)
        except FaceditError:
            raise
        except Exception as error:  # anything may happen in somebody else's code
            raise BadPlugin(
                f"{self._of(entry)} cannot be used ({describe_error(error)})."
            ) from error
        if not isinstance(part, self.interface):
            kinds = self.interface if isinstance(self.interface, tuple) else (self.interface,)
            named = " or ".join(kind.__name__ for kind in kinds)
            raise BadPlugin(f"{self._of(entry)} is no {named}.")
        return cast(Part, part)

    def find(self, name: str) -> EntryPoint:
        """Find what makes a part, without importing it.

        UsageError is raised if no part has that name, BadPlugin if two distributions offer it.
        """
        if name in self.built_in:
            return EntryPoint(name, self.built_in[name], self.group)
        found = tuple(entry_points(group=self.group, name=name))
        if not found:
            raise UsageError(f"no {self.kind} is named {name}: choose {', '.join(self.names())}.")
        if len(found) > 1:
            raise BadPlugin(f"{' and '.join(map(self._of, found))}: remove one of them.")
        return found[0]

    def _of(self, entry: EntryPoint) -> str:
        """Say what an entry point offers, and whose it is."""
        owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "another distribution"
        return f"the {self.kind} {entry.name} of {owner}"


def describe_error(error: Exception) -> str:
    """Name an error that somebody else's code raised."""
    return f"{type(error).__name__}: {error}"
