"""Expressions as the page shows them: read and placed as the command line does."""

from __future__ import annotations

from fractions import Fraction

import pytest

pytest.importorskip("starlette")

from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import EditOptions
from facedit.editing.estimate import estimated_plan
from facedit.editing.plan import EditPlan
from facedit.editing.script import EditScript, ScriptSource
from facedit.errors import UsageError
from facedit.studio.shown_wishes import check_own, guessed_words, of_edits, of_whole
from facedit.types import Transcript, Word

SAID = ("we", "fly", "to", "the", "moon")
HEARD = Transcript(tuple(Word(text, 2.0 * k, 2.0 * k + 1) for k, text in enumerate(SAID)), 12.0)


def edited(*own: tuple[str, ...] | None, region: str = "lips") -> tuple[EditScript, EditPlan]:
    """The first and the fourth word become two others each."""
    edits = (WordEdit(0, 1, ("who", "would")), WordEdit(3, 4, ("some", "other")))
    options = tuple(EditOptions(expression=one) for one in own)
    source = ScriptSource("in.mp4", 12.0, Fraction(25))
    plan = estimated_plan(
        edits, HEARD, source_duration_s=12.0, frame_rate=Fraction(25), spoken_s=(1.0, 1.0)
    )
    return EditScript(source, HEARD, edits, {"region": region}, None, options), plan


def test_what_an_edit_shows_is_placed_in_the_output() -> None:
    asked = ("smile:0.3", "frown:0.2@0.25-0.75", "press:0.1@other")
    script, plan = edited(None, asked)
    none, (whole, seconds, words) = of_edits(script, plan, [None, None])
    fill = plan.fills[1]
    assert none == []
    start_s, end_s = fill.output_start_s, fill.output_end_s
    assert whole["shows"] == pytest.approx([start_s - plan.margin_s, end_s + plan.margin_s])
    assert seconds["shows"] == pytest.approx([start_s + 0.25, start_s + 0.75])
    # Of the two new words the second, at a guess by its letters.
    middle_s = fill.speech_start_s + 5 / 11
    assert words["shows"] == pytest.approx([middle_s, fill.speech_start_s + 1], abs=0.01)
    told = [(one["text"], one["name"], one["amount"], one["when"]) for one in (seconds, words)]
    assert told == [(asked[1], "frown", 0.2, "0.25-0.75"), (asked[2], "press", 0.1, "other")]
    spoken = [Word("some", 0.0, 0.3), Word("other", 0.4, 0.9)]
    *_, (_, _, words) = of_edits(script, plan, [None, spoken])
    said_s = fill.speech_start_s
    assert words["shows"] == pytest.approx([said_s + 0.4, said_s + 0.9], abs=1e-3)


def test_words_that_are_not_said_there_and_times_without_pictures_are_told() -> None:
    script, plan = edited(("smile:0.3@moon", "smile:0.3@30-31"), None)
    (said, timed), none = of_edits(script, plan, [None, None])
    assert (said["shows"], timed["shows"], none) == (None, None, [])
    assert "does not occur" in said["says"]
    assert "nothing new is shown" in timed["says"]


@pytest.mark.parametrize(
    ("text", "region", "says"),
    [
        ("grin:0.3", "face", "grin"), ("smile", "face", "NAME:AMOUNT"),
        ("smile:9", "face", "up to"), ("smile:0.3@2-1", "face", "ends before"),
        ("brows-up:0.3", "lips", "let more move"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_in_the_words_of_the_page(
    text: str, region: str, says: str
) -> None:
    script, _ = edited((text,), None, region=region)
    with pytest.raises(UsageError, match=says) as refused:
        check_own(script)
    assert "--" not in str(refused.value)


def test_of_a_whole_video_words_are_guessed_before_they_are_spoken() -> None:
    said = guessed_words("we walk, we run", None)
    length_s = said[-1].end_s
    assert 0.5 < length_s < 2
    slow = guessed_words("we walk, we run", Transcript((Word("so", 0.0, 4.0),), 4.0))
    assert slow[-1].end_s > 5 * length_s
    texts = ("smile:0.3", "smile:0.3@run", "frown:0.2@0.5-90")
    whole, run, late = of_whole(texts, said, length_s)
    assert whole["shows"] == pytest.approx([0.0, length_s])
    assert run["shows"] == pytest.approx([said[3].start_s, length_s], abs=1e-3)
    assert late["shows"] == pytest.approx([0.5, length_s])
