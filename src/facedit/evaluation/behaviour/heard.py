"""What is heard in a prepared clip: its sound on its own motion frames, and the phones in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from facedit.dataset.footage_list import Source
from facedit.dataset.transcripts import Given, words_of
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.speech.recognition.forced import AlignedPhone
from facedit.speech.recognition.sound_cache import phones_of_sound
from facedit.types import Float32, Sound
from facedit.units import MOTION_FPS

_BETWEEN = 1e-9
"""Forgiven rounding when a time falls on a frame."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone on a clip's motion frames, from ``first`` to before ``stop``."""

    name: str
    first: int
    stop: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The sound of a prepared clip.

    Attributes:
        sound: The whole sound of its file.
        start: Motion frame of the sound under the clip's frame 0; prepared clips are cut to one
            shot, and their sound is moved where it was found to be late.
        phones: Phones inside the clip in order; empty if its words are not known English.
    """

    sound: Sound
    start: int
    phones: tuple[Phone, ...]


def hear(source: Source, speech: Float32, whole: Float32, given: Given) -> Heard | None:
    """Find the sound and the phones of a prepared clip in the features of its whole sound.

    None if the clip's features are not a stretch of the sound's. Errors of reading pass through.
    """
    start = find_stretch(speech, whole)
    if start is None:
        return None
    info = probe(source.path, need_sound=True)
    sound = read_sound(source.path, info=info)
    words, _ = words_of(source, info, sound, given)
    aligned = None
    if words.language == "en" and words.words:
        aligned = phones_of_sound(sound, [word.text for word in words.words])
    return Heard(sound, start, on_frames(aligned or (), start, len(speech)))


def find_stretch(part: Float32, whole: Float32) -> int | None:
    """Find the first place that rows were cut from, to half precision; None if there is none."""
    near = [
        start
        for start in range(len(whole) - len(part) + 1)
        if np.allclose(whole[start], part[0], rtol=2e-3, atol=1e-3)
    ]
    found = (
        start
        for start in near
        if np.allclose(whole[start : start + len(part)], part, rtol=2e-3, atol=1e-3)
    )
    return next(found, None)


def on_frames(phones: Iterable[AlignedPhone], start: int, frames: int) -> tuple[Phone, ...]:
    """Put phones that lie in it as a whole onto the motion frames of a clip.

    ``start``: motion frame of the sound under the clip's frame 0. Motion frame k shows the face at
    k / 25 s, so a phone has the frames at times from its begin to before its end, or the nearest to
    its middle if there is none.
    """
    placed = []
    for phone in phones:
        first = int(np.ceil(phone.start_s * MOTION_FPS - _BETWEEN)) - start
        stop = int(np.ceil(phone.end_s * MOTION_FPS - _BETWEEN)) - start
        if stop <= first:
            first = int(np.floor((phone.start_s + phone.end_s) / 2 * MOTION_FPS + 0.5)) - start
            stop = first + 1
        if first >= 0 and stop <= frames:
            placed.append(Phone(phone.name, first, stop))
    return tuple(placed)


def named(phones: Sequence[Phone], names: Iterable[str]) -> list[Phone]:
    """Return the phones of some names, in order."""
    wanted = frozenset(names)
    return [phone for phone in phones if phone.name in wanted]
