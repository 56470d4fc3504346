"""Edits that keep the words and let the face show something else: script, plan, sound."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from editing_cases import spoken

from facedit.compose.source.sources import source_paths
from facedit.compose.words.source_words import word_edits
from facedit.editing.captions import edited_text
from facedit.editing.diff import WordEdit, merge_close
from facedit.editing.edit_options import NONE, EditOptions
from facedit.editing.plan import EASE_S
from facedit.editing.planner import make_plan
from facedit.editing.script import EditScript, ScriptSource, dumps, loads
from facedit.editing.soundline import output_sound
from facedit.editing.timeline import kept_runs, output_frames
from facedit.errors import BadEdit, UsageError
from facedit.options import EditRequest
from facedit.types import Word

RATE = Fraction(25)
SAID = spoken("we are so happy to be here now and then we go home again at last")
HAPPY = WordEdit(2, 5, ("so", "happy", "to"), ("smile:0.5",))
GO = WordEdit(11, 12, ("walk",))


def planned(*edits: WordEdit):
    sounds = [0.5 if edit.kind == "substitute" else None for edit in edits]
    return make_plan(edits, SAID, sounds, source_duration_s=SAID.duration_s, frame_rate=RATE)


def test_sound_and_words_stay_and_pictures_change_at_the_words_and_an_ease_around() -> None:
    plan = planned(HAPPY)
    (fill,) = plan.fills
    assert plan.output_duration_s == SAID.duration_s
    assert plan.output_words(SAID, [()]) == SAID.words
    (piece,) = output_sound(plan, 16000)  # one run: packets are copied through
    assert (piece.kind, piece.source_start, piece.output_start) == ("source", 0, 0)
    (span,) = plan.picture_spans()
    assert span.output_start_s == pytest.approx(fill.source_start_s - EASE_S)
    assert span.output_end_s == pytest.approx(fill.source_end_s + EASE_S)
    times_s = [k / 25 for k in range(round(SAID.duration_s * 25))]
    shown = list(output_frames(plan, times_s))
    assert [one.output_time_s for one in shown] == pytest.approx(times_s)
    assert {one.role for one in shown if one.span < 0} == {"kept"}
    assert [run[2] for run in kept_runs(plan)] == [0.0, 0.0]
    under = source_paths(plan).at(np.array(times_s))
    assert under.first_s == pytest.approx(times_s)
    assert not under.weight.any()
    assert edited_text("So happy to!", 0.0, 9.0, plan, SAID).text == "So happy to!"


def test_beside_it_words_change_as_they_would_alone() -> None:
    both, alone = planned(HAPPY, GO), planned(GO)
    assert [replace(one, fill=0) for one in output_sound(both, 16000)[1:2]] == [
        *output_sound(alone, 16000)[1:2]
    ]
    new = [Word("walk", 0.0, 0.5)]
    assert both.output_words(SAID, [(), new]) == alone.output_words(SAID, [new])
    # A short word between the two is not spoken anew.
    near = (HAPPY, WordEdit(6, 7, ("there",)))
    assert merge_close(near, SAID.words, 10.0) == near


def test_it_is_read_and_written_with_the_script() -> None:
    edits = (HAPPY, GO)
    own = (EditOptions(expression=("smile:0.5",)), NONE)
    source = ScriptSource("a", SAID.duration_s, RATE)
    text = dumps(EditScript(source, SAID, edits, {}, planned(*edits), own))
    first = json.loads(text)["edits"][0]
    assert first == {"words": [2, 5], "old": "so happy to", "expression": ["smile:0.5"]}
    read = loads(text)
    assert (read.edits, read.own, read.plan) == (edits, own, planned(*edits))
    document = json.loads(text) | {"plan": None}
    document["edits"] = [{"express": "so happy to", "expression": ["smile:0.5"]}]
    assert loads(json.dumps(document)).edits == (HAPPY,)
    for edit, says in (
        ({"words": [2, 2], "expression": ["smile:0.5"]}, "no word is there"),
        ({"words": [2, 3], "expression": []}, "new"),
        ({"express": "happy"}, "expression"),
        ({"express": "sad", "expression": ["smile:0.5"]}, "does not occur"),
    ):
        with pytest.raises(BadEdit, match=says):
            loads(json.dumps(document | {"edits": [edit]}))


def test_it_is_asked_for_by_an_option() -> None:
    asked = (("happy to", "smile:0.5"), ("happy to", "squint:0.2"), ("home", "blink"))
    edits = word_edits(SAID, EditRequest(express=asked, replace=(("last", "first"),)))
    assert [edit.kind for edit in edits] == ["express", "express", "substitute"]
    assert edits[0].expression == ("smile:0.5", "squint:0.2")
    touching = EditRequest(express=(("happy to", "smile:0.5"),), delete=("be",))
    with pytest.raises(BadEdit, match="touch others that change"):
        word_edits(SAID, touching)
    over = EditRequest(express=(("happy to be", "smile:0.5"),), delete=("to",))
    with pytest.raises(BadEdit, match="change the same words"):
        word_edits(SAID, over)
    with pytest.raises(UsageError, match="--express"):
        EditRequest(say="we are here", express=(("happy", "smile:0.5"),))
