"""Which source moments lie under the output."""

from dataclasses import replace

import numpy as np
import pytest

from compose.compose_cases import plan
from facedit.compose.source.sources import source_paths
from facedit.editing.diff import WordEdit
from facedit.editing.plan import Keep

SUBSTITUTE = WordEdit(4, 5, ("station",))
INSERT = WordEdit(4, 4, ("bright", "old"))
DELETE = WordEdit(4, 5)


def grid(duration_s: float) -> np.ndarray:
    return np.arange(0, duration_s, 1 / 100)


@pytest.mark.parametrize("edit", [SUBSTITUTE, INSERT, DELETE])
def test_kept_moments_are_the_plans_own(edit):
    made = plan(edit)
    times = grid(made.output_duration_s)
    under = source_paths(made).at(times)
    for index, time_s in enumerate(times):
        segment = made.segment_at(time_s)
        if isinstance(segment, Keep) and under.weight[index] == 0:
            source_s = segment.source_start_s + time_s - segment.output_start_s
            assert under.first_s[index] == pytest.approx(source_s)


@pytest.mark.parametrize("edit", [SUBSTITUTE, INSERT])
def test_the_body_never_jumps_in_a_fill(edit):
    made = plan(edit)
    under = source_paths(made).at(grid(made.output_duration_s))
    assert np.abs(np.diff(under.first_s)).max() < 0.025  # 2.5 times the clip's own speed at most
    assert not under.weight.any()


def test_a_cut_is_led_over_by_both_runs():
    made = plan(DELETE)
    (fill,) = made.fills
    times = grid(made.output_duration_s)
    under = source_paths(made).at(times)
    bridge = under.weight > 0
    assert (np.diff(under.weight[bridge]) > 0).all()
    assert times[bridge].min() >= fill.output_start_s - made.bridge_s
    assert times[bridge].max() < fill.output_end_s + made.bridge_s
    # Both runs play on at the clip's own speed, one up to the cut and one from it.
    assert np.allclose(np.diff(under.first_s[bridge]), 0.01)
    assert np.allclose(np.diff(under.second_s[bridge]), 0.01)
    middle = np.searchsorted(times, fill.output_start_s)
    assert under.second_s[middle] - under.first_s[middle] == pytest.approx(
        fill.removed_s - fill.duration_s, abs=1e-6
    )


def test_a_bridge_reaches_to_the_new_pictures_of_its_neighbours_and_no_further():
    made = replace(
        plan(WordEdit(1, 2, ("x",)), WordEdit(3, 4), WordEdit(5, 6, ("y",))), bridge_s=5.0
    )
    before, cut, after = made.fills
    times = grid(made.output_duration_s)
    under = source_paths(made).at(times)
    bridge = times[under.weight > 0]
    assert bridge.min() == pytest.approx(before.output_end_s, abs=0.0201)
    assert bridge.max() == pytest.approx(after.output_start_s, abs=0.0101)
    assert before.output_end_s <= bridge.min() < cut.output_start_s < bridge.max()
    assert bridge.max() < after.output_start_s


def test_a_shot_cut_is_not_crossed_by_an_excursion():
    made = plan(INSERT)
    (fill,) = made.fills
    cut_s = fill.source_end_s + 0.1
    under = source_paths(made, (cut_s,)).at(grid(made.output_duration_s))
    inside = (grid(made.output_duration_s) >= fill.output_start_s) & (
        grid(made.output_duration_s) < fill.output_end_s
    )
    assert under.first_s[inside].max() < cut_s


def test_what_lasts_as_long_as_before_lies_on_its_own_pictures_whatever_is_cut_in_it():
    made = plan(SUBSTITUTE)
    (fill,) = made.fills
    span_s = fill.source_end_s - fill.source_start_s
    whole = replace(fill, duration_s=span_s)
    made = replace(made, segments=tuple(whole if one is fill else one for one in made.segments))
    times = np.linspace(whole.output_start_s, whole.output_end_s, 50, endpoint=False)
    cuts_s = (fill.source_start_s + 0.3 * span_s, fill.source_start_s + 0.6 * span_s)
    under = source_paths(made, cuts_s).at(times)
    assert np.allclose(under.first_s, fill.source_start_s + times - whole.output_start_s)
    assert not under.weight.any()


def test_over_a_cut_one_run_gives_way_to_the_other_as_a_smooth_step():
    made = plan(DELETE)
    (fill,) = made.fills
    start_s, end_s = fill.output_start_s - made.bridge_s, fill.output_end_s + made.bridge_s
    times = start_s + np.array([-1e-6, 0, 0.25, 0.5, 0.75, 1 - 1e-9, 1.0]) * (end_s - start_s)
    under = source_paths(made).at(times)
    np.testing.assert_allclose(under.weight, [0, 0, 5 / 32, 0.5, 27 / 32, 1, 0], atol=1e-6)
    ends = source_paths(made).at(np.array([fill.output_start_s, fill.output_end_s]))
    assert ends.first_s[0] == pytest.approx(fill.source_start_s)
    assert ends.second_s[1] == pytest.approx(fill.source_end_s)


def test_a_bridge_stays_inside_the_clip():
    made = replace(plan(DELETE), bridge_s=9.0)
    under = source_paths(made).at(
        np.array([0.0, made.output_duration_s / 2, made.output_duration_s])
    )
    np.testing.assert_allclose(under.weight, [0, 0.5, 0])
    for times in (under.first_s, under.second_s):
        assert times.min() >= 0
        assert times.max() <= made.source_duration_s
