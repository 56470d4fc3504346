"""Forced alignment: where in a sound each word of a given text lies.

English goes through our own phone network (``forced``), which gives phones as well. Other
languages, and English that it cannot pronounce, go through Whisper's cross-attention, which is
coarser. Both also say how well text and sound agree, which tells a transcript of something else
from one of this sound: docs/journal/speech.md has the measurements behind the thresholds.
"""

from __future__ import annotations

import difflib
import logging
import math
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import fmean

from facedit.editing.spelling import spoken
from facedit.editing.words import tokenise
from facedit.errors import BadTranscript
from facedit.inputs import check_pace
from facedit.speech.recognition.forced import AlignedWord, force_align, mean_score
from facedit.speech.recognition.whisper_words import LONGEST_S, attend, recognise
from facedit.speech.sound_ops import speech_samples
from facedit.speech.text.word_times import in_order, spread
from facedit.types import Sound, Transcript, Word
from facedit.units import SPEECH_RATE

_log = logging.getLogger(__name__)

CLEAR_FIT = -1.3
"""Score per 10 ms (``forced.mean_score``) above which text and sound agree beyond doubt."""
HOPELESS_FIT = -4.0
"""Below this, a text or a stretch of it is not what is said, and times are not worth having."""
LEAST_PROBABILITY = 0.35
"""Whisper's mean probability of a doubtful English text below which it is another text."""
LEAST_FOREIGN_PROBABILITY = 0.2
"""The same for other languages, which Whisper base knows less well."""
RUN = 4
"""Words of a stretch that is judged by itself, so that a text that is half right is noticed."""
POOR_RUN_FIT = -2.0
"""Score of a stretch below which it is doubtful."""
LEAST_RUN_PROBABILITY = 0.15
"""Whisper's mean probability of a doubtful stretch below which it is not what is said."""
PHONE_ALIGNMENT = "phone alignment"
"""Origin of words whose times the phone network found."""
LEAST_RECOGNISED = 0.5
"""Fraction of a long text that must be recognised where nothing better can be tried."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A speech sound and when it is heard.

    Its name is ARPAbet without stress, e.g. ``AA``, one of 39; ``word`` is the index of its token
    of the text.
    """

    name: str
    start_s: float
    end_s: float
    word: int


@dataclass(frozen=True, slots=True)
class _Part:
    """Words that are judged together, and what they must reach: either is enough."""

    words: slice
    fit: float
    probability: float


def align(
    sound: Sound,
    text: str,
    language: str = "en",
    check: bool = True,
    wanted: slice | None = None,
) -> Transcript:
    """Find the words of a text, all that is said in a sound: a word per token, as written.

    Numbers may be written as digits; the language is an ISO 639-1 code; the score tells how well a
    word fits. ``check`` refuses a text that clearly is not what is said, ``wanted`` are words that
    are judged by themselves as strictly as the whole text. BadTranscript is raised if the text has
    no words or is refused, AssetMissing if Whisper is not installed.
    """
    samples = speech_samples(sound)
    tokens = _tokens(text, sound)
    found = force_align(samples, tokens) if language == "en" else None
    short = len(samples) <= LONGEST_S * SPEECH_RATE
    parts = _parts(tokens, wanted, language, short) if check else []
    if found is not None:
        parts = [part for part in parts if mean_score(found[part.words]) < part.fit]
        for part in parts:
            if mean_score(found[part.words]) < HOPELESS_FIT:
                _check(tokens, part, 0.0)
        if not parts:
            return _transcript(_words(tokens, found), sound, language, PHONE_ALIGNMENT)
    if short:
        words, method = attend(samples, tokens, language), "whisper-base attention"
        for part in parts:
            _check(tokens, part, fmean(word.score for word in words[part.words]))
    else:
        _log.info("The sound is longer than %.0f s: aligning by recognition.", LONGEST_S)
        heard = list(recognise(samples, language).words)
        words, share = anchor(tokens, heard, len(samples) / SPEECH_RATE, language)
        method = "whisper-base"
        if check:
            _check(tokens, _Part(slice(None), 0.0, LEAST_RECOGNISED), share)
    if found is not None and mean_score(found) >= HOPELESS_FIT:
        return _transcript(_words(tokens, found), sound, language, PHONE_ALIGNMENT)
    return _transcript(words, sound, language, method)


def phones(sound: Sound, text: str) -> tuple[Phone, ...]:
    """Find the phones of an English text in a sound, in order, without the pauses between them.

    BadTranscript is raised if no path through the text fits the sound.
    """
    tokens = _tokens(text, sound)
    found = force_align(speech_samples(sound), tokens)
    if found is None:
        raise BadTranscript(f"No phones of “{_shortened(tokens)}” could be found in the sound.")
    return tuple(
        Phone(phone.name, phone.start_s, phone.end_s, index)
        for index, word in enumerate(found)
        for phone in word.phones
    )


