"""Corrections of what was heard: words change their text or times, edits stay over their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from facedit.editing.diff import WordEdit
from facedit.editing.words import tokenise
from facedit.errors import BadEdit
from facedit.types import Word


@dataclass(frozen=True, slots=True)
class Correction:
    """What is wrong with one word that was heard; what is None is right.

    Attributes:
        index: Number of the word.
        text: What was said: several words part it, none removes it.
        start_s: When it starts in the source.
        end_s: When it ends.
    """

    index: int
    text: str | None = None
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """Words after corrections.

    Attributes:
        words: The words; those that were parted share the time of the one they were.
        untimed: Numbers of those whose times must be found in the sound.
        places: Per old word number, and once more for the end, where it is now.
    """

    words: tuple[Word, ...]
    untimed: tuple[int, ...]
    places: tuple[int, ...]

    def moved(self, edit: WordEdit) -> WordEdit | None:
        """Return an edit over the same words.

        Args:
            edit: An edit of the words as they were.

        Returns:
            The edit; None if all that it cut is gone.
        """
        start, end = self.places[edit.old_start], self.places[edit.old_end]
        if start == end and not edit.new_words:
            return None
        return WordEdit(start, end, edit.new_words)


def correct(words: Sequence[Word], corrections: Sequence[Correction]) -> Corrected:
    """Correct words.

    Args:
        words: The words as they were heard.
        corrections: At most one a word, in any order.

    Returns:
        The words as they were said.

    Raises:
        BadEdit: If a word is named that is not there, or twice; if times leave its neighbours' or
            run backwards; or if no word is left.
    """
    by_index = {one.index: one for one in corrections}
    if len(by_index) < len(corrections):
        raise BadEdit("a word is corrected twice.")
    if not all(0 <= index < len(words) for index in by_index):
        raise BadEdit(f"a word is corrected that is not there: there are {len(words)}.")
    now: list[Word] = []
    untimed: list[int] = []
    places: list[int] = []
    for index, word in enumerate(words):
        places.append(len(now))
        change = by_index.get(index)
        if change is None:
            now.append(word)
            continue
        parts = (word.text,) if change.text is None else tokenise(change.text)
        timed = change.start_s is not None or change.end_s is not None
        if not timed and change.text is not None:
            untimed += range(len(now), len(now) + len(parts))
        now += _parted(_timed(word, change), parts)
    if not now:
        raise BadEdit("no word is left.")
    for before, after in pairwise(now):
        if after.start_s < before.start_s or after.end_s < before.end_s:
            raise BadEdit(f'"{after.text}" at {after.start_s:.2f} s would come out of order.')
    return Corrected(tuple(now), tuple(untimed), (*places, len(now)))


def _timed(word: Word, change: Correction) -> Word:
    start_s = word.start_s if change.start_s is None else change.start_s
    end_s = word.end_s if change.end_s is None else change.end_s
    if not 0 <= start_s < end_s:
        raise BadEdit(f'"{word.text}" cannot last from {start_s:.2f} to {end_s:.2f} s.')
    return replace(word, start_s=start_s, end_s=end_s, score=1.0)


def _parted(word: Word, parts: Sequence[str]) -> list[Word]:
    """Share the time of a word out among parts, by their letters."""
    letters = [max(len(part), 1) for part in parts]
    long_s, total, found = word.end_s - word.start_s, sum(letters), []
    done = 0
    for part, count in zip(parts, letters, strict=True):
        start_s = word.start_s + long_s * done / total
        done += count
        found.append(Word(part, start_s, word.start_s + long_s * done / total, word.score))
    return found
