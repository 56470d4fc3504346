"""How a benchmark is run and proven; nothing heavy, for the command line reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from facedit.errors import UsageError
from facedit.inputs import check_seed
from facedit.progress import OnProgress
from facedit.scale.workers import Workers

Track = Literal["reconstruct", "edit", "generate"]
"""What a system is given: all but a span, new words, or a picture."""

ALL_SYSTEMS = (
    "truth,ours,ours-mean,ours-sample,ours-deaf,ours-alone,ours-wrong,hold,line,cut,ridge,retrieval"
)


def parse_limit(text: str) -> dict[str, int]:
    """Read the most items by track; a bare number is for all tracks; else ``UsageError``."""
    limits: dict[str, int] = {}
    for part in text.split(","):
        track, equals, count = part.rpartition("=")
        names = (track,) if equals else get_args(Track)
        if not count.isdecimal() or int(count) < 1 or not set(names) <= set(get_args(Track)):
            raise UsageError(f"--limit {text}: give a number, or TRACK=N,TRACK=N.")
        limits |= dict.fromkeys(names, int(count))
    return limits


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """Where clips are found, and whether results may be written anew.

    Attributes:
        clips: The clips' folder; where the benchmark says unless given.
        force: Replace what is there.
    """

    clips: Path | None = field(default=None, metadata={"metavar": "DIR"})
    force: bool = False


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a benchmark is run.

    Attributes:
        systems: Names by comma; NAME=ours:FIELD=VALUE and NAME=videos:DIR make further ones.
        clips: The clips' folder; where the benchmark says unless given.
        workers: 1: this process; N: processes; ray, ray:N: a Ray cluster of its own; ray:ADDRESS:
            join one.
        takes: Versions of the motion, where a system draws lots: what diversity is measured on.
        reference: What others are compared with.
        tracks: Only these.
        limits: At most N items per track, evenly spread.
        selfcheck_items: Items on which the measures prove themselves before a table is printed.
        judges: Official files of SyncNet, ArcFace, LPIPS, FVD and FID, for their figures too: a
            folder that holds them, or each by name; none unless given.
        force: Throw an earlier run of other settings away.
        on_progress: Told of every item that is done.
        device: Where networks compute: auto, cpu, cuda or mps.
        command: The command line, for the page.
    """

    systems: str = field(default=ALL_SYSTEMS, metadata={"metavar": "A,B,…"})
    clips: Path | None = field(default=None, metadata={"metavar": "DIR"})
    workers: Workers = field(
        default_factory=Workers, metadata={"metavar": "N|ray|ray:ADDRESS", "parse": Workers.parse}
    )
    takes: int = 3
    reference: str = field(default="ours", metadata={"metavar": "NAME"})
    tracks: tuple[Track, ...] = ()
    limits: Mapping[str, int] = field(
        default_factory=dict,
        metadata={"metavar": "N|TRACK=N,…", "flag": "--limit", "parse": parse_limit},
    )
    selfcheck_items: int = 24
    judges: str = field(default="", metadata={"metavar": "FOLDER|NAME=FILE,…"})
    force: bool = False
    on_progress: OnProgress | None = None
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})
    command: str = ""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How the measures are proven.

    Attributes:
        items: Items to prove them on, at most.
        seed: Seed of the sample and of what is random.
        workers: 1: this process; N: processes; ray, ray:N: a Ray cluster of its own; ray:ADDRESS:
            join one.
        device: Where networks compute: auto, cpu, cuda or mps.
        on_progress: Told of every item that is done.
    """

    items: int = 24
    seed: int = 0
    workers: Workers = field(
        default_factory=Workers, metadata={"metavar": "N|ray|ray:ADDRESS", "parse": Workers.parse}
    )
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})
    on_progress: OnProgress | None = None

    def __post_init__(self) -> None:
        """Check the seed; UsageError if it is none."""
        check_seed(self.seed)
