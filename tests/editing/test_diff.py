from itertools import pairwise, product

import pytest
from editing_cases import edits_of, spoken
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.diff import WordEdit, apply, changes, diff, marked, merge_close
from facedit.errors import BadEdit

WORDS = st.lists(st.sampled_from("abc"), max_size=7)


def longest_common(old, new):
    """Length of the longest common subsequence, by its definition."""
    if not old or not new:
        return 0
    if old[-1] == new[-1]:
        return longest_common(old[:-1], new[:-1]) + 1
    return max(longest_common(old[:-1], new), longest_common(old, new[:-1]))


@given(WORDS, WORDS)
def test_edits_lead_to_the_new_words_and_keep_as_many_as_possible(old, new):
    edits = changes(old, new)
    assert apply(old, edits) == new
    kept = len(old) - sum(edit.old_end - edit.old_start for edit in edits)
    assert kept == longest_common(tuple(old), tuple(new))
    for before, after in pairwise(edits):
        assert before.old_end < after.old_start


def fewest_blocks(old, new):
    """Fewest changed blocks among alignments that keep most words, by trying every alignment."""
    most, fewest = -1, 0

    def walk(i, j, kept, blocks, inside):
        nonlocal most, fewest
        if i == len(old) and j == len(new):
            if kept > most or (kept == most and blocks < fewest):
                most, fewest = kept, blocks
            return
        if i < len(old) and j < len(new) and old[i] == new[j]:
            walk(i + 1, j + 1, kept + 1, blocks, False)
        if i < len(old):
            walk(i + 1, j, kept, blocks + (not inside), True)
        if j < len(new):
            walk(i, j + 1, kept, blocks + (not inside), True)

    walk(0, 0, 0, 0, False)
    return fewest


def test_as_few_edits_as_possible_exhaustively():
    texts = [text for size in range(5) for text in product("ab", repeat=size)]
    for old, new in product(texts, texts):
        assert len(changes(old, new)) == fewest_blocks(old, new), (old, new)


@given(WORDS, WORDS)
def test_inverse_edits_give_the_identity(old, new):
    there = apply(old, changes(old, new))
    assert apply(there, changes(there, old)) == old


@given(st.data(), WORDS)
def test_applied_edits_are_found_again(data, old):
    new = apply(old, data.draw(edits_of(len(old))))
    assert apply(old, changes(old, new)) == new


@given(WORDS)
def test_same_words_need_no_edit(words):
    assert changes(words, [word.upper() + "," for word in words]) == ()


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("set blue at f two now", "Set blue, at f three now!", [(4, 5, "three")]),
        ("the cat sat on the mat", "the dog sat on a mat", [(1, 2, "dog"), (4, 5, "a")]),
        ("a b c", "x b c", [(0, 1, "x")]),
        ("a b c", "a b x", [(2, 3, "x")]),
        ("a b c", "b c", [(0, 1, "")]),
        ("a b c", "a b", [(2, 3, "")]),
        ("a b", "x a b", [(0, 0, "x")]),
        ("a b", "a b x", [(2, 2, "x")]),
        ("very good", "very very good", [(1, 1, "very")]),
        ("very very good", "very good", [(1, 2, "")]),
        ("a b", "x y z", [(0, 2, "x y z")]),
        ("a well-known man", "a well known man", []),
        ("a nowhere man", "a now here man", [(1, 2, "now here")]),
        # Both halves of a word change, and what stands between them goes with it.
        ("a no-where-man b", "a now where men b", [(1, 2, "now where men")]),
        ("yes — no", "yes no", []),
        ("yes — no", "yes maybe", [(2, 3, "maybe")]),
        ("أهلا بكم في النشرة", "أهلا بكم في الأخبار", [(3, 4, "الأخبار")]),
    ],
)
def test_examples(old, new, edits):
    expected = tuple(WordEdit(start, end, tuple(text.split())) for start, end, text in edits)
    assert diff(spoken(old).words, new) == expected


def test_contiguous_changes_make_one_edit():
    # Alignments that pair off "b" somewhere inside would give two edits for the same kept words.
    (edit,) = changes(["s", "a", "b", "t"], ["s", "x", "y", "z", "t"])
    assert edit == WordEdit(1, 3, ("x", "y", "z"))


def test_long_texts_align_quickly_enough_to_be_used():
    old = [f"w{index % 50}" for index in range(2000)]
    new = ["first", *old[1:1000], *old[1001:-1], "last"]
    assert apply(old, changes(old, new)) == new
    assert [edit.kind for edit in changes(old, new)] == ["substitute", "delete", "substitute"]


def test_kind_follows_from_what_goes_and_comes():
    assert WordEdit(1, 2, ("x",)).kind == "substitute"
    assert WordEdit(1, 1, ("x",)).kind == "insert"
    assert WordEdit(1, 2).kind == "delete"
    for start, end in ((1, 1), (2, 1), (-1, 0)):
        with pytest.raises(ValueError, match=r"range|must"):
            WordEdit(start, end)


@pytest.mark.parametrize(
    "edits",
    [
        [WordEdit(0, 2), WordEdit(1, 3)],
        [WordEdit(0, 1), WordEdit(1, 2)],
        [WordEdit(2, 3), WordEdit(0, 1)],
        [WordEdit(2, 4)],
    ],
)
def test_apply_refuses_edits_that_overlap_or_reach_out(edits):
    with pytest.raises(BadEdit):
        apply(["a", "b", "c"], edits)


def test_short_kept_speech_between_edits_is_spoken_anew():
    words = spoken("one two three four five", word_s=0.3, pause_s=0.1).words
    edits = (WordEdit(0, 1, ("x",)), WordEdit(2, 3, ("y",)), WordEdit(5, 5, ("z",)))
    assert merge_close(edits, words, 0.2) == edits
    assert merge_close(edits, words, 0.35) == (WordEdit(0, 3, ("x", "two", "y")), edits[2])
    # Kept speech of just that length stays: "two" lasts a quarter of a second here, to the bit.
    exact = spoken("one two three four five", start_s=0.0, word_s=0.25, pause_s=0.25).words
    assert merge_close(edits, exact, 0.25) == edits
    texts = [word.text for word in words]
    assert apply(texts, merge_close(edits, words, 9.0)) == apply(texts, edits)


def test_what_goes_and_what_comes_is_marked_in_the_sentence():
    words = ["bin", "blue", "at", "s", "three", "again"]
    edits = (WordEdit(0, 0, ("now",)), WordEdit(1, 2, ("green",)), WordEdit(3, 5))
    assert marked(words, edits) == (
        "bin [blue] at [s three] again",
        "[now] bin [green] at again",
    )
    assert marked(words, ()) == (" ".join(words), " ".join(words))
    many = [f"w{k}" for k in range(100)]
    before, after = marked(many, (WordEdit(50, 51, ("x",)),), around=2)
    assert (before, after) == ("… w48 w49 [w50] w51 w52 …", "… w48 w49 [x] w51 w52 …")


def test_texts_that_are_too_different_to_compare_are_refused():
    with pytest.raises(BadEdit, match="20000 new words in the place of 10000"):
        changes(["a"] * 10_000, ["b"] * 20_000)
    assert changes(["a"] * 100_000, [*["a"] * 50_000, "b", *["a"] * 50_000])
