"""Where the old sound is cut: in the quiet between words, never inside a word that stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facedit.editing.diff import WordEdit
from facedit.types import Transcript

JOINT_REACH_S = 0.06
"""How far into the pause beside an edited word a joint is put when nothing else is known."""

INTO_WORD_S = 0.015
"""How far into a removed word its joints may be moved to a quieter place."""

Joint = tuple[float, float]
"""Source times between which the old sound is removed; equal for an insertion."""


def default_joints(
    edits: Sequence[WordEdit], transcript: Transcript, duration_s: float
) -> tuple[Joint, ...]:
    """Choose one joint an edit from the word times alone, inside the clip, in order.

    A joint lies in the middle of the pause beside the removed words, at most ``JOINT_REACH_S`` away
    from them. Words are inserted at that distance after the word before them (before the first
    word: ahead of the word after them).
    """
    joints = []
    for edit in edits:
        first, last = _pauses(edit, transcript, duration_s)
        if edit.kind == "insert":
            if edit.old_start:
                start_s = first[0] + min(_half(first), JOINT_REACH_S)
            else:
                start_s = first[1] - min(_half(first), JOINT_REACH_S)
            joints.append((start_s, start_s))
            continue
        start_s = first[1] - min(_half(first), JOINT_REACH_S)
        end_s = last[0] + min(_half(last), JOINT_REACH_S)
        joints.append((start_s, max(start_s, end_s)))
    return tuple(joints)


def quiet_joints(
    edits: Sequence[WordEdit],
    transcript: Transcript,
    duration_s: float,
    energy: NDArray[np.floating],
    hop_s: float,
    reach_s: float = 0.12,
) -> tuple[Joint, ...]:
    """Move the default joints to the quietest points of the pauses they lie in.

    Word times are some milliseconds off, so the search goes ``INTO_WORD_S`` into the edited words
    too (they are going anyway), but never into a word that stays. ``energy`` (N,) is the loudness
    in any monotonic unit, value ``k`` that of ``[k, k + 1) * hop_s``; ``reach_s`` is how far from
    the default joint to search. ValueError if ``energy`` has more than one dimension or ``hop_s``
    is not positive.
    """
    if energy.ndim != 1 or hop_s <= 0:
        raise ValueError(f"energy {energy.shape} with a hop of {hop_s} s is no loudness curve.")
    joints = []
    defaults = default_joints(edits, transcript, duration_s)
    for edit, (start_s, end_s) in zip(edits, defaults, strict=True):
        first, last = _pauses(edit, transcript, duration_s)
        if edit.kind == "insert":
            start_s = _quietest(start_s, first, reach_s, energy, hop_s)
            joints.append((start_s, start_s))
            continue
        # What is left of a removed word is heard as that word: stay out of it, but for a little.
        into_s = min(INTO_WORD_S, max(last[0] - first[1], 0.0) / 2)
        start_s = _quietest(start_s, (first[0], first[1] + into_s), reach_s, energy, hop_s)
        end_s = _quietest(end_s, (last[0] - into_s, last[1]), reach_s, energy, hop_s)
        joints.append((start_s, end_s))
    return tuple(joints)


def _pauses(edit: WordEdit, transcript: Transcript, duration_s: float) -> tuple[Joint, Joint]:
    """Return the pauses before and after the removed words (for an insertion the one, twice).

    Where word times overlap, the pause has no length and lies in the middle of the overlap.
    """
    words = transcript.words
    first = _pause(
        words[edit.old_start - 1].end_s if edit.old_start else 0.0,
        words[edit.old_start].start_s if edit.old_start < len(words) else duration_s,
        duration_s,
    )
    if edit.old_start == edit.old_end:
        return first, first
    last = _pause(
        words[edit.old_end - 1].end_s,
        words[edit.old_end].start_s if edit.old_end < len(words) else duration_s,
        duration_s,
    )
    return first, last


def _pause(start_s: float, end_s: float, duration_s: float) -> Joint:
    """Return a pause clipped to the clip."""
    start_s = min(max(start_s, 0.0), duration_s)
    end_s = min(max(end_s, 0.0), duration_s)
    if start_s > end_s:
        start_s = end_s = (start_s + end_s) / 2
    return start_s, end_s


def _half(pause: Joint) -> float:
    return (pause[1] - pause[0]) / 2


def _quietest(
    around_s: float,
    limits: Joint,
    reach_s: float,
    energy: NDArray[np.floating],
    hop_s: float,
) -> float:
    """Return the middle of the quietest value near a time, or the time itself if none is inside."""
    low_s, high_s = max(limits[0], around_s - reach_s), min(limits[1], around_s + reach_s)
    centres = (np.arange(len(energy)) + 0.5) * hop_s
    inside = np.flatnonzero((centres >= low_s) & (centres <= high_s))
    if not len(inside):
        return around_s
    values = energy[inside]
    # Among equally quiet places (digital silence) the one nearest to the default.
    quiet = inside[values <= values.min()]
    return float(centres[quiet[np.argmin(np.abs(centres[quiet] - around_s))]])
