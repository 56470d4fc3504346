import itertools
import math
from fractions import Fraction

import pytest
from editing_cases import RATES, plans, spoken
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.diff import WordEdit
from facedit.editing.planner import Margins, make_plan
from facedit.editing.timeline import (
    is_removed,
    kept_runs,
    output_frames,
    source_windows,
)

TRANSCRIPT = spoken("one two three four")


def grid(frames, rate):
    return [float(frame / rate) for frame in range(frames)]


@given(plans())
def test_constant_rate_gives_the_grid_and_the_exact_count(drawn):
    _, frames, _, plan = drawn
    output = list(output_frames(plan, grid(frames, plan.frame_rate)))
    assert len(output) == frames + plan.shift_frames
    for number, frame in enumerate(output):
        assert frame.output_time_s == pytest.approx(float(number / plan.frame_rate), abs=1e-6)


@given(plans())
def test_kept_frames_are_the_sources_own_once_and_in_order(drawn):
    _, frames, _, plan = drawn
    times_s = grid(frames, plan.frame_rate)
    output = list(output_frames(plan, times_s))
    shown = [frame.source_index for frame in output if frame.role != "fill"]
    assert shown == [index for index in range(frames) if not is_removed(plan, times_s[index])]
    removed = {
        index
        for index, time_s in enumerate(times_s)
        for fill in plan.fills
        if fill.source_start_s - 1e-6 <= time_s < fill.source_end_s - 1e-6
    }
    assert shown == [index for index in range(frames) if index not in removed]
    spans = plan.picture_spans()
    for frame in output:
        assert (frame.role == "kept") == (frame.span == -1)
        assert (frame.role == "fill") == (frame.fill != -1) == (frame.source_index == -1)
        assert math.isnan(frame.source_time_s) == (frame.role == "fill")
        if frame.source_index >= 0:
            assert frame.source_time_s == times_s[frame.source_index]
        if frame.span >= 0:
            span = spans[frame.span]
            assert span.output_start_s - 1e-5 <= frame.output_time_s < span.output_end_s
        if frame.role == "fill":
            assert frame.fill in spans[frame.span].fills


@given(plans())
def test_rounded_container_times_change_nothing(drawn):
    # Matroska rounds times to milliseconds: the count and the mapping stay as on the exact grid.
    _, frames, _, plan = drawn
    exact = grid(frames, plan.frame_rate)
    rounded = [round(time_s, 3) for time_s in exact]
    one, other = list(output_frames(plan, exact)), list(output_frames(plan, rounded))
    if any(
        abs(time_s - joint) < 0.001
        for time_s in exact
        for fill in plan.fills
        for joint in (fill.source_start_s, fill.source_end_s)
    ):
        return  # a frame within the rounding of a joint may fall on either side of it
    assert [frame.source_index for frame in one] == [frame.source_index for frame in other]


@given(plans(), st.lists(st.floats(0.2, 3.0), min_size=200, max_size=200))
def test_variable_rate_ascends_and_keeps_every_frame_outside(drawn, steps):
    plan = drawn[-1]
    frame_s = float(1 / plan.frame_rate)
    times_s = [0.0]
    for step in itertools.cycle(steps):
        if times_s[-1] + step * frame_s >= plan.source_duration_s:
            break
        times_s.append(times_s[-1] + step * frame_s)
    output = list(output_frames(plan, times_s, frame_s))
    moments = [frame.output_time_s for frame in output]
    assert all(after > before for before, after in itertools.pairwise(moments))
    for frame in output:
        if frame.role != "fill":
            shift = (frame.output_time_s - frame.source_time_s) / frame_s
            assert shift == pytest.approx(round(shift), abs=1e-6)
    # Fills hold no gap longer than a frame and a half, unless they took over the source's times.
    for index, fill in enumerate(plan.fills):
        inside = [frame.output_time_s for frame in output if frame.fill == index]
        if fill.shift_frames:
            assert all(b - a < 1.51 * frame_s for a, b in itertools.pairwise(inside))


