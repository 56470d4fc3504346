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


def estimated_speech_s(
    edits: Sequence[WordEdit], transcript: Transcript
) -> tuple[float | None, ...]:
    """Estimate how long the new words of each edit will take.

    ``transcript``: the words of the source, whose speaker's rate counts. Returns seconds, in
    proportion to the letters; None where none are new.
    """
    spoken_s = sum(word.end_s - word.start_s for word in transcript.words)
    letters = _letters([word.text for word in transcript.words])
    per_letter_s = spoken_s / letters if spoken_s > 0 else _USUAL_S
    return tuple(
        None if edit.kind in SILENT else per_letter_s * _letters(edit.new_words) for edit in edits
    )


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
    known = spoken_s or (None,) * len(edits)
    return make_plan(
        edits,
        transcript,
        [
            long_s or guess_s
            for guess_s, long_s in zip(estimated_speech_s(edits, transcript), known, strict=True)
        ],
        source_duration_s=source_duration_s,
        frame_rate=frame_rate,
        joints=at or None,
    )


def _letters(words: Sequence[str]) -> int:
    """Count what is spoken; a word without a letter ("—") counts for one."""
    return sum(max(sum(map(str.isalnum, word)), 1) for word in words)
