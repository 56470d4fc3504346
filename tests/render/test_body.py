"""Body paths: where they begin and end, how fast they run, that they stay inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.render.body import FASTEST, SLOWEST, body_path

CLIP = (0.0, 10.0)
spans = st.tuples(st.floats(0, 10), st.floats(0, 10)).map(sorted).map(tuple)
durations = st.floats(0.04, 6.0)
rates = st.sampled_from([23.976, 25.0, 29.97, 60.0])


@given(spans, durations, rates)
def test_every_path_begins_and_ends_at_the_joints(removed, duration, fps) -> None:
    path = body_path(removed, duration, *CLIP, fps)
    frames = len(path.time_s)
    assert frames == int(np.floor(duration * fps + 0.5))
    if frames == 0:
        return
    assert path.time_s[0] == pytest.approx(removed[0], abs=1e-6)
    # The last frame is one frame before the end of the span: within a step of the right joint.
    left_over = abs(duration - (frames - 1) / fps)
    last = path.second_s if path.weight.any() else path.time_s
    assert abs(last[-1] - removed[1]) <= 2.51 * left_over + 1e-6
    # As much of the second run at the end as of the first at the beginning.
    if duration > 2 / fps and abs(duration * fps - frames) < 1e-6 and path.weight.any():
        assert path.weight[0] == pytest.approx(1 - path.weight[-1], abs=1e-6)


@given(spans, durations, rates)
def test_every_time_is_inside_the_clip(removed, duration, fps) -> None:
    path = body_path(removed, duration, *CLIP, fps)
    for times in (path.time_s, path.second_s):
        assert ((times >= CLIP[0]) & (times <= CLIP[1])).all()
    assert ((path.weight >= 0) & (path.weight <= 1)).all()
    assert (np.diff(path.weight) >= 0).all()


@given(spans, durations)
def test_speed_is_bounded(removed, duration) -> None:
    fps = 100.0
    path = body_path(removed, duration, *CLIP, fps)
    for times in (path.time_s, path.second_s):
        speed = np.abs(np.diff(times)) * fps
        assert (speed <= 2.6).all()


@given(st.floats(SLOWEST, FASTEST * 0.999), st.floats(0.2, 3.0))
def test_retimed_pictures_run_forward_and_join_at_the_clips_speed(ratio, duration) -> None:
    fps = 200.0
    path = body_path((2.0, 2.0 + ratio * duration), duration, *CLIP, fps)
    steps = np.diff(path.time_s) * fps
    assert (steps > 0).all()
    assert steps[0] == pytest.approx(1.0, abs=0.15)
    assert (path.weight == 0).all()


@given(st.floats(0.5, 4.0), st.floats(0.0, 0.2))
def test_insertions_leave_and_arrive_without_a_jump_of_speed(duration, removed) -> None:
    fps = 200.0
    path = body_path((5.0, 5.0 + removed * duration), duration, *CLIP, fps)
    steps = np.diff(path.time_s) * fps
    assert steps[0] == pytest.approx(1.0, abs=0.1)
    assert steps[-1] == pytest.approx(1.0, abs=0.1)
    assert np.abs(np.diff(steps)).max() < 30 / (duration * fps)
    assert np.abs(steps).max() <= 1.01


@pytest.mark.parametrize("at", [0.0, 10.0])
def test_an_insertion_at_the_clips_edge_swings_to_the_other_side(at: float) -> None:
    path = body_path((at, at), 1.0, *CLIP, 25.0)
    assert path.time_s[0] == pytest.approx(at)
    assert np.ptp(path.time_s) > 0.2
    assert np.abs(np.diff(path.time_s)).max() <= 0.041


def test_excursions_do_not_cross_shot_cuts() -> None:
    free = body_path((5.0, 5.0), 2.0, *CLIP, 25.0)
    assert free.time_s.max() > 5.2
    fenced = body_path((5.0, 5.0), 2.0, *CLIP, 25.0, cuts=(4.95, 5.2))
    assert fenced.time_s.min() >= 4.95
    assert fenced.time_s.max() <= 5.2 - 1 / 25 + 1e-9


def test_deletions_are_two_runs_at_the_clips_speed() -> None:
    path = body_path((2.0, 6.0), 0.4, *CLIP, 25.0)
    assert np.allclose(np.diff(path.time_s), 1 / 25)
    assert np.allclose(np.diff(path.second_s), 1 / 25)
    assert path.second_s[-1] + 1 / 25 == pytest.approx(6.0)
    assert path.weight[0] < 0.2
    assert path.weight[-1] > 0.8


def test_a_cut_in_the_removed_part_is_a_cut_in_the_output() -> None:
    path = body_path((2.0, 3.0), 1.0, *CLIP, 25.0, cuts=(2.5,))
    assert set(path.weight) == {0.0, 1.0}
    first, second = path.time_s[path.weight == 0], path.second_s[path.weight == 1]
    assert first.max() < 2.5 <= second.min()


def test_a_removed_part_outside_the_clip_is_refused() -> None:
    with pytest.raises(ValueError, match="not inside"):
        body_path((9.0, 11.0), 1.0, *CLIP, 25.0)
