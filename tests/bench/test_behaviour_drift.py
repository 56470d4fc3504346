import numpy as np
import pytest

from facedit.evaluation.behaviour.drift import (
    LEVELS,
    NEAR,
    SEGMENT,
    common_slope,
    join_ratio,
    join_sums,
    joins_over_truth,
    segment_levels,
    steps_that_count,
    window_edges,
)
from facedit.model.windows import WINDOW, plan_windows

TEN_S = 10 * 25


def test_levels_of_a_known_motion():
    frames = np.arange(2 * SEGMENT + 7)
    opening = np.where(frames < SEGMENT, 4.0, 10.0) + np.where(frames % 2, 1.0, -1.0)
    lips = np.zeros((len(frames), 6), np.float32)
    lips[:, 1], lips[:, 2], lips[:, 5] = 7.0, np.where(frames < SEGMENT, 0, 2), 3.0 * frames
    first, second = segment_levels(opening.astype(np.float32), lips)
    assert dict(zip(LEVELS, first, strict=True)) == pytest.approx(
        {"opening": 4, "lips_00": 0, "lips_01": 7, "lips_02": 0, "lips_03": 0, "spread": 1,
         "speed": 3}
    )  # fmt: skip
    assert (second[0], second[3]) == (10, 2)


@pytest.mark.parametrize("slope", [0.0, 3.0, -1.5])
def test_a_ramp_is_found_through_noise_and_different_levels(slope):
    rng = np.random.default_rng(0)
    tens = np.arange(30) * SEGMENT / TEN_S
    sounds = [level + slope * tens + 0.1 * rng.standard_normal(30) for level in (0, 5, -20)]
    found = common_slope(sounds)
    assert found.low < slope < found.high
    assert found.high - found.low < 0.6
    if slope:
        assert found.low * found.high > 0


def test_an_exact_ramp_is_measured_exactly():
    tens = np.arange(10) * SEGMENT / TEN_S
    found = common_slope([2 * tens, 2 * tens[:4] + 9])
    assert (found.per_10_s, found.low, found.high) == pytest.approx((2, 2, 2))
    assert np.isnan(common_slope([np.zeros(1)]).per_10_s)


def test_edges_are_where_windows_begin_and_end():
    frames = 400
    hidden = np.ones(frames, bool)
    hidden[:6] = False
    windows = plan_windows(hidden)
    edges = set(window_edges(windows, frames).tolist())
    own = [window.frames[window.weights > 0] for window in windows]
    assert {int(w[0]) for w in own[1:]} <= edges
    assert {int(w[-1]) + 1 for w in own[:-1]} <= edges
    assert not edges & {0, frames}
    assert len(window_edges(plan_windows(hidden[:WINDOW]), WINDOW)) == 0


def walk(frames=1200):
    """Lips that go one unit a frame, in random directions."""
    angle = np.random.default_rng(1).uniform(0, 2 * np.pi, frames)
    return np.cumsum(np.stack([np.cos(angle), np.sin(angle)], axis=1), axis=0)


def test_a_known_jump_at_the_joins_is_measured():
    lips, frames = walk(), 1200
    edges = np.arange(100, frames, 100)
    counts = np.ones(frames - 1, bool)
    plain = join_ratio(*join_sums(lips.astype(np.float32), edges, counts))
    assert plain.ratio == pytest.approx(1, abs=1e-3)
    broken = lips.copy()
    for edge in edges:  # the step over each join becomes four units long
        broken[edge:] += 3 * (lips[edge] - lips[edge - 1])
    found = join_ratio(*join_sums(broken.astype(np.float32), edges, counts))
    assert found.count == len(edges)
    assert found.ratio == pytest.approx(4, abs=1e-3)
    assert found.low > 3.9


def test_a_jump_that_the_truth_makes_too_is_none():
    lips, edges, counts = walk().astype(np.float32), np.arange(100, 1200, 100), np.ones(1199, bool)
    lips[edges[0] :] += 30.0  # loud speech at a join moves the true and the drawn lips alike
    true = join_sums(lips, edges, counts)
    ours = join_sums(0.8 * lips, edges, counts)
    assert join_ratio(*ours).ratio > 2
    assert joins_over_truth(ours, true).ratio == pytest.approx(1, abs=1e-3)
    twice = (2 * ours[0], ours[1])
    assert joins_over_truth(twice, true).low == pytest.approx(2, abs=1e-3)


def test_joints_of_clips_and_kept_frames_do_not_count():
    hidden = np.ones(40, bool)
    hidden[:6] = False
    counts = steps_that_count(hidden, [20])
    # Step 6 is the first between two drawn frames; the step over the joint leads from 19 to 20.
    assert np.flatnonzero(counts).tolist() == [
        step for step in range(6, 39) if not 19 - NEAR <= step <= 19 + NEAR
    ]


def test_windows_that_are_only_put_side_by_side_are_found_and_blended_ones_are_not():
    frames = 1200
    hidden = np.ones(frames, bool)
    windows = plan_windows(hidden)
    rng = np.random.default_rng(2)
    blended, weight = np.zeros((frames, 2)), np.zeros((frames, 1))
    beside, base = np.zeros((frames, 2)), walk(frames)
    for window in windows:  # every window errs by a level of its own
        level = 10 * rng.standard_normal(2)
        blended[window.frames] += window.weights[:, None] * level
        weight[window.frames] += window.weights[:, None]
        beside[window.frames] = level
    edges, counts = window_edges(windows, frames), np.ones(frames - 1, bool)
    smooth = join_ratio(*join_sums((base + blended / weight).astype(np.float32), edges, counts))
    hard = join_ratio(*join_sums((base + beside).astype(np.float32), edges, counts))
    assert smooth.ratio == pytest.approx(1, abs=0.15)
    assert hard.low > 2