def test_a_fill_as_long_as_what_it_removes_keeps_the_times_of_a_variable_rate():
    times_s = [0.0, 0.2, 0.5, 0.66, 0.7, 0.79, 0.93, 1.0, 1.1, 1.6, 2.0]
    plan = make_plan(
        [WordEdit(1, 2, ("x",))],
        TRANSCRIPT,
        [0.4],
        source_duration_s=2.1,
        frame_rate=Fraction(25),
        joints=[(0.65, 1.05)],
    )
    output = list(output_frames(plan, times_s))
    assert [frame.output_time_s for frame in output] == times_s
    assert [frame.role for frame in output if 0.65 < frame.output_time_s < 1.05] == ["fill"] * 5


@pytest.mark.parametrize("rate", RATES)
def test_the_first_and_last_frame_of_the_clip_can_be_filled(rate):
    frames = round(2.12 * rate)
    duration_s = float(frames / rate)
    plan = make_plan(
        [WordEdit(0, 1, ("x",)), WordEdit(3, 4, ("y",))],
        TRANSCRIPT,
        [0.9, 0.2],
        source_duration_s=duration_s,
        frame_rate=rate,
        joints=[(0.0, 0.65), (1.45, duration_s)],
    )
    output = list(output_frames(plan, grid(frames, rate)))
    assert output[0].role == output[-1].role == "fill"
    assert len(output) == frames + plan.shift_frames
    assert output[0].output_time_s == 0.0
    assert output[-1].output_time_s == pytest.approx(plan.output_duration_s - float(1 / rate))


def test_times_are_taken_as_they_come():
    # A clip of any length: after each output frame no more than a frame ahead has been read.
    plan = make_plan([], TRANSCRIPT, [], source_duration_s=1e9, frame_rate=Fraction(25))
    taken = 0

    def endless():
        nonlocal taken
        for index in itertools.count():
            taken = index
            yield index / 25

    for number, frame in enumerate(itertools.islice(output_frames(plan, endless()), 100)):
        assert frame.source_index == number
        assert taken <= number + 1


def test_a_fill_over_the_whole_clip_streams_too():
    # A sync replaces everything: it must not wait for the end of the clip.
    plan = make_plan(
        [WordEdit(0, 4, ("x",))],
        TRANSCRIPT,
        [10.0],
        source_duration_s=10.0,
        frame_rate=Fraction(25),
        joints=[(0.0, 10.0)],
    )
    taken = []

    def times():
        for index in range(250):
            taken.append(index)
            yield index / 25

    output = output_frames(plan, times())
    assert [next(output).output_time_s for _ in range(10)] == [index / 25 for index in range(10)]
    assert len(taken) <= 11
    assert len(list(output)) == 240


def test_no_frames_give_no_frames():
    plan = make_plan([], TRANSCRIPT, [], source_duration_s=1.0, frame_rate=Fraction(25))
    assert list(output_frames(plan, [])) == []


@given(plans(), st.floats(0, 1), st.floats(0, 1))
def test_source_windows_hold_the_frames_that_spans_show(drawn, before_s, after_s):
    _, frames, _, plan = drawn
    windows = source_windows(plan, before_s, after_s)
    for one, other in itertools.pairwise(windows):
        assert one[1] < other[0]
    for start_s, end_s in windows:
        assert 0 <= start_s <= end_s <= plan.source_duration_s
    for frame in output_frames(plan, grid(frames, plan.frame_rate)):
        if frame.role == "margin":
            assert any(a - 1e-5 <= frame.source_time_s <= b + 1e-5 for a, b in windows)
    for fill in plan.fills:
        assert any(
            a <= max(fill.source_start_s - before_s, 0) + 1e-9
            and b >= min(fill.source_end_s + after_s, plan.source_duration_s) - 1e-9
            for a, b in windows
        )


