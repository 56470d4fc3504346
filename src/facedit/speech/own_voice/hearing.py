"""Whether new words are understood where they stand, as a recogniser hears them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np

from facedit.editing.spelling import spoken as units_of
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.recognition.whisper_words import heard_words, recognise
from facedit.speech.signal.match import add_room
from facedit.speech.sound_ops import cut, from_mono, mono, resampled
from facedit.speech.text.pronounce import pronunciations
from facedit.types import Float32
from facedit.units import SPEECH_RATE

BESIDE = (10, 4, 7)
"""Words of the clip on either side with which new ones are heard, one hearing after the other."""


def unheard_in_place(new: Float32, texts: Sequence[str], speaker: Speaker) -> tuple[int, ...]:
    """Tell which new words are not heard between the clip's own, over the noise of its room.

    ``new``: mono amplitudes (N,) at the rate of the speaker's sound. What is heard once may be a
    near thing: it is heard again in other stretches, over other noise.
    """
    rate, place_s = speaker.sound.rate, speaker.place_s
    for seed, count in enumerate(BESIDE):
        before, after = speaker.before[-count:], speaker.after[:count]
        first_s = before[0].start_s if before else place_s[0]
        last_s = after[-1].end_s if after else place_s[1]
        over_room = add_room(from_mono(new, rate), speaker.sound, np.random.default_rng(seed))
        around = [cut(speaker.sound, first_s, place_s[0]).samples[:, 0], mono(over_room),
                  cut(speaker.sound, place_s[1], last_s).samples[:, 0]]  # fmt: skip
        words = [*(word.text for word in before), *texts, *(word.text for word in after)]
        where = slice(len(before), len(before) + len(texts))
        if lost := unheard(np.concatenate(around), rate, words, where):
            return tuple(number - where.start for number in lost)
    return ()


def unheard(samples: Float32, rate: int, words: Sequence[str], new: slice) -> tuple[int, ...]:
    """Tell which new ones of the words of a sound, mono (N,), a recogniser does not hear.

    It follows one reading, so that a near thing is not heard; others will hear it with more.
    In a short window it may stop early: if all is missing from some word on, it is asked again.
    """
    heard = resampled(samples, rate, SPEECH_RATE)
    found = heard_words(heard, "en", beams=1)
    lost = missed(words, new, found)
    rest = range(new.stop, len(words))
    if not lost or set(missed(words, slice(new.stop, len(words)), found)) != set(rest):
        return lost
    return missed(words, new, [word.text for word in recognise(heard, "en").words])


def missed(words: Sequence[str], new: slice, heard: Sequence[str]) -> tuple[int, ...]:
    """Tell of which new ones of some words something is spoken that is not heard in its place.

    A number in digits counts as what is spoken of it, and a word as any that sounds like it, so
    that both spellings agree. Returns the word's number, once for each thing that is not heard.
    """
    wanted = [
        (unit, number) for number, units in enumerate(units_of(list(words), "en")) for unit in units
    ]
    found = [unit for units in units_of(list(heard), "en") for unit in units]
    matcher = difflib.SequenceMatcher(None, [unit for unit, _ in wanted], found, autojunk=False)
    lost = []
    for tag, first, last, start, stop in matcher.get_opcodes():
        if tag in ("replace", "delete"):
            others = {way for unit in found[start:stop] for way in pronunciations(unit)}
            lost += [
                number
                for unit, number in wanted[first:last]
                if new.start <= number < new.stop and others.isdisjoint(pronunciations(unit))
            ]
    return tuple(lost)
