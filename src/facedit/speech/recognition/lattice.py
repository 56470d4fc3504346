"""The best path of a sound through the pronunciations of a text (Viterbi), in NumPy.

Each phone is a chain of two states, so that it lasts 20 ms or more; between words, and at both
ends, silence is optional. States are numbered in the order of the text, and only those near the
best path are looked at, so that time and memory grow with the length of the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.types import Float32

Int = NDArray[np.intp]

STATES = 2
"""States of a phone, and its shortest length in ticks."""
BEAM = 150.0
"""A state whose path is this much less probable (in nats) than the best is dropped."""
_MOST_CELLS = 500_000_000
"""Steps that are remembered at most when nothing is dropped; more would need too much memory."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """The states of a text.

    Attributes:
        phone: Column of the phone's score, shape (S,).
        unit: Number of the phone (one of a pronunciation of a word), -1 for silence, shape (S,).
        word: Index of the word, -1 for silence, shape (S,).
        before: States that may come before each, itself among them, filled up with S, shape
            (S, most).
        first: States that a path may begin in.
        last: States that it may end in.
    """

    phone: Int
    unit: Int
    word: Int
    before: Int
    first: Int
    last: Int


def build_lattice(words: Sequence[Sequence[Sequence[int]]], silence: int) -> Lattice:
    """Lay the pronunciations of words out as states.

    Each word has pronunciations as columns of phones, none of them empty; ``silence`` is the column
    of silence.
    """
    phone, unit, word = [silence], [-1], [-1]
    before: list[list[int]] = [[0]]
    ends = [0]  # where a path may stand before the next word
    first = [0]
    number = -1
    for index, pronunciations in enumerate(words):
        finals = []
        for phones in pronunciations:
            for position, column in enumerate(phones):
                number += 1
                for step in range(STATES):
                    here = len(phone)
                    entry = position == step == 0
                    before.append([here, *(ends if entry else [here - 1])])
                    if entry and index == 0:
                        first.append(here)
                    unit.append(number)
                    phone.append(column)
                    word.append(index)
            finals.append(len(phone) - 1)
        pause = len(phone)
        phone.append(silence)
        unit.append(-1)
        word.append(-1)
        before.append([pause, *finals])
        ends = [*finals, pause]
    most = max(len(states) for states in before)
    filled = [states + [len(phone)] * (most - len(states)) for states in before]
    arrays = (np.array(x, np.intp) for x in (phone, unit, word, filled, first, ends))
    return Lattice(*arrays)


def best_path(scores: Float32, lattice: Lattice) -> Int | None:
    """Find the most probable state per tick, shape (T,), of log scores (T, phones).

    None where the sound is too short for the text, or the text too unlike it to be searched for.
    """
    for beam in (BEAM, np.inf):
        if np.isinf(beam) and len(scores) * len(lattice.phone) > _MOST_CELLS:
            return None
        found = _search(scores, lattice, beam)
        if found is not None:
            return found
    return None


def _search(scores: Float32, lattice: Lattice, beam: float) -> Int | None:
    """Go forward within the beam, then back along the best steps."""
    ticks, states = len(scores), len(lattice.phone)
    if not ticks:
        return None
    # The furthest that one step can lead, to know which states can be reached from a range.
    reach = int((np.arange(states)[:, None] - lattice.before).max())
    total = np.full(states + 1, -np.inf)
    total[lattice.first] = scores[0, lattice.phone[lattice.first]]
    low, high = 0, int(lattice.first.max()) + 1
    steps: list[tuple[int, NDArray[np.uint8]]] = [(0, np.zeros(states, np.uint8))]
    for tick in range(1, ticks):
        high = min(high + reach, states)
        before = lattice.before[low:high]
        reached = total[before]
        choice = reached.argmax(axis=1)
        total[low:high] = (
            np.take_along_axis(reached, choice[:, None], 1)[:, 0]
            + scores[tick, lattice.phone[low:high]]
        )
        steps.append((low, choice.astype(np.uint8)))
        alive = np.flatnonzero(total[low:high] >= total[low:high].max() - beam)
        total[low : low + alive[0]] = -np.inf
        total[low + alive[-1] + 1 : high] = -np.inf
        low, high = low + int(alive[0]), low + int(alive[-1]) + 1
    state = int(lattice.last[total[lattice.last].argmax()])
    if not np.isfinite(total[state]):
        return None
    path = np.empty(ticks, np.intp)
    for tick in range(ticks - 1, -1, -1):
        path[tick] = state
        start, choice = steps[tick]
        if tick:
            state = int(lattice.before[state, choice[state - start]])
    return path
