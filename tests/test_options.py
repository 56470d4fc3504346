"""An option that nobody sets means the same from the command line and from Python."""

from __future__ import annotations

from fractions import Fraction

import pytest

from facedit import pipeline
from facedit.cli import build_parser
from facedit.compose.scripts import with_script_options
from facedit.editing.script import EditScript, ScriptSource
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
    monkeypatch.setattr(pipeline, verb, lambda *_, run, **__: runs.append(run))
    args = build_parser().parse_args(BARE[verb])
    args.run(args)
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
