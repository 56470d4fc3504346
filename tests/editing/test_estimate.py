"""Layouts before the voice has spoken."""

from __future__ import annotations

from fractions import Fraction

import pytest

from facedit.editing.diff import WordEdit
from facedit.editing.estimate import estimated_plan, estimated_speech_s
from facedit.types import Transcript, Word

SPOKEN = Transcript((Word("four", 0.0, 0.4), Word("letters,", 0.5, 1.2), Word("—", 1.2, 1.3)), 2.0)


def test_new_words_are_spoken_at_the_speakers_rate() -> None:
    """1.2 s for 12 letters."""
    assert estimated_speech_s(WordEdit(0, 1, ("five!", "—")), SPOKEN) == pytest.approx(0.5)
    assert estimated_speech_s(WordEdit(0, 1), SPOKEN) is None
    nobody = Transcript((Word("x", 1.0, 1.0),), 2.0)
    assert 0.1 < (estimated_speech_s(WordEdit(0, 0, ("hello",)), nobody) or 0) < 1


def test_the_layout_has_the_estimated_lengths() -> None:
    edits = (WordEdit(0, 1, ("fourteen", "letters")), WordEdit(2, 3))
    plan = estimated_plan(edits, SPOKEN, source_duration_s=2.0, frame_rate=Fraction(25))
    first, second = plan.fills
    assert first.speech_s == pytest.approx(1.5)
    assert second.speech_s == 0
    assert plan.output_duration_s > 2.8


def test_lengths_and_joints_that_are_known_are_taken() -> None:
    edits = (WordEdit(0, 1, ("four",)), WordEdit(2, 3, ("letters",)))
    plan = estimated_plan(
        edits, SPOKEN, source_duration_s=2.0, frame_rate=Fraction(25),
        spoken_s=(None, 0.2), joints=((0.1, 0.3), None),
    )  # fmt: skip
    usual = estimated_plan(edits, SPOKEN, source_duration_s=2.0, frame_rate=Fraction(25))
    first, second = plan.fills
    assert (first.source_start_s, first.source_end_s) == (0.1, 0.3)
    assert (first.speech_s, second.speech_s) == (pytest.approx(0.4), 0.2)
    assert second.source_start_s == usual.fills[1].source_start_s
    with pytest.raises(ValueError, match="zip"):
        estimated_plan(edits, SPOKEN, source_duration_s=2.0, frame_rate=Fraction(25), spoken_s=(1,))


def test_where_nobody_has_spoken_a_letter_takes_70_ms() -> None:
    nobody = Transcript((), 2.0)
    assert estimated_speech_s(WordEdit(0, 0, ("hello",)), nobody) == pytest.approx(0.35)
