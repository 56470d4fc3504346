import json
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from editing_cases import plans, spoken
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.diff import WordEdit
from facedit.editing.plan import Fill, Keep
from facedit.editing.planner import BRIDGE_S, CROSSFADE_S, MARGIN_S, Margins, make_plan
from facedit.errors import BadEdit
from facedit.types import Word

NTSC = Fraction(30000, 1001)
# one 0.3-0.6, two 0.7-1.0, three 1.1-1.4, four 1.5-1.8; 2.1 s in all
TRANSCRIPT = spoken("one two three four")


def planned(edits, sounds, rate=Fraction(25), duration_s=2.12, **settings):
    return make_plan(
        edits, TRANSCRIPT, sounds, source_duration_s=duration_s, frame_rate=rate, **settings
    )


def test_no_edit_is_one_kept_segment():
    plan = planned([], [])
    assert plan.segments == (Keep(0.0, 2.12, 0.0),)
    assert plan.output_duration_s == 2.12
    assert plan.picture_spans() == ()
    assert not plan.motion_mask(53).any()
    assert plan.output_words(TRANSCRIPT, []) == TRANSCRIPT.words


def test_a_substitution_shifts_by_whole_frames():
    # "two" and half of each pause go: 0.65-1.05 s = 10 frames; 0.5 s of speech needs 13.
    plan = planned([WordEdit(1, 2, ("x",))], [0.5])
    before, fill, after = plan.segments
    assert (before.source_end_s, after.source_start_s) == pytest.approx((0.65, 1.05))
    assert fill.shift_frames == 3
    assert fill.duration_s == pytest.approx(0.52)
    assert (fill.speech_s, fill.lead_in_s, fill.lead_out_s) == pytest.approx((0.5, 0.01, 0.01))
    assert after.output_start_s == pytest.approx(1.17)
    assert plan.output_duration_s == pytest.approx(2.12 + 3 / 25)


def test_a_deletion_leaves_less_than_a_frame_and_the_cross_fade():
    plan = planned([WordEdit(1, 2)], [None], rate=NTSC)
    (fill,) = plan.fills
    assert CROSSFADE_S <= fill.duration_s < CROSSFADE_S + float(1 / NTSC)
    assert fill.shift_frames == -11  # 0.4 s are 11.99 frames
    (span,) = plan.picture_spans()
    assert span.output_start_s == pytest.approx(fill.output_start_s - BRIDGE_S)
    assert span.output_end_s == pytest.approx(fill.output_end_s + BRIDGE_S)


def test_an_insertion_removes_nothing():
    plan = planned([WordEdit(4, 4, ("five",))], [0.2])
    (fill,) = plan.fills
    assert fill.removed_s == 0
    assert fill.shift_frames == 5
    assert plan.segment_at(fill.output_start_s) is fill
    assert plan.keeps[1].output_start_s == pytest.approx(fill.output_end_s)


def test_the_first_and_the_last_word():
    plan = planned([WordEdit(0, 1), WordEdit(3, 4, ("x",))], [None, 0.7])
    assert [type(segment) for segment in plan.segments] == [Keep, Fill, Keep, Fill, Keep]
    joints = [(0.0, 0.65), (1.45, 2.12)]
    plan = planned([WordEdit(0, 1), WordEdit(3, 4, ("x",))], [None, 0.7], joints=joints)
    assert [type(segment) for segment in plan.segments] == [Fill, Keep, Fill]
    spans = plan.picture_spans()
    assert spans[0].output_start_s == 0.0
    assert spans[-1].output_end_s == plan.output_duration_s


@given(plans())
def test_segments_cover_the_output_and_the_source_exactly(drawn):
    _, frames, sounds, plan = drawn
    output_s = source_s = 0.0
    for segment in plan.segments:
        assert segment.output_start_s == pytest.approx(output_s, abs=1e-9)
        assert segment.source_start_s == source_s
        assert segment.duration_s >= 0 if isinstance(segment, Fill) else segment.duration_s > 0
        output_s, source_s = segment.output_end_s, segment.source_end_s
    assert output_s == pytest.approx(plan.output_duration_s, abs=1e-9)
    assert source_s == plan.source_duration_s
    whole = plan.output_duration_s * float(plan.frame_rate)
    assert whole == pytest.approx(frames + plan.shift_frames, abs=1e-6)
    assert len(plan.fills) == len(plan.edits) == len(sounds)


