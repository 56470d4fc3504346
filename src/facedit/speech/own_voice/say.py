"""New words in the speaker's own voice: as said elsewhere, whole or in pieces, else imitated."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.speech.own_voice.elsewhere import (
    MOST_COST,
    PAUSE_S,
    Unit,
    Wanted,
    misfit,
    said_elsewhere,
)
from facedit.speech.own_voice.hearing import unheard_in_place
from facedit.speech.own_voice.imitate import imitate
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.own_voice.pieces import in_pieces, joined_pieces
from facedit.speech.own_voice.voice_sample import voice_sample
from facedit.speech.sound_ops import mono
from facedit.types import Float32, Sound, Word


@dataclass(frozen=True, slots=True)
class OwnSpeech:
    """Speech in the speaker's voice, the new words among others.

    Attributes:
        samples: Mono amplitudes at the rate of the speaker's sound.
        dry: The same without the room that was laid over it; as it is where none was.
        words: What is said in it.
        new: Which of them are the new ones.
        taken_s: Where in the speaker's sound they are said; None of an imitation.
        weight: How much of an imitation are the speaker's own moments.
    """

    samples: Float32
    dry: Float32
    words: tuple[Word, ...]
    new: slice
    taken_s: float | None = None
    weight: float = 1.0


Speech = tuple[Float32, Float32]
"""Mono amplitudes at the rate of the speaker's sound, and the same without its room."""


def say(
    voice: str,
    spoken: tuple[Sound, Sequence[Word], slice],
    speaker: Speaker,
    unheard: Callable[[Float32, Float32], Sequence[int]],
    plain: Callable[[], Speech],
) -> OwnSpeech | None:
    """Say in the speaker's voice what a voice says: ``spoken``, its words, and which are new.

    ``unheard`` tells which new words are not understood where they will stand if this is said,
    ``plain`` gives the voice's speech as it would go there. None where more is understood of that,
    or less than half of the imitation.
    """
    sound, words, new = spoken
    texts, said = tuple(word.text for word in words[new]), words[new]
    wanted = _in_place(texts, said[-1].end_s - said[0].start_s, speaker)
    unit = said_elsewhere(wanted, speaker)
    if unit is not None:
        return _taken(unit, texts, speaker)
    if (pieced := _pieced(wanted, speaker)) is not None:
        return pieced
    sample = voice_sample(voice, speaker.sounds.analysis.rate)
    theirs = functools.cache(lambda: len(unheard(*plain())))
    made = imitate(sound, words, new, speaker, sample, unheard, lambda: 2 * theirs() >= len(texts))
    if made.unheard and (2 * made.unheard >= len(texts) or made.unheard > theirs()):
        return None
    return OwnSpeech(made.samples, made.dry, tuple(words), new, None, made.weight)


def say_elsewhere(texts: Sequence[str], speaker: Speaker) -> OwnSpeech | None:
    """Take words of a language that no voice speaks from elsewhere; None if they are nowhere."""
    wanted = replace(_in_place(tuple(texts), None, speaker), english=False)
    unit = said_elsewhere(wanted, speaker)
    return None if unit is None else _taken(unit, texts, speaker)


def _in_place(texts: tuple[str, ...], duration_s: float | None, speaker: Speaker) -> Wanted:
    """Say how new words should be said in their place in the clip."""
    start_s, end_s = speaker.place_s
    before, after = speaker.before[-1:], speaker.after[:1]
    joined_before = before and start_s - before[0].end_s < PAUSE_S
    joined_after = after and after[0].start_s - end_s < PAUSE_S
    return Wanted(
        texts,
        duration_s,
        before[0].text if joined_before else None,
        after[0].text if joined_after else None,
    )


def _pieced(wanted: Wanted, speaker: Speaker) -> OwnSpeech | None:
    """Make new words of pieces of others, if they fit and are heard in their place."""
    pieces = in_pieces(wanted.texts, speaker)
    if pieces is None or pieces.cost > MOST_COST:
        return None
    cost, gain_db = misfit(pieces.spans_s, wanted, speaker)
    if pieces.cost + cost > MOST_COST:
        return None
    theirs, rate = mono(speaker.sound), speaker.sound.rate
    made = joined_pieces(pieces, theirs, rate) * np.float32(10.0 ** (gain_db / 20.0))
    if unheard_in_place(made, wanted.texts, speaker):
        return None
    said = tuple(
        Word(text, start_s, end_s)
        for text, (start_s, end_s) in zip(wanted.texts, pieces.words_s, strict=True)
    )
    at_s = pieces.spans_s[0][0]
    return OwnSpeech(made, made, said, slice(0, len(said)), at_s)


def _taken(unit: Unit, texts: Sequence[str], speaker: Speaker) -> OwnSpeech:
    """Take words from elsewhere, as loud as they must be here and written as they are here."""
    words = list(speaker.words)
    words[unit.words] = [
        replace(said, text=text) for said, text in zip(words[unit.words], texts, strict=True)
    ]
    samples = (mono(speaker.sound) * 10.0 ** (unit.gain_db / 20.0)).astype("float32")
    at_s = words[unit.words.start].start_s
    return OwnSpeech(samples, samples, tuple(words), unit.words, at_s)
