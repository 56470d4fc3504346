"""Forced alignment of English: word and phone times of known text, by our own phone network.

The network says how probable each phone is every 10 ms (``acoustic``), and the best path through
the pronunciations of the text follows (``lattice``). Every written token keeps its place, numbers
and invented words as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.speech.recognition.acoustic import PHONES, SILENCE, TICKS_PER_SECOND, phone_scores
from facedit.speech.recognition.lattice import best_path, build_lattice
from facedit.speech.text.pronounce import pronunciations
from facedit.types import Float32
from facedit.units import SPEECH_RATE

_COLUMNS = {name: column for column, name in enumerate(PHONES)}


@dataclass(frozen=True, slots=True)
class AlignedPhone:
    """A phone, ARPAbet without stress, and where it was found.

    The score is the sum over its ticks of the log odds of it against the likeliest phone; at most
    0.
    """

    name: str
    start_s: float
    end_s: float
    score: float


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A token and its phones: in order, one or more."""

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
        """Mean score per 10 ms."""
        return mean_score((self,))


def mean_score(words: Sequence[AlignedWord]) -> float:
    """Return how well the sound fits the phones: the mean score per 10 ms of speech, at most 0."""
    phones = [phone for word in words for phone in word.phones]
    seconds = sum(phone.end_s - phone.start_s for phone in phones)
    return sum(phone.score for phone in phones) / max(1.0, seconds * TICKS_PER_SECOND)


def force_align(samples: Float32, tokens: Sequence[str]) -> tuple[AlignedWord, ...] | None:
    """Align written words with 16 kHz mono amplitudes (N,): a word per token.

    None where there is no path (the sound is too short for the text, or a token cannot be
    pronounced as English). AssetMissing is raised if Whisper is not installed.
    """
    spoken = [pronunciations(token) for token in tokens]
    if not tokens or not all(spoken):
        return None
    return align_scores(phone_scores(samples), spoken, len(samples) / SPEECH_RATE)


def align_scores(
    scores: Float32, spoken: Sequence[Sequence[Sequence[str]]], duration_s: float
) -> tuple[AlignedWord, ...] | None:
    """Align each word's pronunciations with ``phone_scores``; as ``force_align`` does."""
    columns = [[[_COLUMNS[name] for name in phones] for phones in word] for word in spoken]
    lattice = build_lattice(columns, SILENCE)
    path = best_path(scores, lattice)
    if path is None:
        return None
    heard = lattice.phone[path]
    ticks = np.arange(len(path))
    odds = scores[ticks, heard] - scores.max(axis=1)
    units = lattice.unit[path]
    edges = [0, *(np.flatnonzero(np.diff(units)) + 1).tolist(), len(path)]
    found: list[list[AlignedPhone]] = [[] for _ in spoken]
    for start, stop in itertools.pairwise(edges):
        if units[start] < 0:
            continue
        phone = AlignedPhone(
            PHONES[heard[start]],
            max(0.0, _boundary(scores, heard, start)),
            min(duration_s, _boundary(scores, heard, stop)),
            float(odds[start:stop].sum()),
        )
        found[int(lattice.word[path[start]])].append(phone)
    return tuple(AlignedWord(tuple(phones)) for phones in found)


def _boundary(scores: Float32, heard: np.ndarray, tick: int) -> float:
    """Return the time at which one phone gives way to the next, between two ticks."""
    if tick == 0 or tick == len(heard):
        return tick / TICKS_PER_SECOND
    left, right = heard[tick - 1], heard[tick]
    before = float(scores[tick - 1, left] - scores[tick - 1, right])
    after = float(scores[tick, right] - scores[tick, left])
    share = before / (before + after) if before > 0 < after else 0.5
    return (tick - 1 + share) / TICKS_PER_SECOND
