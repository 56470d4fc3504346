"""What an evaluation measures, and how; nothing heavy, for the command line reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facedit.errors import UsageError
from facedit.inputs import check_seed

SPANS = (8, 14, 20, 40)
PROTOCOLS = {"edit": ("lips", True), "lips": ("lips", False), "all dims": ("all_dims", False)}
"""What is hidden, and whether face and head are shown as shot to other words: in an edit they are,
and a method that reads the old words from them would look better than it is."""

SPANS_PART = "spans"
STUDIES = (CLOSURES, ROUNDING, STILLNESS, DRIFT) = ("closures", "rounding", "stillness", "drift")
PARTS = (SPANS_PART, *STUDIES)
"""What can be measured: how well spans are drawn, and how the drawn lips behave."""

INNER = ("spans", "protocols", "most_clips")
"""Fields that the command line leaves as they are."""


def _parts(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What is measured, and how.

    Attributes:
        weights: Motion weights: name or file.
        device: Where networks compute: auto, cpu, cuda or mps.
        seed: Seed of the sampler.
        force: Replace an output that exists.
        split: Which clips are measured.
        spans: Lengths of hidden spans in frames.
        protocols: Keys of ``PROTOCOLS``.
        most_clips: Most clips per corpus; all if None.
        parts: What to measure.
        footage: What was prepared (folder or manifest): measure lips on m, b, p and in silence
            too.
        transcripts: What is said in the footage; files beside the clips unless given.
        spans_per_clip: Hide up to N spans of each length, spread over a clip, one at a time (few
            fit into most clips); 1 is the middle one.
    """

    weights: str | Path = field(default="default", metadata={"metavar": "NAME|FILE"})
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})
    seed: int = 0
    force: bool = False
    split: str = field(default="dev", metadata={"metavar": "NAME"})
    spans: Sequence[int] = SPANS
    protocols: Sequence[str] = tuple(PROTOCOLS)
    most_clips: int | None = None
    parts: Sequence[str] = field(default=PARTS, metadata={"metavar": "LIST", "parse": _parts})
    footage: Path | None = field(default=None, metadata={"metavar": "CLIPS"})
    transcripts: Path | None = field(default=None, metadata={"metavar": "TABLE|DIR"})
    spans_per_clip: int = 4

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: If something cannot be measured.
        """
        if unknown := [part for part in self.parts if part not in PARTS]:
            raise UsageError(f"{unknown[0]!r} cannot be measured; choose of {', '.join(PARTS)}.")
        if self.spans_per_clip < 1:
            raise UsageError(f"--spans-per-clip is {self.spans_per_clip}; it must be at least 1.")
        check_seed(self.seed)
