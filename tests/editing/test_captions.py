"""Subtitles show the new words where they showed the old ones."""

import pytest
from editing_cases import spoken

from facedit.editing.captions import edited_text
from facedit.editing.diff import WordEdit
from facedit.editing.planner import make_plan
from facedit.types import Transcript

# Words of 0.3 s every 0.4 s from 0.3 s on.
SPOKEN = spoken("one two three four two five")


def shown(
    text: str, *edits: WordEdit, start_s: float = 0.0, end_s: float = 9.0, said: Transcript = SPOKEN
):
    plan = make_plan(
        edits,
        said,
        [0.5 if edit.new_words else None for edit in edits],
        source_duration_s=said.duration_s,
        frame_rate=25,
    )
    return edited_text(text, start_s, end_s, plan, said)


@pytest.mark.parametrize(
    ("text", "edit", "wanted"),
    [
        ("one two three, four", WordEdit(2, 3, ("six",)), "one two six, four"),
        ("One two\nthree four.", WordEdit(0, 1, ("six", "seven")), "Six seven two\nthree four."),
        ("ONE TWO", WordEdit(1, 2, ("six",)), "ONE SIX"),
        ("- “two”!", WordEdit(1, 2, ("six",)), "- “six”!"),
        ("<i>one two</i> three", WordEdit(1, 2, ("six",)), "<i>one six</i> three"),
        (r"{\an8}one\Ntwo three", WordEdit(1, 2, ("six",)), r"{\an8}one\Nsix three"),
        ("one two three", WordEdit(1, 2), "one three"),
        ("one two three four two five", WordEdit(4, 5, ("six",)), "one two three four six five"),
        ("one two three", WordEdit(1, 1, ("six",)), "one six two three"),
        ("one two three", WordEdit(0, 0, ("six",)), "six one two three"),
        ("one two three", WordEdit(1, 3, ("six",)), "one six"),
        ("one two three", WordEdit(3, 4, ("six",)), "one two three"),
        ("1, 2 and 3", WordEdit(1, 2, ("six",)), "1, six and 3"),
    ],
)
def test_words_change_in_the_text(text: str, edit: WordEdit, wanted: str) -> None:
    end_s = 9.0 if "five" in text else 1.5
    assert shown(text, edit, end_s=end_s).text == wanted


def test_words_over_two_cues_come_once() -> None:
    edit = WordEdit(1, 3, ("six", "seven"))
    assert shown("one two", edit, end_s=1.0).text == "one six seven"
    assert shown("three four", edit, start_s=1.0, end_s=1.8).text == "four"


def test_a_cue_of_cut_words_is_empty() -> None:
    assert shown("<b>two</b>", WordEdit(1, 2), start_s=0.6, end_s=1.1).text == ""


@pytest.mark.parametrize("where", [(1, 2), (1, 1)])
def test_another_language_is_kept_and_said(where: tuple[int, int]) -> None:
    edit = WordEdit(*where, ("six",))
    found = shown("un deux trois", edit, end_s=1.5)
    assert found.text == "un deux trois"
    assert found.missed
    elsewhere = shown("quatre cinq", edit, start_s=1.9)
    assert elsewhere.text == "quatre cinq"
    assert not elsewhere.missed


def test_words_put_between_two_cues_come_once_behind_the_word_before_them() -> None:
    edit = WordEdit(2, 2, ("six",))
    assert shown("one two", edit, end_s=1.0).text == "one two six"
    assert shown("three four", edit, start_s=1.0, end_s=1.8).text == "three four"


def test_a_word_of_one_capital_lends_its_first_letter_alone() -> None:
    said = spoken("I see")
    assert shown("I see", WordEdit(0, 1, ("we",)), said=said).text == "We see"
    assert shown("I SEE", WordEdit(1, 2, ("look",)), said=said).text == "I LOOK"


def test_a_word_belongs_to_the_cue_that_its_middle_lies_in() -> None:
    edit = WordEdit(1, 2, ("six",))  # "two" is said at 0.7-1.0 s
    assert shown("two", edit, start_s=0.84, end_s=2.0).text == "six"
    assert shown("two", edit, start_s=0.0, end_s=0.86).text == "six"
    assert shown("two", edit, start_s=0.86, end_s=2.0).text == "two"
    assert shown("two", edit, start_s=0.0, end_s=0.84).text == "two"
