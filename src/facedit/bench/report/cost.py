"""What it cost: kept apart from the results, because no two runs take the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facedit.bench.items import Bench, Track
from facedit.bench.record import Record
from facedit.bench.report.slices import TRACKS

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
    """Add up costs.

    ``systems``: systems in the order to show them.
    Returns costs per track and system that timed anything. Stages are in alphabetical order.
    """
    track_of = {item.id: item.track for item in bench.items}
    found: list[Cost] = []
    for track in TRACKS:
        for system in systems:
            timed = [
                record.cost
                for record in records
                if record.system == system
                and record.status == "done"
                and record.cost
                and track_of.get(record.item) == track
            ]
            if not timed:
                continue
            names = sorted({name for cost in timed for name in cost} - {FILL, PEAK})
            stages = {name: sum(cost.get(name, 0.0) for cost in timed) for name in names}
            fill_s = sum(cost.get(FILL, 0.0) for cost in timed)
            peak = max(cost.get(PEAK, 0.0) for cost in timed)
            found.append(Cost(track, system, len(timed), stages, fill_s, peak))
    return found
