"""A balanced choice."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from facedit.bench.make_items.balance import balanced


def test_a_large_corpus_does_not_drown_a_small_one():
    candidates = [("big", k) for k in range(100)] + [("small", k) for k in range(5)]
    chosen = balanced(candidates, 20, lambda c: (c[0],))
    assert Counter(name for name, _ in chosen) == {"small": 5, "big": 15}


def test_the_first_key_weighs_most():
    # All of cell "b" are of one corpus; the cells are balanced all the same.
    candidates = [("a", "x"), ("a", "y"), ("a", "z"), ("b", "x"), ("b", "x"), ("b", "x")]
    chosen = balanced(candidates, 4, lambda c: c)
    assert Counter(cell for cell, _ in chosen) == {"a": 2, "b": 2}
    # Within the cells, what the second key has had least of.
    assert len({corpus for cell, corpus in chosen if cell == "a"}) == 2


def test_what_was_chosen_before_counts():
    chosen = balanced(["a", "b"] * 3, 3, lambda c: (c,), already=[("a",)] * 3)
    assert chosen == ["b", "b", "b"]


def test_refused_candidates_are_asked_once_and_replaced():
    asked = []

    def accept(candidate):
        asked.append(candidate)
        return candidate != 1

    assert balanced([1, 2, 3], 2, lambda c: (0,), accept=accept) == [2, 3]
    assert asked == [1, 2, 3]


def test_no_more_of_one_value_than_allowed():
    chosen = balanced(list(range(10)), 10, lambda c: (c % 2, c % 3), most=(None, 1))
    assert Counter(c % 3 for c in chosen) == {0: 1, 1: 1, 2: 1}


def test_nothing_to_choose_from():
    assert balanced([], 3, lambda c: (c,), already=[(1,)]) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=40), st.data())
def test_counts_of_the_first_key_differ_by_one_where_supply_allows(candidates, data):
    count = data.draw(st.integers(0, 40))
    chosen = balanced(candidates, count, lambda c: c)
    assert len(chosen) == min(count, len(candidates))
    used, there = Counter(c[0] for c in chosen), Counter(c[0] for c in candidates)
    for value in there:
        # Whoever has fewer than another one, by more than one, has nothing left to give.
        if any(used[other] - used[value] > 1 for other in there):
            assert used[value] == there[value]
