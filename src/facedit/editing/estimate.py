"""The layout of an edit before its new words were spoken: by the speaker's own rate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from facedit.editing.diff import WordEdit
from facedit.editing.joints import default_joints
from facedit.editing.plan import EditPlan
from facedit.editing.planner import SILENT, make_plan
from facedit.types import Transcript

_USUAL_S = 0.07
"""Seconds a letter where nobody has spoken."""


def estimated_speech_s(edit: WordEdit, transcript: Transcript) -> float | None:
    """Estimate how long the new words of an edit will take.

    ``transcript``: the words of the source, whose speaker's rate counts. Returns seconds, in
    proportion to the letters; None where none are new.
    """
    return _speech_s(edit, _letter_s(transcript))


def estimated_plan(
    edits: Sequence[WordEdit],
    transcript: Transcript,
    *,
    source_duration_s: float,
    frame_rate: Fraction,
    spoken_s: Sequence[float | None] = (),
    joints: Sequence[Sequence[float] | None] = (),
) -> EditPlan:
    """Lay an edit out with estimated lengths and joints from the word times alone.

    ``spoken_s``: per edit the length of its new sound where that is known, or nothing at all;
    ``joints``: the same of its joints. ``BadEdit`` if the edits do not fit the clip, or leave
    nothing of it.
    """
    usual = default_joints(edits, transcript, source_duration_s) if joints else ()
    at = [
        place if joint is None else (joint[0], joint[1])
        for place, joint in zip(usual, joints, strict=True)
    ]
    known, letter_s = spoken_s or (None,) * len(edits), _letter_s(transcript)
    return make_plan(
        edits,
        transcript,
        [long_s or _speech_s(edit, letter_s) for edit, long_s in zip(edits, known, strict=True)],
        source_duration_s=source_duration_s,
        frame_rate=frame_rate,
        joints=at or None,
    )


def _speech_s(edit: WordEdit, letter_s: float) -> float | None:
    return None if edit.kind in SILENT else letter_s * _letters(edit.new_words)


def _letter_s(transcript: Transcript) -> float:
    """Return how long the speaker of a transcript takes for a letter."""
    spoken_s = sum(word.end_s - word.start_s for word in transcript.words)
    letters = _letters([word.text for word in transcript.words])
    return spoken_s / letters if spoken_s > 0 else _USUAL_S


def _letters(words: Sequence[str]) -> int:
    """Count what is spoken; a word without a letter ("—") counts for one."""
    return sum(max(sum(map(str.isalnum, word)), 1) for word in words)
