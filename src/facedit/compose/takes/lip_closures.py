"""Let drawn lips close on m, b and p, where the words and their sound say when these are spoken.

Closed lips are what makes these sounds, whoever speaks; a model that is unsure of the moment leaves
them parted. Nothing else is changed: the closure joins what was drawn within ``REACH`` frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.compose.frames.canvas import Canvas
from facedit.compose.source.source_still import CLOSED, closed_mouth
from facedit.face.distances import lip_opening
from facedit.motion.space import MotionSpace
from facedit.speech.recognition.sound_cache import phones_of_sound
from facedit.types import LANDMARK_TERMS, Bool, Float32, Float64, Sound, Transcript, Word
from facedit.units import MOTION_FPS

BILABIALS = ("B", "M", "P")
"""Sounds that are made by closed lips, in ARPAbet."""

REACH = 3
"""Frames within which a closure joins what was drawn on either side."""

WIDER = 1
"""Frames that the lips may close early or late."""

MARGIN = 0.02
"""Lip opening above the person's own closed lips, in outer-eye distances, that counts as closed."""

REST_PERCENTILE = 5.0
"""Percentile of the kept frames' opening that stands for the person's own closed lips."""

MOST_REST = 0.03
"""Largest opening of closed lips; above it the kept frames merely show none."""

AROUND_S = 0.2
"""Sound heard before the first and after the last word."""

Moment = tuple[float, float]
"""When a sound begins and ends in the output, in seconds."""


@dataclass(frozen=True, slots=True)
class Closures:
    """How many m, b and p lie in what was drawn, and on how many the lips close."""

    spoken: int = 0
    drawn: int = 0
    shown: int = 0

    def __add__(self, other: Closures) -> Closures:
        """Add up those of two spans."""
        return Closures(
            self.spoken + other.spoken, self.drawn + other.drawn, self.shown + other.shown
        )


def bilabials(
    transcript: Transcript | None,
    words: Sequence[Word],
    sound: Callable[[float, float], Sound],
    canvas: Canvas,
) -> tuple[Moment, ...]:
    """Find when m, b and p are spoken on a canvas.

    Args:
        transcript: Says the language of the words.
        words: Words of the output.
        sound: Returns the output's sound between two times.
        canvas: The canvas.

    Returns:
        Their moments in order; none where the words are not English, not known, or do not fit the
        sound.
    """
    if transcript is None or not transcript.language.startswith("en"):
        return ()
    end_s = canvas.start_s + len(canvas.values) / MOTION_FPS
    here = [word for word in words if canvas.start_s <= word.start_s and word.end_s <= end_s]
    if not here:
        return ()
    start_s = max(here[0].start_s - AROUND_S, 0.0)
    heard = sound(start_s, here[-1].end_s + AROUND_S)
    found = phones_of_sound(heard, [word.text for word in here]) or ()
    return tuple(
        (start_s + phone.start_s, start_s + phone.end_s)
        for phone in found
        if phone.name in BILABIALS
    )


def close_lips(
    space: MotionSpace, canvas: Canvas, motion: Float32, moments: Sequence[Moment]
) -> tuple[Float32, Closures]:
    """Close the lips at each of some moments, in the frame in which they are nearest to it.

    Args:
        space: The motion space.
        canvas: The canvas; kept frames show the person's own closed lips.
        motion: What was drawn on it, shape (T, D).
        moments: When m, b and p are spoken.

    Returns:
        The motion, shape (T, D), and how many closures it has; kept entries stay as they are.
    """
    if space.terms != LANDMARK_TERMS:
        return motion, Closures()
    lips = space.groups["lips"]
    hidden = np.asarray(canvas.mask[:, lips].all(axis=1))
    opening = _opening(space, canvas, motion)
    kept = opening[~hidden]
    rest = min(float(np.percentile(kept, REST_PERCENTILE)), MOST_REST) if len(kept) else CLOSED
    places = [near for moment in moments if len(near := _frames(canvas, moment, hidden))]
    closed = motion.copy()
    for near in places:
        frame = int(near[np.argmin(_opening(space, canvas, closed)[near])])
        shut = closed_mouth(space, closed[frame], canvas.identity, rest + CLOSED)
        if np.array_equal(shut, closed[frame]):
            continue
        # Towards the closed lips, not by the same way everywhere: frames near it that are nearly
        # closed would close too far.
        distance = np.abs(np.arange(len(motion)) - frame)
        share = np.where(distance < REACH, np.cos(0.5 * np.pi * distance / REACH) ** 2, 0.0)
        joined = closed + share[:, None].astype(np.float32) * (shut - closed)
        closed[:, lips] = np.where(canvas.mask, joined, closed)[:, lips]
    after = _opening(space, canvas, closed)
    drawn, shown = (
        sum(bool(one[near].min() <= rest + MARGIN) for near in places) for one in (opening, after)
    )
    return closed, Closures(len(places), drawn, shown)


def _opening(space: MotionSpace, canvas: Canvas, motion: Float32) -> Float64:
    return np.asarray(lip_opening(space.decode(motion, canvas.identity)), np.float64)


def _frames(canvas: Canvas, moment: Moment, hidden: Bool) -> NDArray[np.intp]:
    """Return the drawn frames in which lips may close for a sound; none if it is not drawn."""
    first, stop = (round((time_s - canvas.start_s) * MOTION_FPS) for time_s in moment)
    stop = max(stop, first + 1)
    inside = np.arange(max(first, 0), min(stop, len(hidden)))
    if not hidden[inside].all() or not len(inside):
        return np.zeros(0, np.intp)
    near = np.arange(max(first - WIDER, 0), min(stop + WIDER, len(hidden)))
    return near[hidden[near]]
