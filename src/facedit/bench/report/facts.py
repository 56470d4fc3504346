"""What the caller tells the report about a run, and what it cost.

Costs are kept apart from the results, because no two runs take the same time.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facedit.bench.items import Bench, Track
from facedit.bench.record import Record
from facedit.bench.report.result_tables import TRACKS

FILL, PEAK = "fill_s", "peak_mib"

MEASURING = ("looking", "measuring")
"""Stages that are the benchmark's own work and no cost of a system."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a system cost on a track.

    Attributes:
        items: Items that were done and timed.
        stages: Seconds by stage over all items.
        fill_s: Seconds of new pictures over all items.
        peak_mib: Largest memory of a process in MiB; 0 if not known.
    """

    track: Track
    system: str
    items: int
    stages: Mapping[str, float]
    fill_s: float
    peak_mib: float

    @property
    def total_s(self) -> float:
        """Seconds over all items and stages but those of measuring."""
        return sum(spent for stage, spent in self.stages.items() if stage not in MEASURING)

    @property
    def per_item_s(self) -> float:
        """Seconds per item."""
        return self.total_s / self.items

    @property
    def per_fill_s(self) -> float | None:
        """Seconds per second of new pictures; None where none were made."""
        return self.total_s / self.fill_s if self.fill_s > 0 else None


def costs(bench: Bench, records: Sequence[Record], systems: Sequence[str]) -> list[Cost]:
    """Add up costs per track and system that timed anything; stages are in alphabetical order."""
    track_of = {item.id: item.track for item in bench.items}
    timed: dict[tuple[Track | None, str], list[Mapping[str, float]]] = {}
    for record in records:
        if record.status == "done" and record.cost:
            where = (track_of.get(record.item), record.system)
            timed.setdefault(where, []).append(record.cost)
    return [
        _cost(track, system, spent)
        for track, system in itertools.product(TRACKS, systems)
        if (spent := timed.get((track, system)))
    ]


def _cost(track: Track, system: str, spent: Sequence[Mapping[str, float]]) -> Cost:
    """Add up what the items cost."""
    total = {
        name: sum(cost.get(name, 0.0) for cost in spent) for name in sorted(set().union(*spent))
    }
    fill_s, _ = total.pop(FILL, 0.0), total.pop(PEAK, None)
    peak = max(cost.get(PEAK, 0.0) for cost in spent)
    return Cost(track, system, len(spent), total, fill_s, peak)


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
        judged: What the judges of published tables are and say over all items, a line each.
        command: The command line; only on the page, for it says how many processes ran.
        date: When it ran; only on the page.
        machine: What it ran on, by name; only on the page and in the cost tables.
        unproven: Measures that did not prove themselves and are left out, and why.
        clips: Folder of the clips, to show the source beside edits; None if it is not at hand.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    selfcheck: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()
    systems: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    date: str = ""
    machine: Mapping[str, str] = field(default_factory=dict)
    unproven: Mapping[str, str] = field(default_factory=dict)
    clips: Path | None = None

    @property
    def entries(self) -> list[tuple[str, str]]:
        """What the page says of the run, as far as it is known."""
        named = {"date": self.date, "command": self.command, "seed": str(self.seed)}
        named |= {**self.versions, **self.machine}
        named |= {f"weights: {name}": value for name, value in self.weights.items()}
        return [(name, value) for name, value in named.items() if value]

    def to_dict(self) -> dict[str, object]:
        """Return what is the same in every run of the same thing, as JSON-ready data."""
        versions, weights = (dict(sorted(one.items())) for one in (self.versions, self.weights))
        return {
            "versions": versions, "weights": weights, "seed": self.seed,
            "selfcheck": list(self.selfcheck), "judged": list(self.judged),
            "systems": dict(self.systems),
        }  # fmt: skip
