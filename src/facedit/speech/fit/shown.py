"""What an engine is shown of a speaker: some seconds of their cleanest whole words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from facedit.errors import UsageError
from facedit.speech.signal.low_energy import low_energy_point
from facedit.speech.sound_ops import cut
from facedit.types import Sound, Word

SHORTEST_S, LONGEST_S = 3.0, 12.0
"""Seconds that engines are shown; most are made for a reference between them."""

_PAUSE_S = 0.12
_MOST_SILENCE_S = 0.5
_REACH_S = 0.05
_GOOD_S = 8.0
_OF_PAUSE, _OF_LENGTH, _OF_GAP = 0.3, 0.5, 0.5


def reference_of(sound: Sound, words: Sequence[Word]) -> tuple[Sound, str]:
    """Cut the clearest run of whole words out of a speaker's sound, and say what is said in it.

    ``words``: in seconds of the sound. Words that were heard surely count, pauses at both ends and
    eight seconds of speech; long silence within counts against a run. UsageError is raised if there
    are no 3 s of words.
    """
    runs = list(_runs(words))
    if not runs:
        raise UsageError(
            f"an engine is shown {SHORTEST_S:.0f} to {LONGEST_S:.0f} s of the speaker's words, and "
            "there are not so many here: another clip, or --footage, may hold more."
        )
    best = max(runs, key=lambda run: _worth(words, run, sound.duration_s))
    before = words[best.start - 1].end_s if best.start else 0.0
    after = words[best.stop].start_s if best.stop < len(words) else sound.duration_s
    first_s, last_s = words[best.start].start_s, words[best.stop - 1].end_s
    start_s = _edge(sound, max(before, first_s - _MOST_SILENCE_S), first_s)
    end_s = _edge(sound, last_s, min(after, last_s + _MOST_SILENCE_S))
    return cut(sound, start_s, end_s), " ".join(word.text for word in words[best])


def _runs(words: Sequence[Word]) -> Iterator[slice]:
    """List the runs of words that are neither too short nor too long."""
    for first in range(len(words)):
        for end in range(first + 1, len(words) + 1):
            length_s = words[end - 1].end_s - words[first].start_s
            if length_s > LONGEST_S:
                break
            if length_s >= SHORTEST_S:
                yield slice(first, end)


def _worth(words: Sequence[Word], run: slice, duration_s: float) -> float:
    """Say how good an example of the speaker a run of words is."""
    said = words[run]
    pause_before = said[0].start_s - (words[run.start - 1].end_s if run.start else 0.0)
    next_s = words[run.stop].start_s if run.stop < len(words) else duration_s
    pause_after = next_s - said[-1].end_s
    pauses = sum(pause >= _PAUSE_S for pause in (pause_before, pause_after))
    length_s = said[-1].end_s - said[0].start_s
    gap_s = length_s - sum(word.end_s - word.start_s for word in said)
    worth = float(fmean(word.score for word in said)) + _OF_PAUSE * pauses
    return float(worth + _OF_LENGTH * min(length_s / _GOOD_S, 1.0) - _OF_GAP * gap_s / length_s)


def _edge(sound: Sound, earliest_s: float, latest_s: float) -> float:
    """Find the quietest point between two words."""
    middle_s, half_s = (earliest_s + latest_s) / 2, abs(latest_s - earliest_s) / 2
    return low_energy_point(sound.samples, sound.rate, middle_s, max(half_s, _REACH_S))
