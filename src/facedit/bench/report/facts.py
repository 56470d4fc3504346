"""What the caller tells the report about a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Facts about a run that its records do not hold.

    Attributes:
        versions: Versions by name, e.g. ``facedit`` and ``torch``.
        weights: Hashes of weights by name.
        seed: Seed of the run.
        selfcheck: Lines of the self-check, one a check.
        systems: Systems in the order to show them, each with a sentence about it. Those that are
            not named follow by name.
        command: The command line; only on the page, for it says how many processes ran.
        date: When it ran; only on the page.
        machine: What it ran on, by name; only on the page and in the cost tables.
        clips: Folder of the clips, to show the source beside edits; None if it is not at hand.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    selfcheck: tuple[str, ...] = ()
    systems: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    date: str = ""
    machine: Mapping[str, str] = field(default_factory=dict)
    clips: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what is the same in every run of the same thing, as JSON-ready data."""
        return {
            "versions": dict(sorted(self.versions.items())),
            "weights": dict(sorted(self.weights.items())),
            "seed": self.seed,
            "selfcheck": list(self.selfcheck),
            "systems": dict(self.systems),
        }
