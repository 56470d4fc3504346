"""What changed between the words that were spoken and the words that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from operator import itemgetter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from facedit.editing.spelling import pieces, same, spoken
from facedit.editing.words import key, tokenise
from facedit.errors import BadEdit
from facedit.types import Word

EditKind = Literal["substitute", "insert", "delete", "express"]

_MOST_CELLS = 100_000_000

# Decisions of the alignment at a cell, as bits.
_KEEP_AFTER_KEPT, _KEEP_AFTER_EDIT, _DROP_OLD = 1, 2, 4


@dataclass(frozen=True, slots=True)
class WordEdit:
    """One change: a run of old words (perhaps none) gives way to new words (perhaps none).

    An expression alone keeps the words: they are its new ones too.

    Attributes:
        old_start: Index of the first old word that goes.
        old_end: Index after the last old word that goes; ``old_start`` for an insertion before
            word ``old_start``.
        new_words: The words that come, as written.
        expression: What the face shows at words that stay, as ``--expression`` has it.
    """

    old_start: int
    old_end: int
    new_words: tuple[str, ...] = ()
    expression: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that something changes.

        Raises:
            ValueError: If the range is reversed or negative, or nothing goes and nothing comes.
        """
        if not 0 <= self.old_start <= self.old_end:
            raise ValueError(f"Words {self.old_start} to {self.old_end} are no range.")
        if self.old_start == self.old_end and not self.new_words:
            raise ValueError("An edit must remove words or bring words.")

    @property
    def kind(self) -> EditKind:
        """``substitute``, ``insert``, ``delete`` or ``express``."""
        if self.expression:
            return "express"
        if not self.new_words:
            return "delete"
        return "insert" if self.old_start == self.old_end else "substitute"

    @property
    def text(self) -> str:
        """The new words joined by spaces."""
        return " ".join(self.new_words)


def diff(old: Sequence[Word], new_text: str, language: str = "en") -> tuple[WordEdit, ...]:
    """Find the edits that turn spoken words into a new text.

    A sequence alignment over what is spoken: as much as possible is kept; among those alignments
    the one with the fewest separate edits; among those the one that keeps earlier words. Another
    spelling (*well-known*, *well known*; 3, *three*; see ``spelling.same``) is no change.

    Args:
        old: The words that were spoken.
        new_text: The whole new text.
        language: Language of both, an ISO 639-1 code.

    Returns:
        The edits, in order; between two of them at least one word is kept.
    """
    return changes([word.text for word in old], tokenise(new_text), language)


def changes(old: Sequence[str], new: Sequence[str], language: str = "en") -> tuple[WordEdit, ...]:
    """Find the edits between two lists of written words; see ``diff``.

    Args:
        old: Old words; those without anything spoken ("—") are never touched on their own.
        new: New words; those without anything spoken are ignored.
        language: Language of both, an ISO 639-1 code.

    Returns:
        The edits, in order; between two of them at least one word is kept. (``BadEdit`` if too much
        differs to be compared.)
    """
    at = [index for index, text in enumerate(old) if key(text)]
    kept = [old[index] for index in at]
    # What is written without spaces is cut anew: only the letters that change are spoken anew.
    parts = [(piece, number) for number, text in enumerate(new) for piece in pieces(text)]
    parts = [(piece, number) for piece, number in parts if key(piece)]
    fresh = [piece for piece, _ in parts]
    edits = []
    for i0, i1, j0, j1 in _changed_words(spoken(kept, language), spoken(fresh, language)):
        if same(kept[i0:i1], fresh[j0:j1], language):
            continue
        if i0 < i1:
            start, end = at[i0], at[i1 - 1] + 1
        else:
            start = end = at[i0] if i0 < len(at) else len(old)
        runs = groupby(parts[j0:j1], key=itemgetter(1))
        words = tuple("".join(piece for piece, _ in run) for _, run in runs)
        edits.append(WordEdit(start, end, words))
    return tuple(edits)


def apply(words: Sequence[Word] | Sequence[str], edits: Sequence[WordEdit]) -> list[str]:
    """Return the words after the edits.

    Args:
        words: The old words.
        edits: Edits in order and apart (else ``BadEdit``, see ``check_order``).

    Returns:
        The new words as written.
    """
    check_order(edits, len(words))
    texts = [word if isinstance(word, str) else word.text for word in words]
    result: list[str] = []
    position = 0
    for edit in edits:
        result += texts[position : edit.old_start]
        result += edit.new_words
        position = edit.old_end
    return result + texts[position:]


