"""What a voice sounds like by itself: some seconds of it, spoken and read once."""

from __future__ import annotations

import functools

from facedit.speech.own_voice.sounds import VoiceSounds, sounds_of
from facedit.speech.sound_ops import cached_sound, mono, resampled
from facedit.speech.voices.voice import VOICES, synthesise, voice_named
from facedit.speech.voices.voice_bank import TEXT
from facedit.types import Sound

_VERSION = 2


@functools.lru_cache(maxsize=4)
def voice_sample(name: str, rate: int) -> VoiceSounds:
    """Read the sounds of a voice at a rate, of a text that is always the same.

    The errors of ``voice_named`` pass through.
    """
    # The files of voices of our own never change.
    ours = name in VOICES.built_in
    spoken = cached_sound(f"sample-{name}-{_VERSION}", lambda: _said(name)) if ours else _said(name)
    return sounds_of(resampled(mono(spoken), spoken.rate, rate), rate, clean=True)


def _said(name: str) -> Sound:
    return synthesise(TEXT, voice_named(name))[0]
