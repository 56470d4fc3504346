"""Which system is better: the best of a column, and each against the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from facedit.bench.items import Track
from facedit.bench.record import Record
from facedit.evaluation.measure import Measure, Sums
from facedit.evaluation.stats import Estimate, Paired, holm, paired

TRUTH = "truth"
"""Name of the system that shows the clip itself."""

SIGNIFICANT = 0.05
"""Largest p after correction at which a difference is called clear."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A system against the reference on the same items of a track.

    Attributes:
        p_holm: Its p after Holm, over all systems on this measure and track.
        verdict: ``better`` or ``worse`` where that is clear at 5 %, else empty.
    """

    track: Track
    measure: str
    system: str
    difference: Paired
    p_holm: float
    verdict: str


def sums_of(
    records: Mapping[str, Record], items: Sequence[str], measure: Measure
) -> dict[str, Sums]:
    """Return a measure's sums of the items that are done, in the order of the items."""
    return {
        item: record.sums[measure.sums]
        for item in items
        if (record := records.get(item)) and record.status == "done" and measure.sums in record.sums
    }


def badness(measure: Measure, value: float) -> float:
    """Return how bad a value is, so that lower is better; NaN where no way is better."""
    return {
        "lower": value,
        "higher": -value,
        "one": abs(value - 1),
        "zero": abs(value),
        "none": float("nan"),
    }[measure.better]


def best_systems(measure: Measure, rows: Mapping[str, Mapping[str, Estimate]]) -> list[str]:
    """Name the best systems of a column: several if they look the same as it is printed.

    The truth takes no part, nor does a system that was not measured on as many items as the
    others: what it left out may have been the hard ones. Where all are the same, none is best.
    """
    cells = {s: row[measure.name] for s, row in rows.items() if s != TRUTH and measure.name in row}
    if measure.better == "none" or len(cells) < 2:
        return []
    most = max(cell.items for cell in cells.values())
    scores = {
        system: badness(measure, round(cell.value, measure.digits))
        for system, cell in cells.items()
        if cell.items == most
    }
    lowest = min(scores.values())
    best = [system for system, score in scores.items() if score <= lowest + 1e-12]
    return best if len(best) < len(scores) or len(scores) == 1 else []


def compare(
    track: Track,
    measure: Measure,
    sums: Mapping[str, Mapping[str, Sums]],
    reference: str,
    clip_of: Mapping[str, str],
    draws: int,
    seed: int,
) -> list[Contrast]:
    """Compare every system with the reference on the items that both have, in their order."""
    theirs = sums.get(reference, {})
    made: list[tuple[str, Paired]] = []
    for system, own in sums.items():
        both = [item for item in own if item in theirs]
        if system == reference or not both:
            continue
        a, b = ({item: side[item] for item in both} for side in (own, theirs))
        difference = paired(measure, a, b, clip_of, draws=draws, seed=seed)
        if isfinite(difference.value):
            made.append((system, difference))
    corrected = holm([difference.p for _, difference in made])
    return [
        Contrast(track, measure.name, system, difference, p, verdict(measure, difference.value, p))
        for (system, difference), p in zip(made, corrected, strict=True)
    ]


def verdict(measure: Measure, difference: float, p: float) -> str:
    """Say whether a difference to the reference is ``better`` or ``worse``, or empty if not clear.

    Nor has a measure near 1 such a way: of two values on either side the larger is not better.
    """
    if measure.better not in ("lower", "higher") or not p < SIGNIFICANT or difference == 0:
        return ""
    return "better" if (difference < 0) == (measure.better == "lower") else "worse"
