"""New words in the speaker's own voice: as said elsewhere in the clip, else imitated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from facedit.speech.own_voice.elsewhere import PAUSE_S, Unit, Wanted, said_elsewhere
from facedit.speech.own_voice.imitate import imitate, unheard
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.sound_ops import mono
from facedit.types import Float32, Sound, Word


@dataclass(frozen=True, slots=True)
class OwnSpeech:
    """Speech in the speaker's voice, the new words among others.

    Attributes:
        samples: Mono amplitudes at the rate of the speaker's sound.
        words: What is said in it.
        new: Which of them are the new ones.
        taken_s: Where in the speaker's sound they are said; None of an imitation.
        weight: How much of an imitation are the speaker's own moments.
    """

    samples: Float32
    words: tuple[Word, ...]
    new: slice
    taken_s: float | None = None
    weight: float = 1.0


def say(spoken: Sound, words: Sequence[Word], new: slice, speaker: Speaker) -> OwnSpeech | None:
    """Say in the speaker's voice what a voice says: ``words``, of which some are ``new``.

    None where less of them would be understood than of the voice.
    """
    texts, said = tuple(word.text for word in words[new]), words[new]
    wanted = _in_place(texts, said[-1].end_s - said[0].start_s, speaker)
    unit = said_elsewhere(wanted, speaker)
    if unit is not None:
        return _taken(unit, texts, speaker)
    made = imitate(spoken, words, new, speaker)
    if made.unheard:
        sentence = [word.text for word in words]
        if made.unheard > len(unheard(mono(spoken), spoken.rate, sentence, new)):
            return None
    return OwnSpeech(made.samples, tuple(words), new, None, made.weight)


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


def _taken(unit: Unit, texts: Sequence[str], speaker: Speaker) -> OwnSpeech:
    """Take words from elsewhere, as loud as they must be here and written as they are here."""
    words = list(speaker.words)
    words[unit.words] = [
        replace(said, text=text) for said, text in zip(words[unit.words], texts, strict=True)
    ]
    samples = mono(speaker.sound) * (10.0 ** (unit.gain_db / 20.0))
    at_s = words[unit.words.start].start_s
    return OwnSpeech(samples.astype("float32"), tuple(words), unit.words, at_s)
