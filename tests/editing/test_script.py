import json
import re
from dataclasses import replace
from fractions import Fraction

import pytest
from editing_cases import plans, spoken
from hypothesis import assume, given
from hypothesis import strategies as st

from facedit.editing.diff import WordEdit
from facedit.editing.planner import make_plan
from facedit.editing.script import EditScript, ScriptSource, dumps, edited, loads
from facedit.errors import BadEdit
from facedit.types import Transcript, Word

NTSC = Fraction(30000, 1001)


EDITS = (WordEdit(1, 2, ("cow",)), WordEdit(3, 4))


def script(edits=EDITS, **changes):
    transcript = spoken("the cat saw it now")
    source = ScriptSource("clip.mp4", 2.6, NTSC, "ab" * 32)
    sounds = [0.45 if edit.new_words else None for edit in edits]
    plan = make_plan(edits, transcript, sounds, source_duration_s=2.6, frame_rate=NTSC)
    return replace(EditScript(source, transcript, tuple(edits), {"seed": 7}, plan), **changes)


def changed(change):
    """The document after a change of its data."""
    document = json.loads(dumps(script()))
    change(document)
    return json.dumps(document)


def test_round_trip():
    assert loads(dumps(script())) == script()
    bare = script(options={}, plan=None, source=ScriptSource("a", 2.6, Fraction(25)))
    assert loads(dumps(bare)) == bare


@given(plans())
def test_every_plan_survives(drawn):
    transcript, _, _, plan = drawn
    source = ScriptSource("clip.mp4", plan.source_duration_s, plan.frame_rate)
    one = EditScript(source, transcript, plan.edits, {}, plan)
    other = loads(dumps(one))
    assert other.edits == one.edits
    assert other.transcript == transcript
    # The squeeze is not stored: sounds are as long as they were when the plan was made.
    assert other.plan is not None
    for kept, segment in zip(other.plan.segments, plan.segments, strict=True):
        assert kept.source_start_s == segment.source_start_s
        assert kept.output_start_s == pytest.approx(segment.output_start_s, abs=1e-6)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_any_word_survives(text):
    assume(text.strip())
    words = (Word(text, 0.0, 1.0, 0.5),)
    one = script((), transcript=Transcript(words, 2.0, "ar", text), plan=None)
    assert loads(dumps(one)) == one


def test_the_document_is_for_people():
    text = dumps(script())
    assert '    {"words": [1, 2], "old": "cat", "new": "cow"},\n' in text
    assert max(map(len, text.splitlines())) <= 120
    assert re.search(r'\n    "words": \[\n      \{"text": "the", "start_s": [^\n]*\},\n', text)
    assert '"نص"' in dumps(script((WordEdit(0, 1, ("نص",)),)))
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([{"words": [1, 2], "new": "big cow"}], [WordEdit(1, 2, ("big", "cow"))]),
        ([{"replace": "cat", "by": "cow"}], [WordEdit(1, 2, ("cow",))]),
        (
            [{"delete": "cat"}, {"insert": "x", "after": "now"}],
            [WordEdit(1, 2), WordEdit(5, 5, ("x",))],
        ),
        ([{"insert": "x", "before": "the"}], [WordEdit(0, 0, ("x",))]),
        ([{"say": "the cow saw it"}], [WordEdit(1, 2, ("cow",)), WordEdit(4, 5)]),
        ([], []),
    ],
)
def test_edits_written_by_hand(edits, expected):
    read = loads(changed(lambda document: document.update(edits=edits)))
    assert read.edits == tuple(expected)
    assert edited(script(), edits, dict(read.options)) == replace(read, plan=None)
    # The stored plan was for other edits: it must not be used.
    assert read.plan is None


