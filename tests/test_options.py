"""An option that nobody sets means the same from the command line and from Python."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from facedit import api
from facedit.bench import material
from facedit.cli.main import main
from facedit.compose.words.scripts import with_script_options
from facedit.editing.script import EditScript, ScriptSource
from facedit.errors import BadEdit, UsageError
from facedit.inputs import MOST_SEED
from facedit.options import USUAL_REGION, EditRequest, Run
from facedit.types import Transcript

BARE = {
    "edit": ["edit", "in.mp4", "-o", "out.mp4", "--delete", "very"],
    "sync": ["sync", "in.mp4", "new.wav", "-o", "out.mp4"],
    "generate": ["generate", "face.png", "new.wav", "-o", "out.mp4"],
}


@pytest.mark.parametrize("verb", USUAL_REGION)
def test_the_bare_command_line_means_the_bare_call(verb, monkeypatch):
    runs = []
    monkeypatch.setattr(api, verb, lambda *_, run, **__: runs.append(run))
    assert main(BARE[verb]) == 0
    assert runs == [Run()]


def test_only_a_picture_moves_its_head_unasked():
    assert {verb: Run(seed=1).region_of(verb) for verb in USUAL_REGION} == {
        "edit": "lips", "sync": "lips", "generate": "head",
    }  # fmt: skip
    assert {Run(region="face").region_of(verb) for verb in USUAL_REGION} == {"face"}


def test_a_script_decides_what_nobody_set_and_nothing_else():
    source = ScriptSource("in.mp4", 1.0, Fraction(25), None)
    script = EditScript(source, Transcript((), 1.0), (), {"seed": 5, "region": "face"}, None)
    request = EditRequest(delete=("very",))
    assert with_script_options(script, request, Run())[1] == Run(seed=5, region="face")
    chosen = Run(seed=0, region="lips")
    assert with_script_options(script, request, chosen)[1] == chosen
    manner = {"articulation": 0.5, "expression": ["smile:0.5"]}
    script = replace(script, options=manner)
    drawn = Run(articulation=0.5, expression=("smile:0.5",))
    assert with_script_options(script, request, Run())[1] == drawn
    chosen = Run(articulation=1.5, expression=("frown:0.2",))
    assert with_script_options(script, request, chosen)[1] == chosen
    for wrong in ({"articulation": 3}, {"expression": "smile"}):
        with pytest.raises(BadEdit, match=r"options\."):
            with_script_options(replace(script, options=wrong), request, Run())


@pytest.mark.parametrize("seed", ["1e30", "-1", "nan", str(2**63), "9" * 5000, "0x10", ""])
@pytest.mark.parametrize(
    "verb",
    [
        *BARE.values(),
        ["evaluate", "in", "-o", "out"],
        ["adapt", "in", "-o", "out"],
        ["bench", "build", "in", "-o", "out"],
        ["bench", "selfcheck", "in", "-o", "out"],
    ],
    ids=lambda arguments: "-".join(arguments[:2]),
)
def test_no_verb_takes_a_seed_that_is_none(verb, seed, capsys):
    try:
        status = main([*verb, f"--seed={seed}"])
    except SystemExit as end:
        status = end.code
    assert status == 2
    line = capsys.readouterr().err
    assert re.search("--seed.*(is no whole number|choose 0 to 9223372036854775807)", line)
    assert line.count("\n") == 1
    assert len(line) < 1100


def test_force_reaches_whoever_writes(monkeypatch):
    given = []
    monkeypatch.setattr(material, "make_material", lambda folder, *, force: given.append(force))
    assert main(["bench", "material", "-o", "out"]) == 0
    assert main(["bench", "material", "-o", "out", "--force"]) == 0
    assert given == [False, True]


def test_python_and_scripts_take_the_same_seeds():
    assert Run(seed=MOST_SEED).first_seed == MOST_SEED
    source = ScriptSource("in.mp4", 1.0, Fraction(25), None)
    for seed in (-1, MOST_SEED + 1):
        with pytest.raises(UsageError, match=f"--seed {seed}"):
            Run(seed=seed)
        script = EditScript(source, Transcript((), 1.0), (), {"seed": seed})
        with pytest.raises(BadEdit, match=r"options\.seed"):
            with_script_options(script, EditRequest(say="a"), Run())


def test_a_script_names_a_region_by_a_text():
    source = ScriptSource("in.mp4", 1.0, Fraction(25), None)
    script = EditScript(source, Transcript((), 1.0), (), {"region": ["lips"]})
    with pytest.raises(BadEdit, match=r"options\.region"):
        with_script_options(script, EditRequest(say="a"), Run())


@pytest.mark.parametrize("text", ["a" * 1000, "word " * 300_000, "bl\udce9"])
@pytest.mark.parametrize("name", ["say", "delete", "replace", "insert_after", "insert_before"])
def test_no_option_takes_an_endless_text(name, text):
    value = {"say": text, "delete": (text,)}.get(name, (("blue", text),))
    with pytest.raises(UsageError, match="the words of the edit"):
        EditRequest(**{name: value})
