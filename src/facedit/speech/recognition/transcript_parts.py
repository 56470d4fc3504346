"""Long sounds are recognised in parts, as they are read: the first words are there at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from facedit.speech.recognition.sound_cache import cached_transcript
from facedit.speech.recognition.whisper_words import Heard, Recogniser
from facedit.types import Float32, Sound, Transcript, Word

WHOLE_S = 90.0
"""Sounds up to this long are recognised as one."""

CUT_S = (40.0, 60.0)
"""From where to where in what is left of longer ones a part may end."""

_QUIET_S = 0.3
_STEP_S = 0.02


def transcript_parts(
    blocks: Iterable[Sound],
    language: str | None = None,
    recogniser: Recogniser | None = None,
    told: Heard | None = None,
    reached: Callable[[float], object] | None = None,
    start_s: float = 0.0,
) -> Iterator[Transcript]:
    """Recognise what is said part by part; each part is recognised at most once.

    Args:
        blocks: A mono sound in pieces that follow each other; ``WHOLE_S`` of it are held.
        language: ISO 639-1 code; that of the first part in which somebody speaks if None.
        recogniser: What recognises the words; Whisper base if None.
        told: Told of the words of the part that is under way.
        reached: Told of the time in seconds until which all was heard.
        start_s: Time at which the sound begins.

    Yields:
        The words of each part, with times of the whole, and as ``duration_s`` its end.
    """
    at_s = start_s
    for part in cut_quietly(blocks):
        found = _recognised(part, at_s, language, recogniser, told, reached)
        if found.words:
            language = found.language
        at_s = found.duration_s
        if reached is not None:
            reached(at_s)
        yield found


def joined(parts: Iterable[Transcript]) -> Transcript:
    """Join the parts of one sound."""
    known = list(parts)
    spoken = next((part for part in known if part.words), known[0])
    words = tuple(word for part in known for word in part.words)
    return replace(spoken, words=words, duration_s=known[-1].duration_s)


def cut_quietly(blocks: Iterable[Sound]) -> Iterator[Sound]:
    """Cut a long mono sound where it is quietest, not within a word.

    Args:
        blocks: The sound in pieces.

    Yields:
        Parts that follow each other; at least one, if an empty one.
    """
    held: list[Sound] = []
    count, rate = 0, 1
    for block in blocks:
        held.append(block)
        count, rate = count + len(block.samples), block.rate
        while count > WHOLE_S * rate:
            whole = np.concatenate([one.samples for one in held])
            cut = _quietest(whole, rate)
            yield Sound(whole[:cut], rate)
            held = [Sound(whole[cut:], rate)]
            count -= cut
    rest = [one.samples for one in held] or [np.zeros((0, 1), np.float32)]
    yield Sound(np.concatenate(rest), rate)


def _quietest(samples: Float32, rate: int) -> int:
    """Find the middle of the quietest moment at which a part may end."""
    first, end = (round(limit * rate) for limit in CUT_S)
    loudness = np.cumsum(np.square(samples[first:end, 0], dtype=np.float64))
    span, step = round(_QUIET_S * rate), max(round(_STEP_S * rate), 1)
    energy = (loudness[span:] - loudness[:-span])[::step]
    return first + int(np.argmin(energy)) * step + span // 2


def _recognised(
    part: Sound,
    start_s: float,
    language: str | None,
    recogniser: Recogniser | None,
    told: Heard | None,
    reached: Callable[[float], object] | None,
) -> Transcript:
    """Recognise a part that begins at a time."""

    def moved(words: tuple[Word, ...]) -> tuple[Word, ...]:
        return tuple(
            replace(word, start_s=word.start_s + start_s, end_s=word.end_s + start_s)
            for word in words
        )

    def heard(words: tuple[Word, ...]) -> None:
        if told is not None:
            told(moved(words))

    def passed(share: float) -> None:
        if reached is not None:
            reached(start_s + share * part.duration_s)

    found = cached_transcript(part, language, passed, recogniser, heard)
    return replace(found, words=moved(found.words), duration_s=start_s + part.duration_s)