def test_joints_and_lengths_changed_by_hand_make_a_new_plan():
    def change(document):
        fill = document["plan"]["segments"][1]
        fill["source"] = [0.6, 1.1]
        fill["speech_s"] = 0.8

    read = loads(changed(change))
    assert read.plan is not None
    fill = read.plan.fills[0]
    assert (fill.source_start_s, fill.source_end_s, fill.speech_s) == (0.6, 1.1, 0.8)
    assert fill.shift_frames == 9  # 0.3 s of 29.97 fps, rounded up
    assert read.plan.segments[2].source_start_s == 1.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(facedit=2), r"facedit: version 2 is not known"),
        (lambda d: d.pop("facedit"), r"the document: 'facedit' is missing"),
        (lambda d: d.update(edit=[]), r"'edit' is not known here \(known: edits"),
        (
            lambda d: d["source"].update(duration_s="2"),
            r"source\.duration_s: expected a number, got",
        ),
        (lambda d: d["source"].update(duration_s=0), r"source\.duration_s: must be more than 0"),
        (lambda d: d["source"].update(duration_s=True), r"expected a number, got true/false"),
        (lambda d: d["source"].update(frame_rate="1/0"), r"source\.frame_rate: '1/0' is no frame"),
        (lambda d: d["source"].update(frame_rate="0"), r"source\.frame_rate: '0' is no frame"),
        (lambda d: d["source"].update(duration_s=1.2e6), r"duration_s: 1\.2e\+06 is not between"),
        (
            lambda d: d["source"].update(frame_rate=29.97),
            r"source\.frame_rate: '29\.97' is no frame",
        ),
        (lambda d: d["source"].update(sha256="xyz"), r"source\.sha256: expected 64"),
        (lambda d: d["source"].update(name=None), r"source\.name: expected text, got null"),
        (
            lambda d: d["transcript"].update(words={}),
            r"transcript: words must be a list",
        ),
        (
            lambda d: d["transcript"]["words"][1].update(end_s=-1),
            r"transcript: words\[1\]: 0\.\d+ to -1 s is not between",
        ),
        (
            lambda d: d["transcript"]["words"][1].update(start_s=0),
            r"words\[1\]: 0 to .* the word ahead of it",
        ),
        (
            lambda d: d["transcript"]["words"][1].update(txt="x"),
            r"words\[1\]: unknown txt",
        ),
        (lambda d: d["edits"][0].update(new=3), r"edits\[0\]\.new: expected text, got a number"),
        (
            lambda d: d["edits"][0].update(old="dog"),
            r"edits\[0\]\.old: words 1 to 2 are 'cat', not 'd",
        ),
        (
            lambda d: d["edits"][0].update(words=[1]),
            r"edits\[0\]\.words: expected two word numbers",
        ),
        (
            lambda d: d["edits"][0].update(words=[1, 99]),
            r"edits\[0\]\.words\[1\]: 99 is not between",
        ),
        (lambda d: d["edits"][0].update(words=[1, 1.5]), r"words\[1\]: expected a whole number"),
        (
            lambda d: d["edits"][0].update(words=[2, 2], old="", new=""),
            r"edits\[0\]\.new: nothing is",
        ),
        (
            lambda d: d["edits"][1].update(words=[1, 2], old="cat"),
            r"edits: Edits of words.*overlap",
        ),
        (lambda d: d.update(edits=[{"delete": "dog"}]), r"edits\[0\]: 'dog' does not occur"),
        (lambda d: d.update(edits=[{"delete": "cat", "by": "x"}]), r"\[0\]: 'by' is not known"),
        (lambda d: d.update(edits=[{"say": "the cat", "by": "x"}]), r"'by' is not known"),
        (
            lambda d: d.update(edits=[{"insert": "x", "after": "cat", "by": "x"}]),
            r"'by' is not known",
        ),
        (
            lambda d: d.update(edits=[{"insert": "x", "before": "cat", "by": "x"}]),
            r"'by' is not known",
        ),
        (
            lambda d: d.update(edits=[{"replace": "cat", "by": "x", "seed": 1}]),
            r"'seed' is not known",
        ),
        (
            lambda d: d.update(edits=[{"express": "cat", "expression": ["smile"], "new": "x"}]),
            r"'new' is not known",
        ),
        (
            lambda d: d["edits"][0].update(words=[2, 1]),
            r"edits\[0\]\.words: expected two word numbers",
        ),
        (
            lambda d: d["edits"][0].update(words=[1, 1], new=None, expression=["smile"]),
            r"words: no word is there to show",
        ),
        (lambda d: d["source"].update(frame_rate="1001"), r"'1001' is no frame rate"),
        (lambda d: d["source"].update(md5="x"), r"source: 'md5' is not known"),
        (lambda d: d["edits"][0].update(nw="x"), r"edits\[0\]: 'nw' is not known"),
        (
            lambda d: d.update(edits=[{"remove": "cat"}]),
            r"edits\[0\]: expected 'words' and 'new', or",
        ),
        (lambda d: d.update(edits=[{"replace": "cat"}]), r"edits\[0\]: 'by' is missing"),
        (lambda d: d["edits"].append({"delete": "cat"}), r"edits\[0\]: .*cannot be mixed"),
        (
            lambda d: d.update(edits=[{"express": "cat", "expression": []}]),
            r"edits\[0\]: no expression is given",
        ),
        (lambda d: d.update(edits=["cat"]), r"edits\[0\]: expected an object, got text"),
        (lambda d: d.update(options=[]), r"options: expected an object, got a list"),
        (
            lambda d: d["plan"]["segments"][1].update(source=[0, 9]),
            r"segments\[1\]\.source\[1\]: 9 is not",
        ),
        (
            lambda d: d["plan"]["segments"][1].update(source=[1]),
            r"segments\[1\]\.source: expected two times",
        ),
        (
            lambda d: d["plan"]["segments"][1].update(source=[2.5, 2.6]),
            r"plan\.segments: Edit 2 would",
        ),
        (
            lambda d: d["plan"]["segments"][1].update(speech_s=None),
            r"speech_s: expected a number, got n",
        ),
    ],
)
def test_mistakes_are_named_by_their_place(change, message):
    with pytest.raises(BadEdit, match=message) as caught:
        loads(changed(change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"line 1, column 1"),
        ("{", r"line 1, column 2"),
        ("[]", r"the document: expected an object, got a list"),
        ('{"facedit": 1, "facedit": 1}', r"'facedit' stands twice"),
        ("[" * 100_000, r"nested too deeply"),
        ("9" * 10_000, r"too long"),
        ('{"facedit": NaN}', r"version None is not known"),
    ],
)
def test_what_is_no_document(text, message):
    with pytest.raises(BadEdit, match=message):
        loads(text)


