"""What the measures see of one item made by one system: pictures and motion beside the source's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.bench.items import Item
from facedit.motion.identity import Identity
from facedit.types import Bool, Float32, Float64, Sound, SpeechFeatures, UInt8, Word
from facedit.units import frame_time

Index = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class View:
    """Pictures of one video around an item's spans, with their landmarks and motion.

    Attributes:
        times_s: Times of the pictures in that video, ascending, shape (F,).
        frames: Whole pictures as RGB, F of shape (H, W, 3).
        landmarks: Smoothed landmarks in pixels, NaN where there is no face, shape (F, 478, 3).
        motion: Standardised motion on the 25 Hz grid, NaN where there is no face, shape (T, D).
        first_frame: Motion frame of that video at which ``motion`` starts.
    """

    times_s: Float64
    frames: tuple[UInt8, ...]
    landmarks: Float32
    motion: Float32
    first_frame: int

    @property
    def motion_times_s(self) -> Float64:
        """Times of the motion frames in that video, shape (T,)."""
        return np.array([frame_time(self.first_frame + k) for k in range(len(self.motion))])


@dataclass(frozen=True, slots=True)
class Scene:
    """One item as one system made it.

    Motion of all views is relative to the same identity (the clip's own), so that it compares.

    Attributes:
        output: The system's video, ``REACH_S`` around its spans.
        truth: What is right at the output's times: the clip itself in the tracks with ground
            truth (as many pictures and motion frames as ``output``, row by row); None in ``edit``.
        source: The clip itself around the edited place, in its own time: what is usual for it.
            In the tracks with ground truth the same as ``truth``.
        filled: True for output pictures that were made anew, shape (F,).
        hidden: True for output motion frames that were made anew, shape (T,).
        source_index: Which source picture each kept output picture shows; -1 where made anew,
            shape (F,).
        identity: The clip's neutral shape, size and place.
        speech: Speech features of the output's sound on the output's T motion frames; None without
            sound.
        source_speech: The same of the clip's own sound on ``source``'s motion frames.
        sound: The output's whole sound as the file holds it.
        source_sound: The clip's whole sound.
        words: Words of the output with their times in it; empty if not known.
        kept_sound: Runs of sound that must be untouched: start in the output, start in the
            source, length, in seconds.
        frame_rate: Frames per second (nominal).
        drawn: The system's motion before rendering, on ``output``'s motion frames, if it is known.
        takes: Motion of further takes, as ``drawn``.
    """

    item: Item
    output: View
    truth: View | None
    source: View
    filled: Bool
    hidden: Bool
    source_index: Index
    identity: Identity
    speech: SpeechFeatures | None
    source_speech: SpeechFeatures | None
    sound: Sound | None
    source_sound: Sound | None
    words: tuple[Word, ...]
    kept_sound: tuple[tuple[float, float, float], ...]
    frame_rate: float
    drawn: Float32 | None = None
    takes: tuple[Float32, ...] = ()
