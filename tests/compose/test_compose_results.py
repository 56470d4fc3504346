"""What a plan says to people."""

import pytest
from compose_cases import plan, transcript

from facedit.compose.plans import PlannedEdit
from facedit.compose.results import describe, plan_result
from facedit.editing.diff import WordEdit
from facedit.options import EditRequest


@pytest.mark.parametrize(
    ("edit", "speech_s", "lines"),
    [
        (
            WordEdit(4, 5, ("sun",)),
            0.9,
            ('"moon" becomes "sun": ', " frames longer", "we fly to the [moon] today",
             "we fly to the [sun] today"),
        ),
        (
            WordEdit(5, 6),
            0.9,
            ('"today" is cut: ', " frames shorter", "moon [today]", "after:  we fly to the moon\n"),
        ),
        (
            WordEdit(0, 0, ("Now",)),
            0.9,
            ('"Now" is added: ', " frames longer", "before: we fly", "after:  [Now] we fly"),
        ),
    ],
)  # fmt: skip
def test_a_plan_shows_the_sentence_before_and_after(edit, speech_s, lines):
    request = EditRequest(delete=("today",))
    planned = PlannedEdit(transcript(), (edit,), (None,), plan(edit, speech_s=speech_s), request)
    said = describe(planned)
    for line in lines:
        assert line in said
    assert said.splitlines()[-1].startswith("4.000 s become ")
    answer = plan_result(planned).to_dict()
    assert answer["before"] == "we fly to the moon today"
    assert len(answer["after"].split()) == 6 + len(edit.new_words) - (edit.old_end - edit.old_start)
