"""Expressions as the page shows them: read, placed and refused as ``--expression`` is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from facedit.compose.takes.express import Wish, check_wishes, parse_wish, wishes_for
from facedit.editing.diff import WordEdit
from facedit.editing.estimate import estimated_speech_s
from facedit.editing.plan import EditPlan
from facedit.editing.script import EditScript
from facedit.editing.words import tokenise
from facedit.errors import BadEdit, UsageError
from facedit.options import Making, Region, Run
from facedit.speech.text.word_times import spread
from facedit.types import Transcript, Word


def check_own(script: EditScript) -> None:
    """Refuse expressions of edits that are none, or that the region does not show."""
    common = cast(Region | None, script.options.get("region"))
    for own in script.own:
        check(own.expression or (), "edit", own.region or common)


def check(texts: Sequence[str], verb: Making, region: Region | None = None) -> None:
    """Refuse expressions that are none, or that the region does not show.

    ``UsageError`` is raised, in the words of the page: there the option is a control.
    """
    try:
        check_wishes(Run(expression=tuple(texts), region=region), verb)
    except UsageError as error:
        says = str(error).replace("--expression ", "").replace("add --region face", "let more move")
        raise UsageError(says) from None


def of_edits(
    script: EditScript, plan: EditPlan, spoken: Sequence[Sequence[Word] | None]
) -> list[list[dict[str, Any]]]:
    """Say of every edit what its face shows, and when.

    Args:
        script: The edits.
        plan: Their layout.
        spoken: Per edit its new words, with times from where their sound begins; None where those
            are guessed yet.

    Returns:
        Per edit its expressions, as ``_told`` says them.
    """
    if not any(own.expression for own in script.own):
        return [[] for _ in script.own]
    new = [
        spread(edit.new_words, 0.0, fill.speech_s) if words is None else words
        for edit, fill, words in zip(script.edits, plan.fills, spoken, strict=True)
    ]
    said = plan.output_words(script.transcript, new)
    placed = iter(wishes_for(Run(), plan, script.own))
    return [
        [_told(text, next(placed), said) for text in own.expression or ()] for own in script.own
    ]


def of_whole(texts: Sequence[str], said: Sequence[Word], length_s: float) -> list[dict[str, Any]]:
    """Say what a face shows that speaks from the first to the last picture.

    Args:
        texts: The expressions.
        said: The words, with times.
        length_s: Length of the video.

    Returns:
        The expressions, as ``_told`` says them. (``UsageError`` if one is none.)
    """
    return [_told(text, replace(parse_wish(text), within=(0.0, length_s)), said) for text in texts]


def guessed_words(text: str, heard: Transcript | None) -> tuple[Word, ...]:
    """Guess when the words of a text will be said, at the rate of a speaker if one was heard."""
    if not (tokens := tokenise(text)):
        return ()
    by = heard or Transcript((), 0.0)
    return tuple(spread(tokens, 0.0, estimated_speech_s(WordEdit(0, 0, tokens), by) or 0.0))


def _told(text: str, wish: Wish, said: Sequence[Word]) -> dict[str, Any]:
    """Say what is asked, from when to when it shows in the output, and else why it cannot."""
    asked = parse_wish(text).when
    told = {
        "text": text,
        "name": wish.expression.name,
        "amount": wish.amount,
        "when": asked if isinstance(asked, str) else f"{asked[0]:g}-{asked[1]:g}",
        "shows": None,
        "says": "",
    }
    try:
        start_s, end_s = wish.times(said)
    except BadEdit as error:
        return told | {"says": str(error)}
    start_s, end_s = max(start_s, wish.within[0]), min(end_s, wish.within[1])
    if start_s >= end_s:
        return told | {"says": "nothing new is shown at that time."}
    return told | {"shows": [round(start_s, 4), round(end_s, 4)]}
