"""What a plan says to people."""

from dataclasses import replace

import pytest
from compose_cases import plan, transcript

from facedit.compose.session.results import TranscriptResult, describe, plan_result
from facedit.compose.words.plans import PlannedEdit
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


def doubted(*indices):
    words = transcript().words
    scored = [replace(word, score=0.3) if k in indices else word for k, word in enumerate(words)]
    return replace(transcript(), words=tuple(scored))


def test_a_plan_names_the_words_of_low_score_about_the_edits():
    def notes(found):
        edit = WordEdit(5, 6)
        planned = PlannedEdit(found, (edit,), (None,), plan(edit), EditRequest(delete=("today",)))
        answer = plan_result(planned)
        assert all(f"note: {note}" in str(answer) for note in answer.to_dict()["notes"])
        return answer.to_dict()["notes"]

    assert notes(transcript()) == []
    assert notes(doubted(0)) == []  # too far away to matter
    (note,) = notes(doubted(0, 4))
    start_s = transcript().words[4].start_s
    assert f'"moon" at {start_s:.2f} s' in note
    # What was mended in given words is said too, here and in the report.
    mended = replace(transcript(), notes=("a.srt: the times are 0.30 s late",))
    assert notes(mended) == ["a.srt: the times are 0.30 s late"]


def test_a_transcript_marks_the_words_of_low_score():
    lines = str(TranscriptResult(doubted(4), None)).splitlines()
    assert [line for line in lines if line.endswith("(?)")] == [lines[4]]
    assert lines[-1].startswith("(?): 1 ")
    assert "(?)" not in str(TranscriptResult(transcript(), None))
