"""Which groups of pictures no edit touches (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.media.smart.index import PacketIndex
from facedit.media.smart.kept import KeptPictures
from facedit.types import Int64

_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True)
class Copied:
    """A run of packets that is copied; the same numbers count its pictures in order of showing.

    Attributes:
        first: Its first packet.
        end: The packet after its last one.
        shift: Ticks by which its pictures come later in the output.
    """

    first: int
    end: int
    shift: int


def copied_runs(index: PacketIndex, kept: Sequence[KeptPictures]) -> tuple[Copied, ...]:
    """Find the packets that can be copied.

    A run begins where decoding can begin, and ends where nothing that was decoded is still to be
    shown: from the beginning of a group any part of it may be taken.

    Args:
        index: The source's packets.
        kept: The pictures that stay as they are, in order.

    Returns:
        Runs in order and apart.
    """
    cuts = index.cuts
    entries = np.flatnonzero(index.is_entry & cuts[:-1] & (index.pts == index.shown))
    ends = np.flatnonzero(cuts)
    times_s = index.shown * float(index.time_base)
    runs = []
    for run in kept:
        first, last = np.searchsorted(times_s, (run.start_s - _SLACK_S, run.end_s - _SLACK_S))
        at = np.searchsorted(entries, first)
        if at == len(entries):
            continue
        entry, end = int(entries[at]), int(ends[np.searchsorted(ends, last, side="right") - 1])
        if entry < end:
            runs.append(Copied(entry, end, round(run.shift_s / float(index.time_base))))
    return tuple(runs)


def decoding_lead(index: PacketIndex, runs: Sequence[Copied]) -> int:
    """Return how much earlier than its showing a picture must be decoded.

    Args:
        index: The source's packets.
        runs: Those that are copied.

    Returns:
        Ticks: the ``k``-th packet decoded, this much before the ``k``-th picture is shown, is
        decoded in time.
    """
    late: Int64 = index.shown - index.pts
    return max((int(late[run.first : run.end].max()) for run in runs), default=0)


def windows_between(
    index: PacketIndex, runs: Sequence[Copied], also: Sequence[tuple[float, float]] = ()
) -> tuple[tuple[float, float], ...]:
    """Return which parts of the source are decoded: what is not copied, and a picture around it.

    Args:
        index: The source's packets.
        runs: Those that are copied.
        also: Further parts in seconds, in order.

    Returns:
        Start and end in seconds, in order and apart.
    """
    shown_s = np.append(index.shown, index.end) * float(index.time_base)
    places = [0, *(place for run in runs for place in (run.first, run.end)), len(index.pts)]
    gaps = [
        (float(shown_s[start]), float(shown_s[end]))
        for start, end in zip(places[::2], places[1::2], strict=True)
        if start < end
    ]
    merged: list[tuple[float, float]] = []
    for start_s, end_s in sorted([*gaps, *also]):
        before = max(int(np.searchsorted(shown_s, start_s - _SLACK_S)) - 1, 0)
        behind = min(int(np.searchsorted(shown_s, end_s - _SLACK_S)) + 1, len(shown_s) - 1)
        first_s, last_s = float(shown_s[before]), float(shown_s[behind])
        if merged and first_s <= merged[-1][1]:
            first_s, reached_s = merged.pop()
            last_s = max(last_s, reached_s)
        merged.append((first_s, last_s))
    return tuple(merged)
