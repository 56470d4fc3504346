"""Who does the work: the value of ``--workers``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facedit.device import cores
from facedit.errors import UsageError

MOST = 1024
"""Largest number of workers that is no slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Where items are worked on. What comes out does not depend on it.

    Attributes:
        backend: ``here`` is the calling process, ``processes`` are local ones, ``ray`` a cluster.
        count: Number of workers; None for all of a cluster's cores.
        address: Address of a Ray cluster that runs already; empty to start one on this machine.
    """

    backend: Literal["here", "processes", "ray"] = "here"
    count: int | None = 1
    address: str = ""

    @classmethod
    def parse(cls, text: str) -> Workers:
        """Read the option; UsageError if it means nothing.

        ``N``, ``ray`` (one worker per core of this machine), ``ray:N``, or ``ray:ADDRESS`` such as
        ``ray:auto`` or ``ray:10.0.0.1:6379`` (all its cores).
        """
        name, colon, rest = text.strip().partition(":")
        if name == "ray":
            if not rest:
                if colon:
                    raise UsageError(_wrong(text))
                return cls("ray", cores())
            return cls("ray", _count(rest, text)) if rest.isdecimal() else cls("ray", None, rest)
        if colon or not name.isdecimal():
            raise UsageError(_wrong(text))
        count = _count(name, text)
        return cls("here" if count == 1 else "processes", count)

    def __str__(self) -> str:
        """Return the option that means these workers."""
        if self.backend == "ray":
            return f"ray:{self.address or self.count}"
        return str(self.count)


def _count(digits: str, text: str) -> int:
    count = int(digits[:9])
    if not 1 <= count <= MOST:
        raise UsageError(f"--workers {text}: 1 to {MOST} workers, not {count}.")
    return count


def _wrong(text: str) -> str:
    return f"--workers {text!r}: give a number, ray, ray:N or ray:ADDRESS."
