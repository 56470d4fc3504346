"""Edits by rule: what each gives, and that nothing comes of what is no English."""

import pytest

from facedit.bench.make_items import word_classes
from facedit.bench.make_items.rules import rule_edits, sentences
from facedit.editing.diff import apply


def texts(sentence: str, kind: str | None = None) -> set[str]:
    """All edited texts of a sentence."""
    words = sentence.split()
    return {
        " ".join(apply(words, (edit,)))
        for edit in rule_edits(words)
        if kind is None or edit.kind == kind
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("We meet on Tuesday, if you like.", "We meet on Friday, if you like."),
        ("It took six days to do it", "It took eleven days to do it"),
        ("This is a long road to the sea.", "This is a short road to the sea."),
        ("We came in April and stayed.", "We came in June and stayed."),
        ("It was really good to see you", "It was good to see you"),
        ("So we need a system that works.", "we need a system that works."),
        ("So we need a system that works.", "As I said before, we need a system that works."),
        ("We need a system that works", "Of course, We need a system that works"),
        ("If you have time, we can meet on the bridge.", "we can meet on the bridge."),
        ("We can meet there, because it is near.", "We can meet there,"),
        ("The man, who lives near us, is very nice.", "The man, is very nice."),
        ("It was late by then. We took them to the lab.", "We took them to the lab."),
        (
            "It was late. We took them to the lab.",
            "It was late. We took them to the lab. It really is that simple.",
        ),
    ],
)
def test_each_rule(before, after):
    assert after in texts(before)


@pytest.mark.parametrize(
    "sentence",
    [
        "zx qq, foo bar baz qux, hmm plonk.",
        "Was machst du denn, wenn es regnet, mein Freund?",
        "",
        "?!",
        "mumble mumble mumble, mumble mumble, mumble.",
    ],
)
def test_nothing_comes_of_what_is_no_english(sentence):
    assert rule_edits(sentence.split()) == []


@pytest.mark.parametrize(
    ("sentence", "never"),
    [
        ("She is as long as the other one is.", "as short as"),
        ("It was the very best day of my year.", "the best"),
        ("We have twenty six of them here.", "thirty six"),
        ("It is a hundred and six of them", "a hundred and six six"),
        ("This is an old house of ours.", "an new"),
        ("He may march in with them.", "april"),
        ("My fellow friends, tonight we speak.", "In fact, My"),
        ("So what can we do about it?", "In fact"),
        ("And so on, just...", "That is true."),
        ("If it rains, you get wet, and I stay.", "If it rains, and I stay."),
    ],
)
def test_rules_keep_off_what_would_not_read(sentence, never):
    assert not [text for text in texts(sentence) if never in text]


def test_a_statement_without_its_only_sentence_is_no_edit():
    assert "" not in texts("We took them to the lab.")


def test_kept_words_stay_as_written_and_edits_change_something():
    sentence = "So, we came in April. It was very cold, and we waited for a long time."
    words = sentence.split()
    for edit in rule_edits(words):
        new = apply(words, (edit,))
        assert new[: edit.old_start] == words[: edit.old_start]
        assert new != words
        # A word takes over the signs of the one it stands for.
        if edit.kind == "substitute" and len(edit.new_words) == 1:
            assert edit.new_words[0][-1:].isalnum() == words[edit.old_start][-1:].isalnum()


def test_sentences_end_at_marks_only():
    found = sentences(["Well...", "it", "is", "3.5", "m.", "Is", "it?", "Yes"])
    assert [(one.start, one.end, one.mark) for one in found] == [
        (0, 5, "."),
        (5, 7, "?"),
        (7, 8, ""),
    ]


def test_phrases_are_as_long_as_their_class_says():
    assert {len(phrase.split()) for phrase in word_classes.PARENTHESES} >= {2, 4, 6, 8}
    assert max(len(phrase.split()) for phrase in word_classes.SENTENCES) <= 10
