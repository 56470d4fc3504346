"""Expressions as they are written, and when each of them shows."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from facedit.compose.takes.wishes import parse_wish, wishes_for, wishes_of
from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import NONE, EditOptions
from facedit.editing.planner import Margins, make_plan
from facedit.errors import BadEdit, UsageError
from facedit.motion.expressions import BLINK, expression_named
from facedit.options import Run
from facedit.types import Transcript, Word

WORDS = (Word("so", 0.25, 0.5), Word("happy", 1.0, 1.25), Word("today", 1.5, 2.0))


def test_words_and_times_of_a_wish_lie_within_what_may_show_it() -> None:
    wish = replace(parse_wish("smile:0.4@0.5-3"), within=(1.0, 2.0))
    assert wish.times(WORDS) == (1.0, 2.0)
    assert replace(wish, when=(1.25, 1.5)).times(WORDS) == (1.25, 1.5)
    assert replace(wish, when="").times(WORDS) == (1.0, 2.0)
    assert replace(wish, when="happy today").times(WORDS) == (1.0, 2.0)
    assert replace(wish, when="happy").times(WORDS) == (1.0, 1.25)
    for within in ((0.5, 1.0), (1.25, 2.0)):  # words that end or begin there are not inside
        with pytest.raises(BadEdit, match="does not occur"):
            replace(wish, when="happy", within=within).times(WORDS)
    assert replace(wish, when="happy", within=(1.2, 1.3)).times(WORDS) == (1.0, 1.25)
    with pytest.raises(BadEdit, match="it is empty"):
        replace(wish, when="happy").times(())


def test_what_a_wish_says() -> None:
    wish = parse_wish(" smile : 0.4 @ 1.5-2 ")
    assert (wish.amount, wish.when, wish.spans) == (0.4, (1.5, 2.0), None)
    assert wish.figure == "expression smile"
    assert replace(wish, within=(1.0, 2.0)).figure == "expression smile at 1.00 s"
    assert parse_wish("smile:0.4@5-6 people").when == "5-6 people"
    assert parse_wish("smile:0.4@1").when == "1"  # a word of one number; of a blink it is a time
    blink = parse_wish("blink@1.5")
    assert (blink.amount, blink.when) == (1.0, pytest.approx((1.38, 1.62)))
    assert parse_wish("blink:0.5@now").amount == 0.5
    most = expression_named("smile").most
    assert parse_wish(f"smile:{most:g}").amount == most
    for text in (f"smile:{most + 0.01:.2f}", "smile:0.0"):
        with pytest.raises(UsageError, match="people show up to"):
            parse_wish(text)
    with pytest.raises(UsageError, match="ends before it begins"):
        parse_wish("smile:0.4@2-2")


def test_blinks_need_a_time_and_nothing_else_does() -> None:
    run = Run(expression=("smile:0.4", "blink@today"))
    assert [wish.expression.name for wish in wishes_of(run)] == ["smile", BLINK]
    with pytest.raises(UsageError, match="say when"):
        wishes_of(Run(expression=("smile:0.4", "blink:0.5")))


def test_an_edits_own_expressions_show_a_margin_about_its_words_and_the_others_elsewhere() -> None:
    said = Transcript(tuple(Word(f"w{k}", float(k), k + 0.5) for k in range(8)), 8.0)
    plan = make_plan(
        (WordEdit(1, 2, ("a",)), WordEdit(3, 4, ("b",)), WordEdit(6, 7, ("c",))), said, [0.5] * 3,
        source_duration_s=8.0, frame_rate=Fraction(16), margins=Margins(0.125, 0.25),
        joints=[(1.0, 1.5), (1.625, 2.125), (6.0, 6.5)],
    )  # fmt: skip
    assert [span.fills for span in plan.picture_spans()] == [(0, 1), (2,)]
    own = (NONE, EditOptions(expression=("smile:0.4@0.25-0.5", "frown:0.2@b")), NONE)
    run = Run(expression=("brows-up:0.3",))
    common, smile, frown = wishes_for(run, plan, own)
    assert (common.expression.name, common.spans, common.when) == ("brows-up", (1,), "")
    assert (smile.spans, smile.when, smile.within) == ((0,), (1.875, 2.125), (1.5, 2.25))
    assert (frown.spans, frown.when, frown.within) == ((0,), "b", (1.5, 2.25))
    assert [wish.spans for wish in wishes_for(run, plan, ())] == [(0, 1)]
    # "Nothing" is an expression of its own too; where all edits have one, the run's shows nowhere.
    none = EditOptions(expression=())
    assert wishes_for(run, plan, (none, NONE, none)) == ()