@given(
    st.integers(0, 40),
    st.integers(1, 60),
    st.sampled_from([("a", 1.5, "substitute"), ("", 0.0, "delete"), ("a b c", 0.9, "substitute")]),
)
def test_frames_that_are_missing_in_the_source_break_nothing(gap_from, gap_frames, change):
    """A recorder that stood still leaves a gap: new frames come inside the edit's span."""
    text, speech_s, kind = change
    edit = WordEdit(1, 2, tuple(text.split()))
    times_s = [k / 25 for k in range(48) if not gap_from <= k < gap_from + gap_frames] or [0.0]
    rate = Fraction(len(times_s), 2).limit_denominator(1000)
    plan = make_plan(
        (edit,), TRANSCRIPT, [speech_s or None], source_duration_s=2.0, frame_rate=rate
    )
    assert plan.fills[0].kind == kind
    output = list(output_frames(plan, times_s, frame_duration_s=2.0 - times_s[-1]))
    shown_s = [frame.output_time_s for frame in output]
    assert shown_s == sorted(set(shown_s))
    (span,) = plan.picture_spans()
    for frame in output:
        if frame.role == "fill":
            assert frame.span == 0
            step_s = 2.0 / float(rate)
            assert span.output_start_s - step_s <= frame.output_time_s <= span.output_end_s + step_s


@pytest.mark.parametrize(
    ("edit", "speech_s", "first_s", "count"),
    [
        (WordEdit(1, 2), None, 0.72, 10),  # the bridge of 0.16 s and 1.5 frames on either side
        (WordEdit(1, 2, ("x",)), 0.4, 0.80, 16),  # the margin of 0.08 s and 1.5 frames
    ],
)
def test_new_frames_amid_a_standstill_reach_as_far_as_the_span(edit, speech_s, first_s, count):
    times_s = [k / 25 for k in range(50) if not 10 < k < 40]
    plan = make_plan(
        [edit], TRANSCRIPT, [speech_s], source_duration_s=2.0, frame_rate=Fraction(25),
        joints=[(0.9, 1.1)], margins=Margins(0.08, 0.16, 0.0),
    )  # fmt: skip
    assert plan.fills[0].shift_frames == (5 if speech_s else -5)
    output = list(output_frames(plan, times_s))
    found = [frame.output_time_s for frame in output if frame.role == "fill"]
    assert found == pytest.approx([first_s + k / 25 for k in range(count)])


def test_source_windows_reach_as_far_as_asked_and_are_one_where_they_touch():
    """Times are powers of two here: equal to the bit."""
    plan = make_plan(
        [WordEdit(0, 1, ("x",)), WordEdit(2, 3)], TRANSCRIPT, [0.75, None],
        source_duration_s=4.0, frame_rate=Fraction(16), joints=[(1.0, 1.25), (2.5, 3.0)],
        margins=Margins(0.0625, 0.125, 0.0),
    )  # fmt: skip
    assert source_windows(plan, 0.25, 0.5) == ((0.6875, 1.8125), (2.125, 3.625))
    assert source_windows(plan, 0.25, 0.8125) == ((0.6875, 3.9375),)
    assert source_windows(plan, 1.0, 0.0) == ((0.0, 1.3125), (1.375, 3.125))
    assert source_windows(plan, 0.0, 2.0) == ((0.9375, 4.0),)


def test_kept_runs_are_what_no_span_holds_and_none_is_empty():
    """Times are powers of two here: equal to the bit."""
    plan = make_plan(
        [WordEdit(0, 1, ("x",)), WordEdit(2, 3)], TRANSCRIPT, [0.75, None],
        source_duration_s=4.0, frame_rate=Fraction(16), joints=[(0.0625, 0.3125), (2.5, 3.0)],
        margins=Margins(0.0625, 0.125, 0.0),
    )  # fmt: skip
    assert kept_runs(plan) == ((0.375, 2.375, 0.5), (3.125, math.inf, 0.0))
    whole = make_plan(
        [WordEdit(0, 4, ("x",))], TRANSCRIPT, [4.0], source_duration_s=4.0, frame_rate=Fraction(16),
        joints=[(0.0, 4.0)],
    )  # fmt: skip
    assert kept_runs(whole) == ()
    none = make_plan([], TRANSCRIPT, [], source_duration_s=4.0, frame_rate=Fraction(16))
    assert kept_runs(none) == ((0.0, math.inf, 0.0),)
