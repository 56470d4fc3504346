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


@dataclass(frozen=True, slots=True)
class Order:
    """Packets in the order of decoding, leading pictures in front of their key picture.

    A leading picture comes behind a key picture and is shown before it. In this order a run may
    begin with the key picture and leave them out, and has as many packets as pictures.

    Attributes:
        pts: Presentation times in that order, in ticks, shape (F,).
        entries: Where a run may begin.
        ends: Where one may end.
        places: Of each packet in the order of decoding its place in this one, shape (F,).
    """

    pts: Int64
    entries: Int64
    ends: Int64
    places: Int64

    @classmethod
    def of(cls, index: PacketIndex) -> Order:
        """Find the order of a source's packets."""
        count = len(index.pts)
        numbers = np.arange(count)
        key = np.maximum.accumulate(np.where(index.is_entry, numbers, -1))
        leading = (key >= 0) & (index.pts < index.pts[key])
        order = np.lexsort((numbers, ~leading, key))
        places = np.empty(count, np.int64)
        places[order] = numbers
        pts = index.pts[order]
        before = np.maximum.accumulate(pts)[:-1]
        behind = np.minimum.accumulate(pts[::-1])[::-1][1:]
        # The place k lies in front of the packet k: all before it is shown before all behind it.
        cuts = np.concatenate([[True], before < behind, [True]])
        entries = np.flatnonzero(index.is_entry[order] & cuts[:-1] & (pts == np.sort(pts)))
        # A leading picture is not decoded without the key picture that stands behind it here.
        ends = np.flatnonzero(cuts & ~np.concatenate([[False], leading[order]]))
        return cls(pts, entries, ends, places)


def copied_runs(index: PacketIndex, kept: Sequence[KeptPictures]) -> tuple[Copied, ...]:
    """Find the packets that can be copied.

    A run begins where decoding can begin, and ends where nothing that was decoded is still to be
    shown: from the beginning of a group any part of it may be taken.

    ``index``: the source's packets; ``kept``: the pictures that stay as they are, in order. Returns
    runs in order and apart, in the places of ``Order``.
    """
    order = Order.of(index)
    times_s = index.shown * float(index.time_base)
    runs = []
    for run in kept:
        first, last = np.searchsorted(times_s, (run.start_s - _SLACK_S, run.end_s - _SLACK_S))
        at = np.searchsorted(order.entries, first)
        if at == len(order.entries):
            continue
        entry = int(order.entries[at])
        end = int(order.ends[np.searchsorted(order.ends, last, side="right") - 1])
        if entry < end:
            runs.append(Copied(entry, end, round(run.shift_s / float(index.time_base))))
    return tuple(runs)


def decoding_lead(index: PacketIndex, runs: Sequence[Copied]) -> int:
    """Return how much earlier than its showing a picture must be decoded.

    ``index``: the source's packets; ``runs``: those that are copied. Returns ticks: the ``k``-th
    packet decoded, this much before the ``k``-th picture is shown, is decoded in time.
    """
    places, shown = Order.of(index).places, index.shown
    lead = 0
    for run in runs:
        inside = (places >= run.first) & (places < run.end)
        lead = max(lead, int((shown[run.first : run.end] - index.pts[inside]).max()))
    return lead


def windows_between(
    index: PacketIndex, runs: Sequence[Copied], also: Sequence[tuple[float, float]] = ()
) -> tuple[tuple[float, float], ...]:
    """Return which parts of the source are decoded: what is not copied, and a picture around it.

    ``index``: the source's packets; ``runs``: those that are copied; ``also``: further parts in
    seconds, in order. Returns start and end in seconds, in order and apart.
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
