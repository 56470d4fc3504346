"""What is said of a batch beside its list."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedit.errors import UsageError
from facedit.scale.workers import Workers


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a list, each worked on by a call of its own.

    Attributes:
        number: Which part, from 1.
        count: How many parts there are.
    """

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``I/N``; UsageError if it means nothing."""
        number, slash, count = text.strip().partition("/")
        if not (slash and number.isdecimal() and count.isdecimal() and len(text) < 20):
            raise UsageError(f"--shard {text[:40]!r}: give I/N, as 3/40.")
        if not 1 <= int(number) <= int(count):
            raise UsageError(f"--shard {text}: shards count from 1/{count} to {count}/{count}.")
        return cls(int(number), int(count))

    def __str__(self) -> str:
        """Return the option that means this shard."""
        return f"{self.number}/{self.count}"


def _processes(text: str) -> Workers:
    workers = Workers.parse(text)
    if workers.backend == "ray":
        raise UsageError(f"--workers {text}: a batch takes a number; --shard spreads it further.")
    return workers


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How a list is worked on.

    Attributes:
        workers: Processes on this machine; what comes out does not depend on it.
        shard: Only part I of N of the list, for as many machines or jobs of a cluster; all items of
            one clip are in one part.
        dry_run: Only say what each item would do.
        force: Replace outputs that are not of the items as they stand.
    """

    workers: Workers = field(
        default_factory=Workers, metadata={"metavar": "N", "parse": _processes}
    )
    shard: Shard = field(default_factory=Shard, metadata={"metavar": "I/N", "parse": Shard.parse})
    dry_run: bool = False
    force: bool = False
