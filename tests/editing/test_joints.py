import numpy as np
import pytest
from editing_cases import edits_of, spoken, transcripts
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.diff import WordEdit
from facedit.editing.joints import JOINT_REACH_S, default_joints, quiet_joints
from facedit.types import Transcript, Word


def joint(transcript, *edit):
    return default_joints([WordEdit(*edit)], transcript, transcript.duration_s)[0]


def test_joints_lie_in_the_middle_of_short_pauses():
    transcript = spoken("a b c", start_s=0.1, word_s=0.3, pause_s=0.1, tail_s=0.1)
    assert joint(transcript, 1, 2) == pytest.approx((0.45, 0.85))  # b: 0.5-0.8
    assert joint(transcript, 0, 1) == pytest.approx((0.05, 0.45))
    assert joint(transcript, 2, 3) == pytest.approx((0.85, 1.25))
    assert joint(transcript, 1, 1, ("x",)) == pytest.approx((0.45, 0.45))


def test_joints_stay_near_the_words_in_long_pauses():
    transcript = spoken("a b", start_s=2.0, word_s=0.3, pause_s=1.0, tail_s=2.0)
    assert joint(transcript, 1, 2) == pytest.approx((3.3 - JOINT_REACH_S, 3.6 + JOINT_REACH_S))
    # Inserted words follow the word before them; at the start they lead the word after them.
    assert joint(transcript, 1, 1, ("x",)) == pytest.approx((2.3 + JOINT_REACH_S,) * 2)
    assert joint(transcript, 0, 0, ("x",)) == pytest.approx((2.0 - JOINT_REACH_S,) * 2)
    assert joint(transcript, 2, 2, ("x",)) == pytest.approx((3.6 + JOINT_REACH_S,) * 2)


def test_words_that_overlap_share_the_middle():
    transcript = Transcript((Word("a", 0.0, 0.6), Word("b", 0.5, 1.0)), 1.0)
    assert joint(transcript, 1, 2) == pytest.approx((0.55, 1.0))


def test_an_empty_transcript_takes_an_insertion():
    assert joint(Transcript((), 2.0), 0, 0, ("x",)) == pytest.approx((1.94, 1.94))


@given(st.data(), transcripts())
def test_joints_are_in_order_and_never_inside_a_kept_word(data, transcript):
    edits = data.draw(edits_of(len(transcript.words)))
    energy = np.asarray(data.draw(st.lists(st.sampled_from([0.0, 1.0, 5.0]), min_size=1)))
    for joints in (
        default_joints(edits, transcript, transcript.duration_s),
        quiet_joints(edits, transcript, transcript.duration_s, energy, 0.02),
    ):
        position = 0.0
        for edit, (start_s, end_s) in zip(edits, joints, strict=True):
            assert position <= start_s <= end_s <= transcript.duration_s
            if edit.old_start:
                assert start_s >= transcript.words[edit.old_start - 1].end_s - 1e-9
            if edit.old_end < len(transcript.words):
                assert end_s <= transcript.words[edit.old_end].start_s + 1e-9
            assert edit.kind != "insert" or start_s == end_s
            position = end_s


def test_quiet_joints_find_the_dip():
    transcript = spoken("a b c", start_s=0.2, word_s=0.3, pause_s=0.2, tail_s=0.2)  # b: 0.7-1.0
    energy = np.full(160, 10.0)
    energy[[56, 103]] = 0.0  # 0.565 s and 1.035 s
    (found,) = quiet_joints([WordEdit(1, 2)], transcript, transcript.duration_s, energy, 0.01)
    assert found == pytest.approx((0.565, 1.035))
    # A dip inside the kept word "a" (0.2-0.5 s) is out of bounds.
    energy[45] = -5.0
    # And so is one deep inside the removed word (0.7-1.0 s): its first half would stay.
    energy[[75, 95]] = -5.0
    (found,) = quiet_joints([WordEdit(1, 2)], transcript, transcript.duration_s, energy, 0.01)
    assert found == pytest.approx((0.565, 1.035))


def test_in_even_sound_the_default_stays():
    transcript = spoken("a b c")
    edits = [WordEdit(1, 2)]
    (found,) = quiet_joints(edits, transcript, transcript.duration_s, np.zeros(200), 0.01)
    (default,) = default_joints(edits, transcript, transcript.duration_s)
    assert found == pytest.approx(default, abs=0.0051)


@pytest.mark.parametrize(("energy", "hop_s"), [(np.zeros((2, 2)), 0.1), (np.zeros(3), 0.0)])
def test_not_a_loudness_curve(energy, hop_s):
    with pytest.raises(ValueError, match="loudness"):
        quiet_joints([], spoken("a"), 1.0, energy, hop_s)


def test_a_quiet_place_right_at_the_end_of_the_reach_counts_and_none_beyond():
    """Times are powers of two here: equal to the bit."""
    transcript = spoken("a b", start_s=0.0, word_s=1.0, pause_s=2.0, tail_s=1.0)
    (default,) = default_joints([WordEdit(1, 1, ("x",))], transcript, 5.0)
    assert default == (1.0 + JOINT_REACH_S,) * 2

    def found(place, reach_s):
        energy = np.ones(80)
        energy[place] = 0.0
        edits = [WordEdit(1, 2)]
        joints = quiet_joints(edits, transcript, 5.0, energy, 0.0625, reach_s)
        return joints[0][0]

    around_s = default_joints([WordEdit(1, 2)], transcript, 5.0)[0][0]
    for place in (43, 47):  # 2.71875 s and 2.96875 s, around 2.94 s
        at_s = (place + 0.5) * 0.0625
        reach_s = abs(at_s - around_s)
        assert found(place, reach_s + 1e-9) == at_s
        assert found(place, reach_s - 1e-9) != at_s
