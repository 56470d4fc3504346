"""Which moments of the source lie underneath each picture of the output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.editing.plan import EditPlan, Fill
from facedit.editing.planner import SILENT
from facedit.render.body import body_path
from facedit.types import Float64

FINE = 8
"""Samples of a body path per source frame."""

_SAME_S = 1e-6


@dataclass(frozen=True, slots=True)
class PictureTimes:
    """Source times of output pictures.

    Attributes:
        first_s: Source time of the picture, shape (F,).
        second_s: Source time of a second picture that is dissolved in, shape (F,).
        weight: Share of the second picture in [0, 1], 0 almost everywhere, shape (F,).
    """

    first_s: Float64
    second_s: Float64
    weight: Float64


@dataclass(frozen=True, slots=True)
class FinePath:
    """How the body moves during a fill, as curves over the time since its start.

    Attributes:
        elapsed_s: Seconds since the start of the fill, ascending, shape (n,).
        times: Source times and weights there.
    """

    elapsed_s: Float64
    times: PictureTimes

    def at(self, elapsed_s: Float64) -> PictureTimes:
        """Read the curves.

        ``elapsed_s``: seconds since the start of the fill, shape (F,). Returns source times and
        weights, shape (F,) each.
        """
        return PictureTimes(
            np.interp(elapsed_s, self.elapsed_s, self.times.first_s),
            np.interp(elapsed_s, self.elapsed_s, self.times.second_s),
            np.interp(elapsed_s, self.elapsed_s, self.times.weight),
        )


@dataclass(frozen=True, slots=True)
class SourcePaths:
    """Maps output times to source times.

    Attributes:
        plan: The plan.
        paths: Per fill, how the body moves during it; None for a deletion, and where it stays.
    """

    plan: EditPlan
    paths: tuple[FinePath | None, ...]

    def at(self, output_s: Float64) -> PictureTimes:
        """Return the source times of pictures of the output.

        ``output_s``: output times, shape (F,).
        """
        first = np.empty(len(output_s))
        second = np.empty(len(output_s))
        weight = np.zeros(len(output_s))
        starts = np.array([segment.output_start_s for segment in self.plan.segments])
        holder = np.clip(np.searchsorted(starts, output_s, side="right") - 1, 0, len(starts) - 1)
        fill_index = -1
        for index, segment in enumerate(self.plan.segments):
            here = holder == index
            since_s = output_s[here] - segment.output_start_s
            fill_index += isinstance(segment, Fill)
            path = self.paths[fill_index] if isinstance(segment, Fill) else None
            if path is None:
                first[here] = second[here] = segment.source_start_s + since_s
            else:
                times = path.at(since_s)
                first[here], second[here] = times.first_s, times.second_s
                weight[here] = times.weight
        for fill in self.plan.fills:
            if fill.kind == "delete":
                self._bridge(fill, output_s, first, second, weight)
        top_s = self.plan.source_duration_s
        return PictureTimes(np.clip(first, 0, top_s), np.clip(second, 0, top_s), weight)

    def _bridge(
        self, fill: Fill, output_s: Float64, first: Float64, second: Float64, weight: Float64
    ) -> None:
        """Lead the run before a cut into the run after it: both play on, the second fades in."""
        fills, at = self.plan.fills, self.plan.fills.index(fill)
        # A bridge never reaches into the new pictures of a neighbour.
        low_s = fills[at - 1].output_end_s if at else 0.0
        high_s = (*(one.output_start_s for one in fills), self.plan.output_duration_s)[at + 1]
        start_s = max(fill.output_start_s - self.plan.bridge_s, low_s)
        end_s = min(fill.output_end_s + self.plan.bridge_s, high_s)
        here = (output_s >= start_s) & (output_s < end_s)
        share = (output_s[here] - start_s) / (end_s - start_s)
        first[here] = fill.source_start_s + (output_s[here] - fill.output_start_s)
        second[here] = fill.source_end_s + (output_s[here] - fill.output_end_s)
        weight[here] = share**2 * (3 - 2 * share)


def source_paths(plan: EditPlan, cuts_s: tuple[float, ...] = ()) -> SourcePaths:
    """Choose how the body moves during each fill: as shot where nothing gets longer or shorter.

    ``cuts_s``: source times of shot cuts, which no other path may cross. Returns the map from
    output times to source times.
    """
    return SourcePaths(
        plan,
        tuple(
            None if fill.kind in SILENT or _as_long(fill) else _fine_path(fill, plan, cuts_s)
            for fill in plan.fills
        ),
    )


def _as_long(fill: Fill) -> bool:
    """Say whether a fill lasts as long as what it replaces."""
    return abs(fill.duration_s - (fill.source_end_s - fill.source_start_s)) < _SAME_S


def _fine_path(fill: Fill, plan: EditPlan, cuts_s: tuple[float, ...]) -> FinePath:
    """Sample a fill's body path so finely that straight lines between the samples are exact enough.

    Pictures and motion frames stand on different grids; both read the same curve.
    """
    fps = FINE * float(plan.frame_rate)
    removed = (fill.source_start_s, fill.source_end_s)
    path = body_path(removed, fill.duration_s, 0.0, plan.source_duration_s, fps, cuts_s)
    elapsed = np.arange(len(path.time_s)) / fps
    dissolves = bool(path.weight.any())
    last_s = float(path.time_s[-1]) if dissolves else fill.source_end_s
    return FinePath(
        np.append(elapsed, max(fill.duration_s, elapsed[-1] + 1e-6)),
        PictureTimes(
            np.append(path.time_s, last_s),
            np.append(path.second_s, fill.source_end_s),
            np.append(path.weight, path.weight[-1]),
        ),
    )
