"""What is said of a batch beside its list."""

from __future__ import annotations

import re
import signal
import sys
from dataclasses import dataclass, field

from facedit.errors import UsageError
from facedit.scale.workers import Workers

MOST_RETRIES = 10


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


_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_BYTES = {"M": 2**20, "G": 2**30}


def _seconds(text: str) -> float:
    return _measured(text, _SECONDS, "--timeout", "seconds, or 90s, 20m, 1h")


def _bytes(text: str) -> int:
    return round(_measured(text, _BYTES, "--memory", "a size, as 800M or 4G"))


def _measured(text: str, units: dict[str, int], option: str, hint: str) -> float:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([a-zA-Z]?)", text.strip())
    if found is None or found[2] not in units or not float(found[1]):
        raise UsageError(f"{option} {text[:40]!r}: give {hint}.")
    return float(found[1]) * units[found[2]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What an item may take of the worker that makes it.

    Attributes:
        timeout_s: Seconds; None for no limit.
        memory_bytes: Memory of the worker; None for no limit.
    """

    timeout_s: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How a list is worked on.

    Attributes:
        workers: N processes on this machine, ray:N, or ray:ADDRESS of a cluster that shares the
            files; what comes out does not depend on it.
        shard: Only part I of N of the list, for as many machines or jobs of a cluster; all items of
            one clip are in one part.
        retries: How often an item is tried again whose worker died or took too long, or for which
            the disk was full, after 2, 4, 8, ... seconds; other failures are final.
        timeout: What an item may take, as 90s, 20m or 1h: its worker is ended then.
        memory: What a worker may take, as 4G (on Linux).
        dry_run: Only say what each item would do, and how long it may take.
        force: Replace outputs that are not of the items as they stand.
    """

    workers: Workers = field(
        default_factory=Workers, metadata={"metavar": "N|ray:...", "parse": Workers.parse}
    )
    shard: Shard = field(default_factory=Shard, metadata={"metavar": "I/N", "parse": Shard.parse})
    retries: int = 1
    timeout: float | None = field(default=None, metadata={"metavar": "TIME", "parse": _seconds})
    memory: int | None = field(default=None, metadata={"metavar": "SIZE", "parse": _bytes})
    dry_run: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        """Check the numbers, else ``UsageError``."""
        if not 0 <= self.retries <= MOST_RETRIES:
            raise UsageError(f"--retries {self.retries}: choose 0 to {MOST_RETRIES}.")
        if self.timeout is not None and not hasattr(signal, "setitimer"):
            raise UsageError("--timeout: this system has no timers that end a process.")
        if self.memory is not None and sys.platform != "linux":
            raise UsageError("--memory: only Linux limits the memory of a process.")

    @property
    def limits(self) -> Limits:
        """What an item may take."""
        return Limits(self.timeout, self.memory)

    @property
    def staff(self) -> Workers:
        """Who works: what is limited is a process, so that this one never works then itself."""
        if self.limits != Limits() and self.workers.backend == "here":
            return Workers("processes", 1)
        return self.workers