@given(plans())
def test_new_sound_fits_and_wastes_less_than_a_frame(drawn):
    _, _, sounds, plan = drawn
    frame_s = float(1 / plan.frame_rate)
    for fill, speech_s in zip(plan.fills, sounds, strict=True):
        parts = fill.lead_in_s + fill.speech_s + fill.lead_out_s
        assert parts == pytest.approx(fill.duration_s, abs=1e-9)
        assert min(fill.lead_in_s, fill.lead_out_s) >= 0
        if speech_s is None:
            assert fill.duration_s < CROSSFADE_S + frame_s + 1e-6
            assert fill.duration_s >= min(CROSSFADE_S, fill.removed_s) - 1e-6
        else:
            assert fill.speech_s == pytest.approx(speech_s, abs=1e-9)
            assert fill.duration_s < speech_s + frame_s + 1e-6


@given(plans())
def test_kept_stretches_move_by_whole_frames_and_fall_in_no_fill(drawn):
    _, _, _, plan = drawn
    for keep in plan.keeps:
        shift = (keep.output_start_s - keep.source_start_s) * float(plan.frame_rate)
        assert shift == pytest.approx(round(shift), abs=1e-6)
        assert not any(
            fill.source_start_s < keep.source_end_s and keep.source_start_s < fill.source_end_s
            for fill in plan.fills
        )


@given(plans())
def test_spans_are_in_order_apart_inside_and_hold_the_fills(drawn):
    _, _, _, plan = drawn
    spans = plan.picture_spans()
    for before, after in pairwise(spans):
        assert before.output_end_s < after.output_start_s
    assert [index for span in spans for index in span.fills] == list(range(len(plan.fills)))
    for span in spans:
        assert 0 <= span.output_start_s < span.output_end_s <= plan.output_duration_s
        for index in span.fills:
            fill = plan.fills[index]
            reach_s = BRIDGE_S if fill.kind == "delete" else MARGIN_S
            assert span.output_start_s <= max(fill.output_start_s - reach_s, 0) + 1e-9
            end_s = min(fill.output_end_s + reach_s, plan.output_duration_s)
            assert span.output_end_s >= end_s - 1e-9


@given(plans(), st.integers(0, 40))
def test_motion_mask_hides_what_lies_in_the_spans(drawn, first):
    _, _, _, plan = drawn
    mask = plan.motion_mask(60, first)
    times_s = (first + np.arange(60)) / 25
    inside = np.zeros(60, bool)
    border = np.zeros(60, bool)
    for span in plan.picture_spans():
        inside |= (times_s >= span.output_start_s) & (times_s < span.output_end_s)
        border |= np.abs(times_s - span.output_start_s) < 1e-6
        border |= np.abs(times_s - span.output_end_s) < 1e-6
    np.testing.assert_array_equal(mask[~border], inside[~border])


@given(plans())
def test_output_words_are_the_edited_words_in_order(drawn):
    transcript, _, sounds, plan = drawn
    new = [
        [Word(text, speech_s * i / 9, speech_s * (i + 1) / 9) for i, text in enumerate(e.new_words)]
        if speech_s
        else []
        for e, speech_s in zip(plan.edits, sounds, strict=True)
    ]
    words = plan.output_words(transcript, new)
    texts = [word.text for word in transcript.words]
    for edit in reversed(plan.edits):
        texts[edit.old_start : edit.old_end] = edit.new_words
    assert [word.text for word in words] == texts
    starts = [word.start_s for word in words]
    assert starts == sorted(starts)


def test_output_words_stand_where_they_are_spoken():
    plan = planned([WordEdit(1, 2, ("x",))], [0.5])
    words = plan.output_words(TRANSCRIPT, [[Word("x", 0.1, 0.4)]])
    assert (words[1].start_s, words[1].end_s) == pytest.approx((0.76, 1.06))
    assert words[2].start_s == pytest.approx(1.1 + 3 / 25)
    with pytest.raises(ValueError, match="1 edits"):
        plan.output_words(TRANSCRIPT, [])


def test_close_edits_share_a_span():
    plan = planned([WordEdit(1, 2), WordEdit(3, 4, ("x",))], [None, 0.5], margins=Margins(0.3))
    (span,) = plan.picture_spans()
    assert span.kind == "substitute"  # the longer of the two
    assert span.fills == (0, 1)