def test_a_number_beyond_floats_is_refused():
    text = dumps(script()).replace('"duration_s": 2.6', f'"duration_s": 1{"0" * 400}')
    with pytest.raises(BadEdit, match=r"a whole number is too long"):
        loads(text)


def test_frame_rates_up_to_a_thousand_and_the_longest_clip_are_read():
    def change(document):
        document["source"].update(frame_rate="1000", duration_s=1e6)
        document.update(plan=None)

    source = loads(changed(change)).source
    assert (source.frame_rate, source.duration_s) == (1000, 1e6)


@pytest.mark.parametrize("long", [0, 1])
def test_what_fits_110_characters_stands_on_one_line_and_else_on_several(long):
    def letters(bare):
        return "é" * (110 - len(json.dumps(bare)) + long)

    word = {"text": "", "start_s": 0.0, "end_s": 1.0, "score": 0.5}
    word["text"] = letters(word)
    edit = {"words": [0, 0], "old": "", "new": ""}
    edit["new"] = letters(edit)
    said = Transcript((Word(*word.values()),), 2.0)
    text = dumps(script((WordEdit(0, 0, (edit["new"],)),), transcript=said, plan=None))
    for one in (word, edit):
        assert (json.dumps(one, ensure_ascii=False) in text) == (not long)
    assert loads(text).transcript == said