def marked(words: Sequence[str], edits: Sequence[WordEdit], around: int = 8) -> tuple[str, str]:
    """Write the words before and after the edits, with what goes and what comes in brackets.

    Args:
        words: The old words.
        edits: Edits in order and apart.
        around: Kept words that are shown on either side of an edit; "…" stands for the others.

    Returns:
        The old and the new words, each on one line.
    """
    before: list[str] = []
    after: list[str] = []
    position = 0
    for number, edit in enumerate(edits):
        kept = _shortened(words[position : edit.old_start], around if number else 0, around)
        old = words[edit.old_start : edit.old_end]
        before += [*kept, f"[{' '.join(old)}]"] if old else kept
        after += [*kept, f"[{edit.text}]"] if edit.new_words else kept
        position = edit.old_end
    kept = _shortened(words[position:], around if edits else len(words), 0)
    return " ".join([*before, *kept]), " ".join([*after, *kept])


def _shortened(words: Sequence[str], first: int, last: int) -> list[str]:
    """Leave out the middle of a run of words, or what is not beside an edit."""
    if len(words) <= first + last + 1:
        return list(words)
    return [*words[:first], "…", *words[len(words) - last :]]


def check_order(edits: Sequence[WordEdit], words: int) -> None:
    """Check that edits are in order and apart.

    Args:
        edits: The edits.
        words: Number of old words.

    Raises:
        BadEdit: If two edits overlap or touch, are out of order, or reach beyond the words.
    """
    for before, after in pairwise(edits):
        if after.old_start <= before.old_end:
            raise BadEdit(
                f"Edits of words {before.old_start}-{before.old_end} and "
                f"{after.old_start}-{after.old_end} overlap or touch: make them one edit."
            )
    if edits and edits[-1].old_end > words:
        raise BadEdit(f"An edit reaches word {edits[-1].old_end}, but there are only {words}.")


def merge_close(
    edits: Sequence[WordEdit], words: Sequence[Word], min_kept_s: float
) -> tuple[WordEdit, ...]:
    """Make one edit of neighbours that leave only a sliver of speech between them.

    A short word kept between two new ones has two joints within a fraction of a second; saying
    it anew with its neighbours sounds and looks better.

    Args:
        edits: Edits in order.
        words: The old words with times.
        min_kept_s: Kept speech between two edits that is shorter than this is spoken anew.

    Returns:
        The edits, in order.
    """
    merged: list[WordEdit] = []
    for edit in edits:
        if merged:
            last = merged[-1]
            kept = words[last.old_end : edit.old_start]
            spoken = "express" not in (last.kind, edit.kind)
            if spoken and kept and kept[-1].end_s - kept[0].start_s < min_kept_s:
                new_words = (*last.new_words, *(word.text for word in kept), *edit.new_words)
                merged[-1] = WordEdit(last.old_start, edit.old_end, new_words)
                continue
        merged.append(edit)
    return tuple(merged)


def _changed_words(
    old: Sequence[tuple[str, ...]], new: Sequence[tuple[str, ...]]
) -> list[tuple[int, int, int, int]]:
    """Return the changed blocks of words, given what is spoken of each, as ``_changed_blocks``.

    A word of which a part changes, changes: blocks grow to where words begin and end on both sides.
    """
    ours, theirs = ([unit for units in words for unit in units] for words in (old, new))
    # From the number of a unit to that of the word which begins there.
    starts, new_starts = (
        {edge: word for word, edge in enumerate(accumulate(map(len, words), initial=0))}
        for words in (old, new)
    )
    grown: list[tuple[int, int, int, int]] = []
    blocks = _changed_blocks(ours, theirs)[::-1]
    while blocks:
        i0, i1, j0, j1 = blocks.pop()
        while i0 not in starts or j0 not in new_starts:
            i0, j0 = _joined_before(grown, i0, j0) or (i0 - 1, j0 - 1)
        while i1 not in starts or j1 not in new_starts:
            if blocks and (blocks[-1][0], blocks[-1][2]) == (i1, j1):
                _, i1, _, j1 = blocks.pop()
            else:
                i1, j1 = i1 + 1, j1 + 1
        i0, j0 = _joined_before(grown, i0, j0) or (i0, j0)
        grown.append((i0, i1, j0, j1))
    return [(starts[i0], starts[i1], new_starts[j0], new_starts[j1]) for i0, i1, j0, j1 in grown]


