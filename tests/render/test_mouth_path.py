"""The search for mouths, against every possible path."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from facedit.render.mouth_path import (
    PathCosts,
    best_path,
    distances,
    spread_references,
    transition_costs,
)
from facedit.types import Float64


def path_cost(
    path: NDArray[np.intp], unary: Float64, transition: Float64, costs: PathCosts
) -> float:
    """What a path costs, by definition."""
    total, run = float(unary[0, path[0]]), 1
    for frame in range(1, len(path)):
        run = run + 1 if path[frame] == path[frame - 1] else 1
        total += float(unary[frame, path[frame]] + transition[path[frame - 1], path[frame]])
        total += costs.hold * (run > costs.max_hold)
    return total


@pytest.mark.parametrize("seed", range(12))
def test_finds_the_cheapest_of_all_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames, count = 6, 4
    unary = rng.random((frames, count)) * rng.choice([0.2, 1.0])
    transition = rng.random((count, count)) * rng.choice([0.1, 0.5, 2.0])
    np.fill_diagonal(transition, 0.0)
    costs = PathCosts(max_hold=int(rng.integers(1, 4)), hold=float(rng.random() * 2))
    every = itertools.product(range(count), repeat=frames)
    best = min(path_cost(np.array(path), unary, transition, costs) for path in every)
    found = path_cost(best_path(unary, transition, costs), unary, transition, costs)
    assert found == pytest.approx(best)


def test_few_candidates_keep_the_cheapest() -> None:
    unary = np.array([[5.0, 1.0, 9.0], [5.0, 9.0, 1.0]])
    path = best_path(unary, np.zeros((3, 3)), PathCosts(candidates=1))
    assert path.tolist() == [1, 2]


def test_forbidden_frames_are_never_chosen() -> None:
    unary = np.array([[np.inf, 3.0, 4.0]] * 5)
    assert 0 not in best_path(unary, np.zeros((3, 3)), PathCosts()).tolist()


def test_long_holds_give_way() -> None:
    unary = np.array([[0.0, 0.1]] * 12)
    transition = np.array([[0.0, 0.05], [0.05, 0.0]])
    path = best_path(unary, transition, PathCosts(max_hold=3, hold=1.0))
    runs = [len(list(group)) for _, group in itertools.groupby(path.tolist())]
    assert max(runs) <= 3


def test_frames_that_follow_each_other_are_free() -> None:
    descriptors = np.array([[0.0], [10.0], [20.0], [0.0]], np.float32)
    costs = transition_costs(descriptors, np.array([0.0, 0.04, 0.08, 0.50]), 0.5)
    assert costs[0, 1] == costs[1, 2] == 0.0
    assert costs[1, 0] == pytest.approx(5.0)
    assert costs[2, 3] == pytest.approx(10.0)  # a gap in time is a jump
    assert (np.diag(costs) == 0).all()


def test_a_take_is_replayed_as_it_was_shot() -> None:
    rng = np.random.default_rng(3)
    descriptors = np.cumsum(rng.normal(size=(60, 5)), axis=0).astype(np.float32)
    times = np.arange(60) / 25
    wanted = descriptors[20:40] + rng.normal(0, 0.05, (20, 5)).astype(np.float32)
    unary = distances(wanted, descriptors)
    path = best_path(unary, transition_costs(descriptors, times, 0.5), PathCosts())
    assert path.tolist() == list(range(20, 40))


def test_references_are_near_and_apart() -> None:
    distance = np.array([0.0, 0.1, 0.2, 0.3, 5.0, np.inf])
    times = np.array([0.0, 0.04, 0.5, 0.54, 1.0, 2.0])
    assert spread_references(distance, times, 1, 3, 0.08) == (1, 2, 4)
    assert spread_references(distance, times, 0, 9, 0.08) == (0, 2, 4)