def _parts(tokens: list[str], wanted: slice | None, language: str, short: bool) -> list[_Part]:
    """Return what is judged: the text, the wanted words, and every run of words if it is short."""
    least = LEAST_PROBABILITY if language == "en" else LEAST_FOREIGN_PROBABILITY
    parts = [_Part(words, CLEAR_FIT, least) for words in (slice(None), wanted) if words]
    if short:
        parts += [_Part(words, POOR_RUN_FIT, LEAST_RUN_PROBABILITY) for words in _runs(tokens)]
    return parts


def _runs(tokens: list[str]) -> list[slice]:
    """Return every stretch of ``RUN`` words; none of a text that is not longer."""
    return [slice(k, k + RUN) for k in range(len(tokens) - RUN + 1)] if len(tokens) > RUN else []


def _check(tokens: list[str], part: _Part, agreement: float) -> None:
    """Refuse a text of which a part is not what is said."""
    if agreement >= part.probability:
        return
    figures = f"to {agreement:.2f}, {part.probability:.2f} is needed. Check the text"
    if part.words.start is None:
        raise BadTranscript(
            f"The transcript ({len(tokens)} words, “{_shortened(tokens)}”) is not what is said: it "
            f"fits the sound {figures}, or leave it out to have it recognised."
        )
    raise BadTranscript(
        f"The transcript fits the sound in part only: “{' '.join(tokens[part.words])}” at word "
        f"{part.words.start + 1} of {len(tokens)} fits {figures}."
    )


def anchor(
    tokens: list[str], heard: list[Word], duration_s: float, language: str = "en"
) -> tuple[list[Word], float]:
    """Carry the times of recognised words over to a given text, however both spell them.

    Returns a word per token (those that were not recognised are spread between their neighbours),
    and the fraction of tokens that were recognised.
    """
    ours, theirs = (
        [(unit, index) for index, units in enumerate(spoken(texts, language)) for unit in units]
        for texts in (tokens, [word.text for word in heard])
    )
    matcher = difflib.SequenceMatcher(
        None, [unit for unit, _ in ours], [unit for unit, _ in theirs], autojunk=False
    )
    found: list[list[Word]] = [[] for _ in tokens]
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            found[ours[block.a + offset][1]].append(heard[theirs[block.b + offset][1]])
    words = _shared(_with_missing(tokens, found, duration_s))
    return words, sum(map(bool, found)) / len(tokens)


def _with_missing(tokens: list[str], found: list[list[Word]], duration_s: float) -> list[Word]:
    """Give every token a word: what was heard of it, or a share of the time between neighbours."""
    words: list[Word] = []
    missing: list[str] = []
    for token, known in zip(tokens, found, strict=True):
        if not known:
            missing.append(token)
            continue
        words += spread(missing, words[-1].end_s if words else 0.0, known[0].start_s)
        words.append(replace(known[0], text=token, end_s=known[-1].end_s))
        missing = []
    return words + spread(missing, words[-1].end_s if words else 0.0, duration_s)


def _shared(words: list[Word]) -> list[Word]:
    """Share out a time that several words have: "twenty five" where "25" was heard."""
    shared: list[Word] = []
    for (start_s, end_s), same in groupby(words, key=lambda word: (word.start_s, word.end_s)):
        one, *more = same
        texts = [word.text for word in (one, *more)]
        shared += spread(texts, start_s, end_s) if more else [one]
    return shared


def _tokens(text: str, sound: Sound) -> list[str]:
    """Split a text that must hold words that can be said in a sound."""
    tokens = list(tokenise(text))
    if not tokens:
        raise BadTranscript("The transcript has no words.")
    check_pace(tokens, sound.duration_s, "The transcript", BadTranscript)
    return tokens


def _words(tokens: list[str], found: tuple[AlignedWord, ...]) -> list[Word]:
    """Name the aligned words and turn their scores into confidences."""
    return [
        Word(token, word.start_s, word.end_s, confidence(word.score))
        for token, word in zip(tokens, found, strict=True)
    ]


def confidence(score: float) -> float:
    """Map the score of an alignment, a mean per 10 ms, onto [0, 1].

    About 0.9 for a word that fits well, 0.5 at -1.5, near 0 below -4.
    """
    return 1.0 / (1.0 + math.exp(-max(-100.0, score + 1.5) / 0.5))


def _transcript(words: list[Word], sound: Sound, language: str, origin: str) -> Transcript:
    """Bundle words that lie inside the sound."""
    return Transcript(in_order(words, sound.duration_s), sound.duration_s, language, origin)


def _shortened(tokens: list[str]) -> str:
    """Return the first words of a text."""
    return " ".join(tokens[:6]) + (" …" if len(tokens) > 6 else "")