def _joined_before(
    blocks: list[tuple[int, int, int, int]], old: int, new: int
) -> tuple[int, int] | None:
    """Take the last block away if it ends at a place, and return where it began."""
    if blocks and (blocks[-1][1], blocks[-1][3]) == (old, new):
        start, _, new_start, _ = blocks.pop()
        return start, new_start
    return None


def _changed_blocks(old: list[str], new: list[str]) -> list[tuple[int, int, int, int]]:
    """Return the maximal changed blocks as (old from, old to, new from, new to)."""
    # What is equal at both ends may always be kept: the rest of the work is small for small edits.
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not middle_old and not middle_new:
        return []
    if len(middle_old) * len(middle_new) > _MOST_CELLS:
        raise BadEdit(
            f"{len(middle_new)} new words in the place of {len(middle_old)} are too many to "
            "compare at once: replace, insert or delete them piece by piece."
        )
    blocks = _trace(_decide(middle_old, middle_new), len(middle_old), len(middle_new))
    return [(i0 + head, i1 + head, j0 + head, j1 + head) for i0, i1, j0, j1 in blocks]


def _decide(old: list[str], new: list[str]) -> NDArray[np.uint8]:
    """Align two lists of keys from the end; return the best decision at every cell.

    Needleman-Wunsch with Gotoh's affine gaps: a changed word costs ``word``, opening a block of
    changes costs 1, and ``word`` outweighs every possible number of blocks, so that costs order
    alignments by (words changed, blocks). Rows are vectorised over the new words; only the
    decisions are held for all rows.
    """
    rows, columns = len(old), len(new)
    word = rows + columns + 2
    infinite = np.int64(word) * word
    number = {text: index for index, text in enumerate({*old, *new})}
    new_numbers = np.array([number[text] for text in new], dtype=np.int64)
    ramp = np.arange(columns + 1, dtype=np.int64) * word
    decisions = np.zeros((rows + 1, columns + 1), dtype=np.uint8)
    # Cost to the end, having just kept a word (or at the start) / being inside a block.
    after_kept = ramp[::-1] + 1
    after_kept[-1] = 0
    after_edit = ramp[::-1].copy()
    for row in range(rows - 1, -1, -1):
        keep = np.full(columns + 1, infinite)
        same = new_numbers == number[old[row]]
        keep[:-1][same] = after_kept[1:][same]
        drop_old = after_edit + word
        # In a row, taking new words costs a word a step: a running minimum from the right.
        best = np.minimum(keep, drop_old)
        inside = np.minimum.accumulate((best + ramp)[::-1])[::-1] - ramp
        take_new = np.full(columns + 1, infinite)
        take_new[:-1] = inside[1:] + word
        change = np.minimum(drop_old, take_new)
        decisions[row] |= np.where(keep <= change + 1, _KEEP_AFTER_KEPT, 0).astype(np.uint8)
        decisions[row] |= np.where(keep <= change, _KEEP_AFTER_EDIT, 0).astype(np.uint8)
        decisions[row] |= np.where(drop_old <= take_new, _DROP_OLD, 0).astype(np.uint8)
        after_kept = np.minimum(keep, change + 1)
        after_edit = inside
    return decisions


def _trace(
    decisions: NDArray[np.uint8], rows: int, columns: int
) -> list[tuple[int, int, int, int]]:
    """Walk the decisions from the start and collect the changed blocks."""
    blocks: list[tuple[int, int, int, int]] = []
    row = column = 0
    opened: tuple[int, int] | None = None
    while row < rows or column < columns:
        decision = int(decisions[row, column]) if row < rows else 0
        if decision & (_KEEP_AFTER_KEPT if opened is None else _KEEP_AFTER_EDIT):
            if opened is not None:
                blocks.append((opened[0], row, opened[1], column))
                opened = None
            row, column = row + 1, column + 1
            continue
        opened = opened or (row, column)
        if decision & _DROP_OLD:
            row += 1
        else:
            column += 1
    if opened is not None:
        blocks.append((opened[0], row, opened[1], column))
    return blocks
