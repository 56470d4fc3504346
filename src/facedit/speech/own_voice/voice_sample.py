"""What a voice sounds like by itself: some seconds of it, spoken and read once."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from facedit.cache import cached
from facedit.speech.own_voice.sounds import VoiceSounds, sounds_of
from facedit.speech.sound_ops import from_mono, mono, resampled
from facedit.speech.voices.voice import VOICES, synthesise, voice_named
from facedit.speech.voices.voice_bank import TEXT
from facedit.types import Sound

_VERSION = 1


@functools.lru_cache(maxsize=4)
def voice_sample(name: str, rate: int) -> VoiceSounds:
    """Read the sounds of a voice at a rate, of a text that is always the same.

    The errors of ``voice_named`` pass through.
    """
    spoken = _said_once(name) if name in VOICES.built_in else _said(name)
    return sounds_of(resampled(mono(spoken), spoken.rate, rate), rate, clean=True)


def _said(name: str) -> Sound:
    return synthesise(TEXT, voice_named(name))[0]


def _said_once(name: str) -> Sound:
    """Let a voice of our own speak, whose files never change."""

    def read(entry: Path) -> Sound:
        with np.load(entry, allow_pickle=False) as stored:
            samples, rate = np.asarray(stored["samples"], np.float32), int(stored["rate"])
        if samples.ndim != 1 or not np.isfinite(samples).all() or rate <= 0:
            raise ValueError("the sample is no sound")
        return from_mono(samples, rate)

    def write(part: Path, sound: Sound) -> None:
        with part.open("wb") as file:
            np.savez(file, samples=mono(sound), rate=sound.rate)

    return cached(f"speech/sample-{name}-{_VERSION}.npz", read, lambda: _said(name), write)
