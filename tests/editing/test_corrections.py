"""What was heard, corrected: words change, edits stay over theirs."""

from __future__ import annotations

import pytest

from facedit.editing.corrections import Correction, correct
from facedit.editing.diff import WordEdit
from facedit.errors import BadEdit
from facedit.types import Word

HEARD = tuple(
    Word(text, k * 1.0, k + 0.8, 0.4) for k, text in enumerate(("we", "meat", "at", "noon"))
)


def test_a_word_that_is_written_anew_is_looked_for_and_one_with_times_is_not() -> None:
    found = correct(HEARD, [Correction(1, "meet"), Correction(3, "Noon,", 3.1, 3.5)])
    assert [word.text for word in found.words] == ["we", "meet", "at", "Noon,"]
    assert found.untimed == (1,)
    assert (found.words[3].start_s, found.words[3].end_s, found.words[3].score) == (3.1, 3.5, 1.0)


def test_parted_and_removed_words_move_the_edits_behind_them() -> None:
    found = correct(HEARD, [Correction(0, "did we"), Correction(2, "")])
    assert [word.text for word in found.words] == ["did", "we", "meat", "noon"]
    assert found.words[0].end_s == found.words[1].start_s == pytest.approx(0.8 * 3 / 5)
    assert found.moved(WordEdit(3, 4, ("ten",))) == WordEdit(3, 4, ("ten",))
    assert found.moved(WordEdit(0, 1, ("they",))) == WordEdit(0, 2, ("they",))
    assert found.moved(WordEdit(1, 3)) == WordEdit(2, 3)
    assert found.moved(WordEdit(2, 3, ("by",))) == WordEdit(3, 3, ("by",))
    assert found.moved(WordEdit(2, 3)) is None
    assert found.moved(WordEdit(4, 4, ("today",))) == WordEdit(4, 4, ("today",))


@pytest.mark.parametrize(
    "wrong",
    [
        [Correction(4, "x")], [Correction(-1, "x")], [Correction(1, "x"), Correction(1, "y")],
        [Correction(k, "") for k in range(4)], [Correction(1, None, 2.0, 1.5)],
        [Correction(1, None, 3.9, 4.0)], [Correction(0, None, -1.0, 0.5)],
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(wrong: list[Correction]) -> None:
    with pytest.raises(BadEdit):
        correct(HEARD, wrong)


def test_one_time_given_is_enough_not_to_look_for_the_word() -> None:
    assert correct(HEARD, [Correction(1, "meet", start_s=1.1)]).untimed == ()
    assert correct(HEARD, [Correction(1, "meet", end_s=1.9)]).untimed == ()
    assert correct(HEARD, [Correction(1, start_s=1.1)]).untimed == ()


def test_neighbours_may_share_times_but_not_swap_them() -> None:
    assert correct(HEARD, [Correction(1, None, 0.0, 0.8)]).words[1].start_s == 0.0
    for start_s, end_s in ((0.5, 0.7), (2.1, 2.9)):  # ends before "we", starts behind "at"
        with pytest.raises(BadEdit, match="out of order"):
            correct(HEARD, [Correction(1, None, start_s, end_s)])
    with pytest.raises(BadEdit, match="cannot last"):
        correct(HEARD, [Correction(1, None, 1.5, 1.5)])
