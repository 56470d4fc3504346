"""Transcription: what is said in a sound, and when each word begins and ends."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facedit.speech.encoders.activity import voice_activity
from facedit.speech.recognition.align import HOPELESS_FIT, PHONE_ALIGNMENT, confidence
from facedit.speech.recognition.forced import force_align, mean_score
from facedit.speech.recognition.whisper_words import Heard, Recogniser, detect_language, recognise
from facedit.speech.sound_ops import speech_samples
from facedit.speech.text.word_times import in_order, one_each
from facedit.types import Float32, Sound, Transcript, Word
from facedit.units import SPEECH_SAMPLES_PER_FRAME

_log = logging.getLogger(__name__)

LEAST_ACTIVITY = 0.4
"""Speech probability that must be reached somewhere; below it Whisper only makes words up."""


def transcribe(
    sound: Sound,
    language: str | None = None,
    progress: Callable[[float], None] | None = None,
    recogniser: Recogniser | None = None,
    told: Heard | None = None,
) -> Transcript:
    """Recognise what is said, with punctuation; no words for silence or noise.

    Whisper base finds the words, or the recogniser that is given. In English their times are then
    measured by forced alignment, which is several times closer than Whisper's own
    (docs/journal/speech.md). The language is an ISO 639-1 code, detected if None; ``progress`` is
    called with the fraction done, ``told`` with the words so far. BadWeights is raised for a bad
    recogniser, AssetMissing if Whisper is not installed, BadTranscript for a language it does not
    know.
    """
    samples = speech_samples(sound)
    frames = -(-len(samples) // SPEECH_SAMPLES_PER_FRAME)
    activity = voice_activity(samples, frames)
    if not frames or float(activity.max()) < LEAST_ACTIVITY:
        _log.info("No speech was found in %.2f s of sound.", sound.duration_s)
        return Transcript((), sound.duration_s, language or "en", "whisper-base")
    if language is None:
        begin = int(np.argmax(activity >= LEAST_ACTIVITY)) * SPEECH_SAMPLES_PER_FRAME
        language = detect_language(samples[begin:])
        _log.info("The language is recognised as %s (--language chooses another).", language)
    heard = recognise(samples, language, progress, recogniser, told)
    words = in_order(one_each(heard.words, measured=True), sound.duration_s)
    measured = _measured(samples, words) if heard.language == "en" else None
    folder = recogniser.folder if recogniser else None
    name = f"whisper {folder.resolve().name}" if folder else "whisper-base"
    origin = name if measured is None else f"{name}, times by {PHONE_ALIGNMENT}"
    if progress:
        progress(1.0)
    final = words if measured is None else in_order(measured, sound.duration_s)
    return Transcript(final, sound.duration_s, heard.language, origin)


def _measured(samples: Float32, words: tuple[Word, ...]) -> list[Word] | None:
    """Measure the times of recognised English words; None where that does not work."""
    if not words:
        return None
    found = force_align(samples, [word.text for word in words])
    if found is None or mean_score(found) < HOPELESS_FIT:
        _log.info("The words could not be aligned with the sound; their times are Whisper's.")
        return None
    return [
        replace(
            word,
            start_s=place.start_s,
            end_s=place.end_s,
            score=min(word.score, confidence(place.score)),
        )
        for word, place in zip(words, found, strict=True)
    ]
