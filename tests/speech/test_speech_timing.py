import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.speech.timing import GUESSED, in_order, spread, tokens_of
from facedit.types import Word


def test_punctuation_on_its_own_stays_with_the_word_before():
    assert tokens_of("- Well , it's 5 o'clock …  really?") == [
        "Well ,",
        "it's",
        "5",
        "o'clock …",
        "really?",
    ]
    assert tokens_of(" — ... ") == []


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