@pytest.mark.parametrize(
    ("edits", "sounds", "settings", "message"),
    [
        ([WordEdit(0, 1, ("x",))], [0.0], {}, "no length"),
        ([WordEdit(0, 1, ("x",))], [float("nan")], {}, "no length"),
        ([WordEdit(0, 1, ("x",))], [None], {}, "no length"),
        ([WordEdit(0, 5)], [None], {}, "only 4"),
        ([WordEdit(0, 2), WordEdit(1, 3)], [None] * 2, {}, "overlap"),
        ([WordEdit(3, 4)], [None], {"duration_s": 1.2}, "does not fit"),
        ([WordEdit(3, 4)], [None], {"joints": [(1.5, 9.0)]}, "1.500-9.000"),
        ([WordEdit(0, 1), WordEdit(2, 3)], [None] * 2, {"joints": [(0, 1), (0.5, 2)]}, "Edit 2"),
        ([WordEdit(1, 1, ("x",))], [0.3], {"joints": [(0.5, 0.6)]}, "inserts"),
        ([WordEdit(0, 4)], [None], {"joints": [(0.0, 2.12)]}, "nothing of the clip"),
        ([], [], {"duration_s": 0.0}, "cannot be edited"),
        ([], [], {"duration_s": float("inf")}, "cannot be edited"),
    ],
)
def test_refusals(edits, sounds, settings, message):
    with pytest.raises(BadEdit, match=message):
        planned(edits, sounds, **settings)


def test_lists_must_fit():
    with pytest.raises(ValueError, match="2 sounds"):
        planned([WordEdit(0, 1)], [None, None])
    with pytest.raises(ValueError, match="brings no words"):
        planned([WordEdit(0, 1)], [0.3])
    with pytest.raises(ValueError, match="negative"):
        planned([], [], margins=Margins(-0.1))


def test_to_dict_is_json():
    plan = planned([WordEdit(0, 1), WordEdit(3, 4, ("x",))], [None, 0.7], rate=NTSC)
    data = json.loads(json.dumps(plan.to_dict(), allow_nan=False))
    assert data["frame_rate"] == pytest.approx(30_000 / 1_001)
    assert [segment["keep"] for segment in data["segments"]] == [True, False, True, False, True]


@given(plans())
def test_every_moment_has_its_place_in_the_output(drawn):
    *_, plan = drawn
    for segment in plan.segments:
        start_s, end_s = segment.source_start_s, segment.source_end_s
        if end_s - start_s < 1e-3:
            continue
        assert plan.output_time(start_s) == pytest.approx(segment.output_start_s)
        assert plan.output_time(end_s, end=True) == pytest.approx(segment.output_end_s)
        middle_s = (segment.output_start_s + segment.output_end_s) / 2
        assert plan.output_time((start_s + end_s) / 2) == pytest.approx(middle_s)
    times_s = [plan.source_duration_s * k / 50 for k in range(-5, 60)]
    for end in (False, True):
        moved_s = [plan.output_time(time_s, end=end) for time_s in times_s]
        assert moved_s == sorted(moved_s)
    longer_s = plan.output_duration_s - plan.source_duration_s
    assert plan.output_time(plan.source_duration_s + 1) == pytest.approx(
        plan.source_duration_s + 1 + longer_s
    )
    assert plan.output_time(-0.5) == -0.5


def test_spans_that_touch_are_one_and_others_are_not():
    """Times are powers of two here: equal to the bit."""
    edits = [WordEdit(0, 1, ("x",)), WordEdit(2, 3, ("y",))]

    def spans(margin_s):
        return planned(
            edits, [0.25, 0.25], Fraction(16), 2.0, joints=[(0.25, 0.5), (1.0, 1.25)],
            margins=Margins(margin_s, 0.0),
        ).picture_spans()  # fmt: skip

    assert [(span.output_start_s, span.output_end_s) for span in spans(0.25)] == [(0.0, 1.5)]
    assert [span.fills for span in spans(0.125)] == [(0,), (1,)]


def test_what_ends_where_words_are_inserted_at_the_very_start_ends_before_them():
    plan = planned([WordEdit(0, 0, ("x",))], [0.4], joints=[(0.0, 0.0)])
    assert plan.output_time(0.0, end=True) == 0.0
    assert plan.output_time(0.0) == pytest.approx(0.4)


def test_to_dict_tells_every_number_to_the_microsecond():
    edits = [WordEdit(1, 2, ("x",))]
    data = planned(edits, [1 / 3], NTSC, joints=[(0.61, 1.03)], margins=Margins(1 / 16)).to_dict()
    _, fill, after = data["segments"]
    # 0.42 s make way for a third of a second in 10 frames; the rest of 0.3 ms is left.
    assert (fill["shift_frames"], fill["speech_s"]) == (-2, 1 / 3)
    assert fill["output"] == [0.61, 0.963267]
    assert (fill["lead_in_s"], fill["lead_out_s"]) == (0.009967, 0.009967)
    assert after["output"] == [0.963267, 2.053267]
    assert data["output_duration_s"] == 2.053267
    assert data["picture_spans"] == [[0.5475, 1.025767]]
