"""The few measures that stand for a track where not all can be shown."""

from __future__ import annotations

from collections.abc import Sequence

from facedit.bench.items import Track
from facedit.evaluation.measure import DRAWN, Measure

MOST, FEWEST = 7, 4

_PREFERRED: dict[Track, tuple[str, ...]] = {
    "reconstruct": (
        "lip_opening_error", "lip_opening_r", "av_sync_d", "stlpips_mouth", "seam_motion_jump",
        "seam_picture_jump", "lip_speed",
    ),
    "edit": (
        "av_sync_d", "phone_r", "seam_motion_jump", "seam_picture_jump", "identity_distance",
        "av_sync_c", "lip_speed_own",
    ),
    "generate": (
        "lip_opening_error", "lip_opening_r", "av_sync_d", "identity_distance", "av_sync_c",
        "lip_speed", "silence_lip_ratio",
    ),
}  # fmt: skip
"""Names, most telling first. Where hardly any is there, measures that tell better from worse take
their places in their own order, a group at a time."""


def is_drawn(measure: Measure) -> bool:
    """Tell whether a measure is of motion before rendering."""
    return measure.name.startswith(DRAWN)


def main_measures(
    track: Track, measures: Sequence[Measure], *, drawn: bool = False
) -> list[Measure]:
    """Choose a track's main measures: at most ``MOST`` of them, the most telling first.

    ``measures``: measures that the track has figures of; ``drawn``: choose among those of motion
    before rendering; else among those of videos.
    """
    judged = {m.name: m for m in measures if m.better != "none" and is_drawn(m) == drawn}
    names = (DRAWN + name if drawn else name for name in _PREFERRED[track])
    chosen = [judged[name] for name in names if name in judged]
    rest = [measure for measure in judged.values() if measure not in chosen]
    while rest and len(chosen) < FEWEST:
        groups = [measure.group for measure in chosen]
        rest.sort(key=lambda m: groups.count(m.group))
        chosen.append(rest.pop(0))
    return chosen[:MOST]
