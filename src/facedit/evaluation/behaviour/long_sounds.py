"""Long sounds to be drawn from: long clips, and clips of one speaker joined end to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.evaluation.behaviour.study import Study, opening_of
from facedit.types import Float32
from facedit.units import MOTION_FPS

LONG = 120
"""Least motion frames of a long clip: longer than the network's window."""

JOINED = 60 * MOTION_FPS
LEAST_JOINED = 30 * MOTION_FPS
"""Most and least motion frames of a joined sound."""


@dataclass(frozen=True, slots=True)
class LongSound:
    """Clips end to end, their motion each relative to its own neutral face, shape (T, D).

    ``joints`` are the frames at which another clip begins.
    """

    numbers: tuple[int, ...]
    motion: Float32
    speech: Float32
    joints: tuple[int, ...]

    def opening(self, study: Study, motion: Float32) -> Float32:
        """Return the lip opening of a motion over this sound on the clips' own faces, (T,)."""
        parts = zip(self.numbers, np.split(motion, self.joints), strict=True)
        return np.concatenate(
            [opening_of(study.meter, part, study.clips[n].identity) for n, part in parts]
        )


def joined(study: Study, numbers: Sequence[int]) -> LongSound:
    """Join clips end to end: the long sound, cut to ``JOINED`` frames."""
    clips = [study.clips[number] for number in numbers]
    starts = np.cumsum([0, *(len(clip.motion) for clip in clips)])
    used = int(np.searchsorted(starts, JOINED))
    used = min(used, len(clips))
    whole = LongSound(
        tuple(numbers[:used]),
        np.concatenate([clip.motion for clip in clips[:used]]),
        np.concatenate([clip.speech for clip in clips[:used]]),
        tuple(int(start) for start in starts[1:used]),
    )
    return replace(whole, motion=whole.motion[:JOINED], speech=whole.speech[:JOINED])


def long_sounds(study: Study) -> dict[str, list[LongSound]]:
    """Find long clips (``clips``) and join short ones of a speaker (``joined``)."""
    lengths = [len(clip.motion) for clip in study.clips]
    singles = [joined(study, [n]) for n, length in enumerate(lengths) if length >= LONG]
    by_speaker: dict[str, list[int]] = {}
    for number, speaker in enumerate(study.speakers):
        if lengths[number] < LONG:
            by_speaker.setdefault(speaker, []).append(number)
    several = [
        joined(study, numbers)
        for members in by_speaker.values()
        for numbers in _portions(members, lengths)
    ]
    return {"clips": singles, "joined": several}


def _portions(members: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Cut a speaker's clips into portions of at least ``JOINED`` frames; the rest may be less."""
    portion: list[int] = []
    for number in members:
        portion.append(number)
        if sum(lengths[one] for one in portion) >= JOINED:
            yield portion
            portion = []
    if sum(lengths[one] for one in portion) >= LEAST_JOINED:
        yield portion
