"""Parts footage into what is learnt from and what is held out to judge by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.dataset.prepared import ClipRow, PreparedClip
from facedit.errors import UsageError
from facedit.evaluation.hidden_spans import EDGE
from facedit.model.normalise import SpeechProjection
from facedit.training.adapt.motion_tune import SPEAKER
from facedit.training.motion.data import Dataset
from facedit.training.motion.validate import SPAN
from facedit.units import MOTION_FPS

LEAST_S = 4.0
"""Seconds of usable footage below which there is nothing to adapt to and to judge by."""

EVERY = 4
"""Every so many clips, or the last part of each clip, is held out."""

WHOLE_CLIPS = 4
"""Clips from which on whole ones are held out."""

MARGIN = 10
"""Frames between what is learnt and what is held out of one clip (0.4 s)."""

PIECE = 30
"""Least frames of a held-out piece: a span and what a test shows around it."""

SHORTEST = 20
"""Least frames of a piece to learn from."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Footage in two parts.

    Attributes:
        learn: Pieces to learn from.
        held: Pieces held out, about ``PIECE`` to twice as many frames each.
    """

    learn: tuple[PreparedClip, ...]
    held: tuple[PreparedClip, ...]


def part_footage(clips: Sequence[PreparedClip]) -> Parts:
    """Hold out every fourth clip, or of fewer than four clips the last quarter of each.

    Raises UsageError if there is too little footage.
    """
    frames = sum(len(clip.motion) for clip in clips)
    if frames < LEAST_S * MOTION_FPS:
        raise UsageError(
            f"{frames / MOTION_FPS:.1f} s of a speaking face is too little to adapt to: give "
            f"{LEAST_S:g} s at least, better a minute."
        )
    if len(clips) >= WHOLE_CLIPS:
        learn = [clip for number, clip in enumerate(clips) if number % EVERY != EVERY - 1]
        tails = [clip for number, clip in enumerate(clips) if number % EVERY == EVERY - 1]
    else:
        learn, tails = [], []
        for clip in clips:
            first, *last = _without_tail(clip)
            learn.append(first)
            tails += last
    held = [piece for tail in tails for piece in pieces(tail)]
    if not held:
        raise UsageError(
            f"no clip is long enough to hold out a part to judge by: give clips of "
            f"{(SHORTEST + MARGIN + PIECE) / MOTION_FPS:g} s or more."
        )
    return Parts(tuple(learn), tuple(held))


def _without_tail(clip: PreparedClip) -> list[PreparedClip]:
    """Cut the last quarter off a clip, and ``MARGIN`` before it; a short one stays whole."""
    length = len(clip.motion)
    tail = max(length // EVERY, PIECE)
    if length < SHORTEST + MARGIN + tail:
        return [clip]
    return [clip.cut(0, length - tail - MARGIN), clip.cut(length - tail, length)]


def pieces(clip: PreparedClip) -> list[PreparedClip]:
    """Cut a clip into pieces of one length, a test span in each; none if it is too short."""
    length = len(clip.motion)
    if length < SPAN + 2 * EDGE:
        return []
    count = max(length // PIECE, 1)
    bounds = np.linspace(0, length, count + 1).astype(int)
    return [clip.cut(int(bounds[k]), int(bounds[k + 1])) for k in range(count)]


def pack(clips: Sequence[PreparedClip], projection: SpeechProjection) -> Dataset:
    """Pack a speaker's pieces, speech projected, for a sampler; all of corpus ``SPEAKER``."""
    rows = tuple(
        ClipRow(str(number), "", "train", SPEAKER, SPEAKER, len(clip.motion))
        for number, clip in enumerate(clips)
    )
    return Dataset(
        rows=rows,
        offsets=np.concatenate([[0], np.cumsum([row.frames for row in rows])]).astype(np.int64),
        motion=np.concatenate([clip.motion for clip in clips]),
        mirrored=np.concatenate([clip.mirrored for clip in clips]),
        speech=np.concatenate([projection(clip.speech) for clip in clips]).astype(np.float32),
        opening=np.concatenate([clip.opening for clip in clips]),
    )
