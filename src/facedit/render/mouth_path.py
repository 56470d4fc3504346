"""Choose a path through a bank's frames: alike at every moment, smooth from moment to moment.

A Viterbi search. Every frame of the output has a cost for every frame of the bank (how different
the shapes are, how blurred the picture is); going from one bank frame to the next costs in
proportion to how different the two are, and nothing if they follow each other in the clip. To stay
on one frame is free for a few output frames and costs more the longer it lasts, because a mouth's
inside that stands still while the lips move looks dead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.types import Float32, Float64

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PathCosts:
    """Weights of the search.

    Attributes:
        transition: Cost of a jump per unit of descriptor distance.
        max_hold: Output frames for which one bank frame may stay at no cost.
        hold: Cost of every further output frame on the same bank frame.
        candidates: Bank frames considered for each output frame (the cheapest).
    """

    transition: float = 0.5
    max_hold: int = 3
    hold: float = 0.6
    candidates: int = 40


def transition_costs(descriptors: Float32, times_s: Float64, weight: float) -> Float64:
    """Return what it costs to go from each frame of the bank to each other, shape (n, n).

    From row to column; 0 to itself and to the frame that follows, else ``weight`` per unit of
    distance of the descriptors (n, C). Times (n,) ascend.
    """
    points = descriptors.astype(np.float64)
    squares = (points**2).sum(axis=1)
    squared = squares[:, None] + squares - 2.0 * points @ points.T
    costs = weight * np.sqrt(np.maximum(squared, 0.0))
    np.fill_diagonal(costs, 0.0)
    if len(times_s) > 1:
        steps = np.diff(times_s)
        follows = np.flatnonzero(steps <= 1.6 * float(np.min(steps)) + 1e-9)
        costs[follows, follows + 1] = 0.0
    return np.asarray(costs, np.float64)


def best_path(unary: Float64, transition: Float64, costs: PathCosts) -> Indices:
    """Find the cheapest path: the bank frame of each output frame, shape (F,).

    ``unary`` (F, n) is the cost of each bank frame at each output frame, infinite where forbidden,
    ``transition`` (n, n) as ``transition_costs`` gives it.
    """
    frames, count = unary.shape
    keep = min(costs.candidates, count)
    chosen = np.argsort(unary, axis=1, kind="stable")[:, :keep]
    runs = costs.max_hold
    # best[c, r]: cheapest way to stand on candidate c for r + 1 frames (the last r: or longer).
    best = np.full((keep, runs), np.inf)
    best[:, 0] = unary[0, chosen[0]]
    came_from = np.zeros((frames, keep, runs, 2), np.intp)
    for frame in range(1, frames):
        before, now = chosen[frame - 1], chosen[frame]
        same = before[:, None] == now
        cheapest_run = best.argmin(axis=1)
        jump = best[np.arange(keep), cheapest_run][:, None] + transition[np.ix_(before, now)]
        jump[same] = np.inf
        following = np.full((keep, runs), np.inf)
        origin = jump.argmin(axis=0)
        following[:, 0] = jump[origin, np.arange(keep)]
        came_from[frame, :, 0] = np.stack([origin, cheapest_run[origin]], axis=1)
        for old, new in zip(*np.nonzero(same), strict=True):
            for run in range(runs):
                longer = min(run + 1, runs - 1)
                cost = best[old, run] + (costs.hold if run == runs - 1 else 0.0)
                if cost < following[new, longer]:
                    following[new, longer] = cost
                    came_from[frame, new, longer] = (old, run)
        best = following + unary[frame, now][:, None]
    path = np.zeros(frames, np.intp)
    candidate, run = (int(one) for one in np.unravel_index(int(best.argmin()), best.shape))
    for frame in range(frames - 1, -1, -1):
        path[frame] = chosen[frame, candidate]
        candidate, run = (int(one) for one in came_from[frame, candidate, run])
    return path


def distances(targets: Float32, descriptors: Float32) -> Float64:
    """Return the Euclidean distances (F, n) of targets (F, C) from a bank's descriptors (n, C)."""
    a, b = targets.astype(np.float64), descriptors.astype(np.float64)
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)), np.float64)


def spread_references(
    distance: Float64, times_s: Float64, first: int, count: int, apart_s: float
) -> tuple[int, ...]:
    """Choose the nearest bank frames that are not next to each other in time, ``count`` at most.

    ``distance`` (n,) is infinite where a frame is forbidden; ``first`` is chosen already and comes
    first; others' times (n,) are ``apart_s`` seconds apart or more.
    """
    chosen = [first]
    for index in np.argsort(distance, kind="stable"):
        if len(chosen) == count or not np.isfinite(distance[index]):
            break
        if all(abs(times_s[index] - times_s[other]) >= apart_s for other in chosen):
            chosen.append(int(index))
    return tuple(chosen)
