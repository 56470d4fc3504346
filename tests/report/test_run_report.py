import json
from dataclasses import replace

import numpy as np
import pytest
from report_cases import full_report

from facedit.report.run_report import ClipFacts, RunReport, Seam, report_json
from facedit.report.seam_steps import Jump

USUAL, HIGH, UNKNOWN = (
    Jump(1.0, 1.0, 2.0, ""),
    Jump(3.0, 1.0, 2.0, ""),
    Jump(1.0, np.nan, np.nan, ""),
)


@pytest.mark.parametrize(
    ("motion", "velocity", "picture", "smooth"),
    [
        (USUAL, USUAL, USUAL, True),
        (HIGH, USUAL, USUAL, False),
        (USUAL, HIGH, USUAL, False),
        (USUAL, USUAL, HIGH, False),
        (None, UNKNOWN, USUAL, True),
        (None, None, None, True),
    ],
)
def test_one_large_step_is_enough_to_look(motion, velocity, picture, smooth):
    assert Seam(1.0, "in", 0, motion, velocity, picture).is_smooth == smooth


def test_json_holds_the_plan_and_the_measures_and_no_pictures():
    report = full_report()
    text = report_json(report)
    data = json.loads(text)
    assert data["report"] == 2
    assert data["plan"] == json.loads(json.dumps(report.plan.to_dict()))
    assert [seam["smooth"] for seam in data["seams"]] == [True, False] * len(report.spans)
    assert len(report.seams_to_check) == len(report.spans)
    assert data["seams"][0]["motion"]["ratio"] == pytest.approx(20 / 50.5, abs=1e-6)
    assert data["seams"][0]["picture"]["usual"] is None  # NaN is no JSON
    assert data["spans"][0]["confidence_min"] == pytest.approx(0.7)
    assert data["spans"][0]["lips"]["source"][5] is None
    assert len(data["spans"][0]["lips"]["times_s"]) == 20
    assert len(text) < 20_000


def test_a_bare_report_is_one_too():
    clip = ClipFacts("a.jpg", 10, 10, 25.0, 1.0)
    data = json.loads(report_json(RunReport("generate", "0.1.0", clip, clip)))
    assert data["plan"] is None
    assert data["seams"] == []


def test_infinite_numbers_become_null():
    report = full_report()
    clip = replace(report.source, duration_s=float("inf"))
    data = json.loads(report_json(replace(report, source=clip)))
    assert data["source"]["duration_s"] is None
