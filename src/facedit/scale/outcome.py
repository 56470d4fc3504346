"""What becomes of one item, wherever it is worked on."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from facedit.errors import one_line

Item = TypeVar("Item")
Result = TypeVar("Result")

DIED = "WorkerDied"
"""Kind of the failure of an item whose worker ended (killed, out of memory, crashed)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item has no result: the exception's name or ``WorkerDied``, and its message."""

    kind: str
    message: str

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.kind}: {self.message}" if self.message else self.kind


Done = Callable[[int, Item, Result | Failure], None]
"""Takes the number of an item, the item, and its result or failure."""

Maker = Callable[[], Callable[[Item], Result]]
"""Loads what a worker needs once and returns the function that handles items."""


def attempt(handle: Callable[[Item], Result], item: Item) -> Result | Failure:
    """Handle an item; what it raises is its outcome and ends nothing else."""
    try:
        return handle(item)
    except (Exception, SystemExit) as error:
        return failure_of(error)


def failure_of(error: BaseException) -> Failure:
    """Return the failure that an exception means."""
    return Failure(type(error).__name__, one_line(str(error)))


def sendable(error: Exception) -> Exception:
    """Return an error as it is if it survives the way between processes, else its text."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(str(failure_of(error)))
    return error


def raise_again(error: Exception) -> NoReturn:
    """Raise here what was raised in a worker."""
    raise error
