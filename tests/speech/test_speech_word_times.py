import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.speech.text.word_times import GUESSED, in_order, one_each, spread
from facedit.types import Word


def test_an_entry_of_several_words_is_shared_out_and_one_of_none_goes():
    entries = [Word("♪", 0.0, 1.0), Word("New York", 1.0, 1.8, 0.7), Word("- well,", 2.0, 2.5, 0.8)]
    first, second, third = one_each(entries)
    assert [word.text for word in (first, second, third)] == ["New", "York", "well,"]
    assert (first.start_s, first.end_s, second.end_s) == (1.0, second.start_s, 1.8)
    assert [first.score, second.score, third.score] == [GUESSED, GUESSED, 0.8]
    assert [word.score for word in one_each(entries, measured=True)] == [0.7, 0.7, 0.8]


@given(
    st.lists(st.text("abcd'", min_size=1, max_size=8), min_size=1),
    st.floats(0, 50),
    st.floats(0, 50),
)
def test_spread_words_tile_the_stretch(tokens, start, length):
    words = spread(tokens, start, start + length)
    assert [word.text for word in words] == tokens
    assert words[0].start_s == start
    assert words[-1].end_s == pytest.approx(start + length)
    for one, two in itertools.pairwise(words):
        assert one.end_s == two.start_s
    assert all(word.score == GUESSED for word in words)


def test_longer_words_get_more_time():
    short, long = spread(["a", "elephants"], 0.0, 1.2)
    assert short.end_s - short.start_s == pytest.approx(0.2)
    assert long.end_s - long.start_s == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.floats(-1, 12), st.floats(-1, 3)), max_size=12),
)
def test_words_in_order_never_overlap_and_stay_inside(times):
    words = [Word("x", start, start + length) for start, length in sorted(times)]
    clean = in_order(words, 10.0)
    assert len(clean) == len(words)
    edges = [edge for word in clean for edge in (word.start_s, word.end_s)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= 10 for edge in edges)


def test_good_times_are_left_alone():
    words = (Word("a", 0.5, 1.0), Word("b", 1.0, 1.4), Word("c", 2.0, 2.5, 0.3))
    assert in_order(words, 3.0) == words
