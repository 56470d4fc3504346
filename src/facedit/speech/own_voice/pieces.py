"""New words made of pieces of other words that the speaker says: runs of diphones.

Two pieces are joined in the middle of a phone that both have, where speech is steadiest (Hunt and
Black 1996). Words inside longer ones ("house" in "houses") need no joint at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.speech.own_voice.cepstra import cepstra
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.recognition.forced import AlignedPhone
from facedit.speech.recognition.sound_cache import phones_of_sound
from facedit.speech.signal.low_energy import level_db
from facedit.speech.signal.world import HOP_S
from facedit.speech.sound_ops import cut
from facedit.speech.text.pronounce import pronunciations
from facedit.types import Float32, Float64
from facedit.units import sample_at

JOINT = 0.4
"""What a joint costs beside what differs across it."""

_EDGE = 0.3
_QUIET = frozenset(("B", "CH", "D", "F", "G", "HH", "JH", "K", "P", "S", "SH", "T", "TH"))
_WAYS = 8
_GAP_S = 0.02
_REACH_S, _FADE_S, _SHIFT_S = 0.015, 0.010, 0.006
_OCTAVES, _DECIBELS, _CEPSTRAL = 0.25, 12.0, 1.2
_COEFFICIENTS = 16


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of the speaker's sound that make new words.

    Attributes:
        spans_s: Begin and end of each, in order.
        words_s: When each new word begins and ends in what they make together.
        cost: How little they suit each other.
    """

    spans_s: tuple[tuple[float, float], ...]
    words_s: tuple[tuple[float, float], ...]
    cost: float


def in_pieces(texts: Sequence[str], speaker: Speaker) -> Pieces | None:
    """Find the pieces that make English words at the least cost; None where some are not said."""
    phones = phones_of_sound(speaker.sound, [word.text for word in speaker.words])
    if phones is None:
        return None
    ways = itertools.islice(itertools.product(*map(pronunciations, texts)), _WAYS)
    found = (_Search(phones, speaker).cheapest(way) for way in ways)
    return min((one for one in found if one), key=lambda one: one.cost, default=None)


class _Search:
    """The cheapest path through the diphones of a speaker."""

    def __init__(self, phones: Sequence[AlignedPhone], speaker: Speaker) -> None:
        self._phones, self._speaker = phones, speaker
        pairs = itertools.pairwise(phones)
        self._runs_on = [second.start_s - first.end_s < _GAP_S for first, second in pairs]
        self._begins = {round(word.start_s, 2) for word in speaker.words}
        self._ends = {round(word.end_s, 2) for word in speaker.words}

    def cheapest(self, way: Sequence[Sequence[str]]) -> Pieces | None:
        wanted = [name for word in way for name in word]
        places = [self._said(pair) for pair in itertools.pairwise(wanted)]
        if not places or not all(places):
            return None
        paths: dict[int, tuple[float, tuple[int, ...]]]
        paths = {at: (self._edge(at, self._begins, 0), (at,)) for at in places[0]}
        for here in places[1:]:
            least: dict[int, tuple[float, tuple[int, ...]]] = {}
            for at in here:
                options = [
                    (cost + (0.0 if path[-1] == at - 1 else self._joint(path[-1] + 1, at)), path)
                    for cost, path in paths.values()
                ]
                cost, path = min(options)
                least[at] = (cost, (*path, at))
            paths = least
        cost, path = min(
            (cost + self._edge(at + 1, self._ends, 1), path) for at, (cost, path) in paths.items()
        )
        return self._pieces(path, [len(word) for word in way], cost)

    def _said(self, pair: tuple[str, str]) -> list[int]:
        names = [phone.name for phone in self._phones]
        return [k for k, on in enumerate(self._runs_on) if on and (names[k], names[k + 1]) == pair]

    def _edge(self, at: int, words: set[float], end: int) -> float:
        """Price the edge of a phone that is the edge of no word, less where it is quiet."""
        phone = self._phones[at]
        at_s = round((phone.start_s, phone.end_s)[end], 2)
        if any(abs(at_s - other) < 0.025 for other in words):
            return 0.0
        return _EDGE / 3 if phone.name in _QUIET else _EDGE

    def _joint(self, left: int, right: int) -> float:
        """Price a joint in the middle of two phones of one name: by pitch, level and spectrum."""
        one, other = (self._moment(self._middle_s(k)) for k in (left, right))
        cost = JOINT + abs(one[0] - other[0]) / _DECIBELS
        if one[1] and other[1]:
            cost += abs(float(np.log2(one[1] / other[1]))) / _OCTAVES
        elif one[1] or other[1]:
            cost += JOINT
        return cost + float(np.sqrt(np.square(one[2] - other[2]).sum())) / _CEPSTRAL

    def _middle_s(self, at: int) -> float:
        return (self._phones[at].start_s + self._phones[at].end_s) / 2

    def _moment(self, at_s: float) -> tuple[float, float, Float64]:
        """Measure level in dB, pitch in Hz (0 where there is none) and cepstra about a time."""
        sounds = self._speaker.sounds.analysis
        first = max(0, round((at_s - _REACH_S) / HOP_S))
        last = max(first + 1, round((at_s + _REACH_S) / HOP_S))
        pitch = sounds.pitch_hz[first:last]
        voiced = pitch[pitch > 0]
        about = cut(self._speaker.sound, at_s - _REACH_S, at_s + _REACH_S)
        mean = cepstra(sounds.envelope[first:last], _COEFFICIENTS).mean(axis=0)[1:]
        return level_db(about.samples), float(np.median(voiced)) if len(voiced) else 0.0, mean

    def _pieces(self, path: Sequence[int], lengths: Sequence[int], cost: float) -> Pieces:
        """Turn a path of diphones into stretches of sound, and find the words in them."""
        spans: list[list[float]] = [[self._phones[path[0]].start_s, 0.0]]
        edges = [0.0]  # of the phones, in what the pieces make
        done_s = 0.0
        for before, at in itertools.pairwise(path):
            if at != before + 1:
                spans[-1][1] = self._middle_s(before + 1)
                done_s += spans[-1][1] - spans[-1][0]
                spans.append([self._middle_s(at), 0.0])
            edges.append(done_s + self._phones[at].start_s - spans[-1][0])
        spans[-1][1] = self._phones[path[-1] + 1].end_s
        edges.append(done_s + self._phones[path[-1] + 1].start_s - spans[-1][0])
        edges.append(done_s + spans[-1][1] - spans[-1][0])
        bounds = [edges[k] for k in itertools.accumulate(lengths, initial=0)]
        return Pieces(tuple((a, b) for a, b in spans), tuple(itertools.pairwise(bounds)), cost)


def joined_pieces(pieces: Pieces, samples: Float32, rate: int) -> Float32:
    """Put pieces of mono amplitudes together, where their waves agree, (N,)."""
    fade, shift = sample_at(_FADE_S, rate), sample_at(_SHIFT_S, rate)
    made = np.zeros(0, np.float32)
    for start_s, end_s in pieces.spans_s:
        first, last = sample_at(start_s, rate), sample_at(end_s, rate)
        if not len(made):
            made = samples[first:last].copy()
            continue
        tail = made[-fade:]
        offsets = range(max(-shift, fade - first), shift + 1)
        best = max(
            offsets, key=lambda k: float(tail @ samples[first + k - fade : first + k][: len(tail)])
        )
        piece = samples[first + best - fade : last]
        rise = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        made[-fade:] = tail * (1.0 - rise) + piece[:fade] * rise
        made = np.concatenate([made, piece[fade:]])
    return made
