from dataclasses import replace

import pytest
from editing_cases import spoken

from facedit.editing.diff import WordEdit
from facedit.editing.requests import Delete, InsertAfter, InsertBefore, Replace, find, resolve
from facedit.errors import BadEdit
from facedit.types import Transcript

# the 0.3, cat 0.7, saw 1.1, the 1.5, dog 1.9, and 2.3, the 2.7, well-known 3.1, bird. 3.5
TRANSCRIPT = spoken("the cat saw the dog and the well-known bird.")


def edits(*requests):
    return [
        (edit.old_start, edit.old_end, edit.text) for edit in resolve(TRANSCRIPT, list(requests))
    ]


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([Replace("cat", "cow")], [(1, 2, "cow")]),
        ([Replace("the cat", "the cow")], [(1, 2, "cow")]),
        (
            [Replace("The CAT saw the dog", "the cow saw the big dog")],
            [(1, 2, "cow"), (4, 4, "big")],
        ),
        ([Replace("the#1", "a")], [(0, 1, "a")]),
        ([Replace("the#3", "a")], [(6, 7, "a")]),
        ([Delete("the@1.6s")], [(3, 4, "")]),
        # 0.4 s after the second "the" (1.5-1.8 s), 0.5 s before the third (2.7 s) and back again.
        ([Delete("the@2.2")], [(3, 4, "")]),
        ([Delete("the@2.3s")], [(6, 7, "")]),
        ([Delete("the dog")], [(3, 5, "")]),
        ([Delete("the dog@1.9s")], [(3, 5, "")]),
        ([InsertBefore("the@2.7s", "then")], [(6, 6, "then")]),
        ([Delete("bird")], [(8, 9, "")]),
        ([InsertAfter("bird", "today")], [(9, 9, "today")]),
        ([InsertBefore("the#1", "once")], [(0, 0, "once")]),
        ([InsertAfter("well known", "little")], [(8, 8, "little")]),
        ([Replace("cat", "cow"), InsertAfter("cat", "there")], [(1, 2, "cow there")]),
        ([InsertAfter("cat", "there"), Replace("cat", "cow")], [(1, 2, "cow there")]),
        ([InsertBefore("cat", "big"), Replace("cat", "cow")], [(1, 2, "big cow")]),
        ([InsertAfter("cat", "a"), InsertBefore("saw", "b")], [(2, 2, "a b")]),
        ([Delete("saw"), Delete("cat")], [(1, 3, "")]),
        ([Delete("bird"), Delete("cat")], [(1, 2, ""), (8, 9, "")]),
        ([Delete("cat"), InsertAfter("cat", "cat")], []),
    ],
)
def test_requests(requests, expected):
    assert edits(*requests) == expected


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        (
            [Delete("the")],
            r"'the' occurs 3 times: the#1 at 0\.30 s, the#2 at 1\.50 s, the#3 at 2\.70",
        ),
        ([Delete("the#4")], r"occurs 3 time"),
        ([Delete("the#0")], r"occurs 3 time"),
        ([Delete("the@99s")], r"only 4\.10 s long"),
        ([Replace("cot", "x")], r"'cot' does not occur.*nearest: 'cat' at 0\.70 s"),
        ([Replace("zzzzz", "x")], r"'zzzzz' does not occur.*it reads 'the cat saw"),
        ([Replace("the cow", "x")], r"nearest: .*'the cat' at 0\.30 s"),
        ([Delete("")], r"'' does not occur"),
        ([Delete("!")], r"'!' does not occur"),
        ([Replace("cat", "")], r"brings no words"),
        ([InsertAfter("cat", " — ")], r"brings no words"),
        ([Replace("bird", "Bird!")], r"changes nothing"),
        ([Delete("the cat"), Replace("cat saw", "x")], r"delete 'the cat' and replace 'cat saw'"),
        ([Delete("cat"), Delete("cat")], r"change the same words"),
        (
            [Replace("cat saw", "x"), InsertBefore("saw", "y")],
            r"replace 'cat saw' by 'x' and insert 'y' before 'saw' change the same words",
        ),
        ([Replace("saw the dog", "x"), InsertAfter("the#2", "y")], r"change the same words"),
    ],
)
def test_refusals(requests, message):
    with pytest.raises(BadEdit, match=message) as caught:
        resolve(TRANSCRIPT, requests)
    assert "\n" not in str(caught.value)


def test_the_very_words_win_over_words_that_only_read_alike():
    transcript = spoken("nowhere is now here")
    assert find(transcript, "now here") == (2, 4)
    assert find(transcript, "nowhere") == (0, 1)
    assert find(spoken("a well known man"), "well-known") == (1, 3)


def test_a_time_chooses_among_phrases_too():
    transcript = spoken("a big hall and a big hall")
    assert find(transcript, "big hall@0.9s") == (1, 3)
    for time in ("2.9", "2,9 s", "0:02.9", "0:00:02.9s"):
        assert find(transcript, f"big hall@{time}") == (5, 7)
    with pytest.raises(BadEdit, match="only"):
        find(transcript, "big hall@1:00")
    assert find(transcript, "big hall@2.9s") == find(transcript, "big hall#2") == (5, 7)


@pytest.mark.parametrize("phrase", ["5%", "five percent", "5 per cent"])
def test_a_phrase_is_found_in_whatever_spelling(phrase):
    transcript = spoken("say 5 % of two")
    assert find(transcript, phrase) == (1, 3)
    assert find(transcript, "2") == (4, 5)
    with pytest.raises(BadEdit, match="changes nothing"):
        resolve(transcript, [Replace("two", "2")])
    with pytest.raises(BadEdit, match="does not occur"):
        find(replace(transcript, language="de"), "2")


def test_overlapping_occurrences_all_count():
    with pytest.raises(BadEdit, match="occurs 2 times"):
        find(spoken("very very very good"), "very very")
    assert find(spoken("very very very good"), "very very#2") == (1, 3)


def test_what_is_nearest_is_looked_for_up_to_thirty_words():
    said = " ".join(f"word{k}" for k in range(30))
    with pytest.raises(BadEdit, match="nearest: 'word0 word1"):
        resolve(spoken(said), [Delete(said.replace("word7", "wurd7"))])
    with pytest.raises(BadEdit, match="it reads 'word0 word1"):
        resolve(spoken(f"{said} x"), [Delete(f"{said} y")])


def test_marks_between_words_belong_to_no_phrase():
    transcript = spoken("yes - we can")
    assert find(transcript, "yes we") == (0, 3)
    assert resolve(transcript, [Delete("we")]) == (WordEdit(2, 3),)


def test_empty_transcript():
    with pytest.raises(BadEdit, match="it is empty"):
        find(Transcript((), 1.0), "a")
