"""Forced alignment by PocketSphinx: word and phone times of known English text.

Two passes over the sound: the first finds the best path through the words (with their spoken
variants and optional pauses), the second its phones. Every written token is entered into the
dictionary under a name of its own, so that numbers and invented words keep their place.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facedit.speech.pronounce import phones_of
from facedit.types import Float32
from facedit.units import SPEECH_RATE

_FRAMES_PER_SECOND = 100
_TOKEN = "facedit{}"
_BRITISH_Z = "Z EH D"
_FILLERS = ("<", "[", "(")
_WIDE_BEAMS = {"beam": 1e-120, "pbeam": 1e-120, "wbeam": 1e-100}


@dataclass(frozen=True, slots=True)
class AlignedPhone:
    """A phone and where it was found.

    Attributes:
        name: ARPAbet without stress.
        start_s: Begin in seconds.
        end_s: End in seconds.
        score: Acoustic log score of the whole phone, in PocketSphinx's unit.
    """

    name: str
    start_s: float
    end_s: float
    score: float


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A token and its phones.

    Attributes:
        phones: In order; never empty.
    """

    phones: tuple[AlignedPhone, ...]

    @property
    def start_s(self) -> float:
        """Begin of the first phone."""
        return self.phones[0].start_s

    @property
    def end_s(self) -> float:
        """End of the last phone."""
        return self.phones[-1].end_s

    @property
    def score(self) -> float:
        """Mean acoustic log score per 10 ms."""
        return mean_score((self,))


def mean_score(words: tuple[AlignedWord, ...]) -> float:
    """Compute how well the sound fits the phones.

    Args:
        words: Aligned words.

    Returns:
        Mean acoustic log score per 10 ms of speech; about -10 to -22 where the text fits.
    """
    phones = [phone for word in words for phone in word.phones]
    seconds = sum(phone.end_s - phone.start_s for phone in phones)
    return sum(phone.score for phone in phones) / max(1.0, seconds * _FRAMES_PER_SECOND)


def force_align(samples: Float32, tokens: list[str]) -> tuple[AlignedWord, ...] | None:
    """Align tokens with a sound.

    Args:
        samples: 16 kHz mono amplitudes, shape (N,).
        tokens: Written words, at least one.

    Returns:
        A word per token, or None where no path through the text exists (the text does not fit,
        or a token cannot be pronounced as English).
    """
    pronunciations = [_pronunciations(token) for token in tokens]
    if not tokens or not all(pronunciations):
        return None
    pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16).tobytes()
    for beams in ({}, _WIDE_BEAMS):
        words = _attempt(pcm, tokens, pronunciations, beams)
        if words is not None:
            return words
    return None


def _attempt(
    pcm: bytes,
    tokens: list[str],
    pronunciations: list[list[str]],
    beams: dict[str, float],
) -> tuple[AlignedWord, ...] | None:
    """Run both passes with one width of the search."""
    from pocketsphinx import Decoder

    decoder = Decoder(
        samprate=float(SPEECH_RATE), bestpath=False, lm=None, loglevel="FATAL", **beams
    )
    names = []
    known: dict[str, str] = {}
    for token, spoken in zip(tokens, pronunciations, strict=True):
        if token not in known:
            known[token] = _TOKEN.format(len(known))
            for variant, phones in enumerate(spoken):
                name = known[token] + (f"({variant + 1})" if variant else "")
                decoder.add_word(name, phones, True)
        names.append(known[token])
    try:
        decoder.set_align_text(" ".join(names))
        _decode(decoder, pcm)
        if decoder.hyp() is None:
            return None
        decoder.set_alignment()
        _decode(decoder, pcm)
        found = decoder.get_alignment()
    except RuntimeError:  # PocketSphinx's way of saying that no path was left
        return None
    if found is None:
        return None
    words = tuple(
        AlignedWord(
            tuple(
                AlignedPhone(
                    phone.name,
                    phone.start / _FRAMES_PER_SECOND,
                    (phone.start + phone.duration) / _FRAMES_PER_SECOND,
                    float(phone.score),
                )
                for phone in word
            )
        )
        for word in found
        if not word.name.startswith(_FILLERS)
    )
    return words if len(words) == len(tokens) else None


def _decode(decoder: Any, pcm: bytes) -> None:
    """Let the decoder hear the whole sound."""
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _pronunciations(token: str) -> list[str]:
    """List the ways to say a token, each as phones joined by spaces; empty if there is none."""
    variants = _dictionary_variants(plain(token))
    if plain(token) == "z":
        variants.append(_BRITISH_Z)
    guessed = " ".join(phones_of(token))
    if guessed and guessed not in variants:
        variants.append(guessed)
    return variants


def plain(token: str) -> str:
    """Strip a token to what a dictionary lists: lower case, no punctuation at the ends.

    Args:
        token: A word as written.

    Returns:
        The bare word.
    """
    bare = token.lower().replace("\u2019", "'")
    return bare.strip("".join(c for c in set(bare) if not c.isalnum() and c != "'"))


def _dictionary_variants(word: str) -> list[str]:
    """Look a word up in CMUdict, with its numbered variants."""
    found = []
    lexicon = _dictionary()
    for number in range(1, 9):
        phones = lexicon.get(word if number == 1 else f"{word}({number})")
        if phones is None:
            break
        found.append(phones)
    return found


@functools.cache
def _dictionary() -> dict[str, str]:
    """Read the dictionary that ships with PocketSphinx, once."""
    from pocketsphinx import get_model_path

    with Path(get_model_path("en-us/cmudict-en-us.dict")).open(encoding="utf-8") as lines:
        entries = (line.rstrip("\n").split(" ", 1) for line in lines if " " in line)
        return {word: phones.strip() for word, phones in entries}
