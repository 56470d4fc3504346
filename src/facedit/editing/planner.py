"""From word edits and the lengths of the new sounds to a plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from facedit.editing.diff import WordEdit, check_order
from facedit.editing.joints import Joint, default_joints
from facedit.editing.plan import EditPlan, Fill, Keep, Segment
from facedit.errors import BadEdit
from facedit.types import Transcript
from facedit.units import first_frame_from, frame_time

SILENT = ("delete", "express")
"""Kinds of edits that bring no new sound."""

MARGIN_S = 0.08
BRIDGE_S = 0.16
CROSSFADE_S = 0.010


@dataclass(frozen=True, slots=True)
class Margins:
    """What is changed around the words themselves.

    Attributes:
        margin_s: Pictures changed on either side of a substitution or insertion: two motion
            frames, as VoiceCraft widens masks.
        bridge_s: Pictures changed on either side of a deletion: four motion frames to lead one
            pose into another.
        crossfade_s: Shortest fill of a deletion, which holds the cross-fade from sound to sound.
    """

    margin_s: float = MARGIN_S
    bridge_s: float = BRIDGE_S
    crossfade_s: float = CROSSFADE_S

    def __post_init__(self) -> None:
        """Check the times.

        ``ValueError`` if one is negative.
        """
        if min(self.margin_s, self.bridge_s, self.crossfade_s) < 0:
            raise ValueError("Margins and cross-fade cannot be negative.")


USUAL = Margins()


def make_plan(
    edits: Sequence[WordEdit],
    transcript: Transcript,
    speech_durations_s: Sequence[float | None],
    *,
    source_duration_s: float,
    frame_rate: Fraction,
    joints: Sequence[Joint] | None = None,
    margins: Margins = USUAL,
) -> EditPlan:
    """Lay kept and filled segments out in time; without edits, one kept segment.

    What follows an edit moves by a whole number ``n`` of source frames: the smallest for which the
    new sound fits. So a fill lasts less than one frame longer than its sound; half of the rest is
    pause before it, half after. A deletion keeps the few milliseconds that do not make up a whole
    frame, at least ``margins.crossfade_s``, as the place of the cross-fade.

    ``speech_durations_s``: per edit the length of its new sound; None for a deletion
    and for an expression alone;
    ``frame_rate``: frames per second of the source (nominal where the rate varies); ``joints``: per
    edit the source times between which the old sound goes; from the word times where not given;
    ``margins``: what is changed around the words themselves. Raises BadEdit if edits overlap or lie
    outside the clip, or a sound has no length, ValueError if the lists are not of one length.
    """
    if not (math.isfinite(source_duration_s) and source_duration_s > 0 and frame_rate > 0):
        raise BadEdit(f"A source of {source_duration_s} s at {frame_rate} fps cannot be edited.")
    check_order(edits, len(transcript.words))
    if joints is None:
        _check_inside(edits, transcript, source_duration_s)
        joints = default_joints(edits, transcript, source_duration_s)
    if not len(edits) == len(speech_durations_s) == len(joints):
        raise ValueError(
            f"{len(edits)} edits, {len(speech_durations_s)} sounds and {len(joints)} joints."
        )
    segments: list[Segment] = []
    position_s = 0.0
    shift = 0
    for index, (edit, speech_s, joint) in enumerate(
        zip(edits, speech_durations_s, joints, strict=True)
    ):
        _check_joint(index, edit, joint, position_s, source_duration_s)
        shift_s = frame_time(shift, frame_rate)
        if joint[0] > position_s:
            segments.append(Keep(position_s, joint[0], position_s + shift_s))
        fill = _fill(index, edit, speech_s, joint, shift_s, frame_rate, margins.crossfade_s)
        segments.append(fill)
        position_s = joint[1]
        shift += fill.shift_frames
    if position_s < source_duration_s or not segments:
        start_s = position_s + frame_time(shift, frame_rate)
        segments.append(Keep(position_s, source_duration_s, start_s))
    if all(isinstance(segment, Fill) and segment.kind == "delete" for segment in segments):
        raise BadEdit("The edits leave nothing of the clip.")
    return EditPlan(
        tuple(segments),
        tuple(edits),
        source_duration_s,
        frame_rate,
        margins.margin_s,
        margins.bridge_s,
    )


def _fill(
    index: int,
    edit: WordEdit,
    speech_s: float | None,
    joint: Joint,
    shift_s: float,
    frame_rate: Fraction,
    crossfade_s: float,
) -> Fill:
    removed_s = joint[1] - joint[0]
    if edit.kind in SILENT and speech_s is not None:
        raise ValueError(f"Edit {index} brings no words: it has no sound, yet one was given.")
    if edit.kind == "express":
        speech_s, frames = removed_s, 0
    elif edit.kind == "delete":
        speech_s = 0.0
        # Never longer than before: a removed run below the cross-fade stays as it is.
        frames = min(first_frame_from(crossfade_s - removed_s, frame_rate), 0)
    else:
        if speech_s is None or not math.isfinite(speech_s) or speech_s <= 0:
            raise BadEdit(f"The new sound of '{edit.text}' has no length ({speech_s} s).")
        frames = first_frame_from(speech_s - removed_s, frame_rate)
    duration_s = max(removed_s + frame_time(frames, frame_rate), 0.0)
    speech_s = min(speech_s, duration_s)
    pause_s = duration_s - speech_s
    return Fill(
        edit=index,
        kind=edit.kind,
        source_start_s=joint[0],
        source_end_s=joint[1],
        output_start_s=joint[0] + shift_s,
        duration_s=duration_s,
        shift_frames=frames,
        speech_s=speech_s,
        lead_in_s=pause_s / 2,
        lead_out_s=pause_s - pause_s / 2,
        text=edit.text,
    )


def _check_joint(
    index: int, edit: WordEdit, joint: Joint, position_s: float, duration_s: float
) -> None:
    """Check that a joint lies after the one before it and inside the clip."""
    start_s, end_s = joint
    if not (position_s <= start_s <= end_s <= duration_s):
        raise BadEdit(
            f"Edit {index + 1} would remove {start_s:.3f}-{end_s:.3f} s, which is not between "
            f"{position_s:.3f} s and the clip's end at {duration_s:.3f} s."
        )
    if edit.kind == "insert" and start_s != end_s:
        raise BadEdit(f"Edit {index + 1} inserts words, but would remove {end_s - start_s:.3f} s.")


def _check_inside(edits: Sequence[WordEdit], transcript: Transcript, duration_s: float) -> None:
    """Check that the edited words are spoken before the clip ends."""
    for edit in edits:
        for word in transcript.words[edit.old_start : edit.old_end]:
            if word.start_s >= duration_s:
                raise BadEdit(
                    f"'{word.text}' is spoken at {word.start_s:.2f} s, but the clip ends at "
                    f"{duration_s:.2f} s: the transcript does not fit."
                )
