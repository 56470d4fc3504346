"""All edits that could be made of clips, and a balanced choice among them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from facedit.bench.items import Item
from facedit.bench.make_items.balance import balanced
from facedit.bench.make_items.build_clip import BuildClip
from facedit.bench.make_items.build_options import LeftOut
from facedit.bench.make_items.candidates import OWN, EditCandidate, spoken_by
from facedit.bench.make_items.labels import SHORT_NAME, edit_length, item_seed, shuffle_key, third
from facedit.bench.make_items.rules import rule_edits
from facedit.dataset import grid_names as grid
from facedit.editing.diff import WordEdit
from facedit.errors import BadEdit, FaceditError

log = logging.getLogger(__name__)

DONORS = 2
"""Other clips of a speaker whose words are tried in each sentence."""

PER_RULE = 3
"""Edits by rule that are considered of one clip per kind, length and place in the text."""


def grammar_candidates(clips: list[BuildClip], voice: str, seed: int) -> list[EditCandidate]:
    """List edits of GRID sentences, with words of the same speaker where there are some.

    ``voice``: who speaks the new words if there is no speaker with two clips.
    """
    spoken = [clip for clip in clips if grid.sentence_of(texts_of(clip))]
    voices = Counter(clip.facts.speaker for clip in spoken)
    recorded = any(count > 1 for count in voices.values())
    candidates: list[EditCandidate] = []
    for clip in spoken:
        generator = np.random.default_rng(item_seed(seed, clip.facts.file))
        others = [o for o in spoken if o.facts.speaker == clip.facts.speaker and o is not clip]
        donors = [others[int(k)] for k in generator.permutation(len(others))[:DONORS]]
        candidates += (one for donor in donors for one in _by_donor(clip, donor))
        # A voice speaks only where nobody's own words can be had: those are the better sound.
        if not others:
            new = None if recorded else grid.random_sentence(generator)
            edits = grid.edits(_sentence(clip), new)
            candidates += (
                EditCandidate(clip, edit, "grammar", spoken_by(voice, edit)) for edit, _ in edits
            )
    # Of those alike the first one stays, in the place of the last.
    return list({candidate.key: candidate for candidate in reversed(candidates)}.values())[::-1]


def _by_donor(clip: BuildClip, donor: BuildClip) -> Iterator[EditCandidate]:
    """List edits of a GRID sentence with words of another one of the same speaker."""
    for edit, words in grid.edits(_sentence(clip), _sentence(donor)):
        yield EditCandidate(clip, edit, "grammar", OWN, donor if edit.new_words else None, words)


def _sentence(clip: BuildClip) -> tuple[str, ...]:
    found = grid.sentence_of(texts_of(clip))
    assert found is not None
    return found


def rules_candidates(clips: list[BuildClip], voice: str, seed: int) -> list[EditCandidate]:
    """List edits by rule of English clips: a few per clip of each kind, length and place."""
    candidates: list[EditCandidate] = []
    for clip in (clip for clip in clips if clip.facts.language == "en"):
        seen: Counter[tuple[object, ...]] = Counter()
        found = rule_edits(texts_of(clip))
        found.sort(key=lambda edit: shuffle_key(seed, f"{clip.facts.file}/{edit}"))
        for edit in found:
            kind = (edit.kind, edit_length(edit), place(edit, clip))
            seen[kind] += 1
            if seen[kind] <= PER_RULE:
                candidates.append(EditCandidate(clip, edit, "rules", spoken_by(voice, edit)))
    return candidates


def choose_edits(
    listed: list[EditCandidate], others: list[EditCandidate], count: int, root: Path, seed: int
) -> tuple[list[Item], list[LeftOut], dict[str, str]]:
    """Make items of edits: all of the list, then the others as they balance it best.

    Returns the items, the listed edits that could not be made, and per item where its text is from.
    """
    items: list[Item] = []
    left: list[LeftOut] = []
    origins: dict[str, str] = {}
    numbers: Counter[tuple[object, ...]] = Counter()

    def add(candidate: EditCandidate) -> bool:
        cell = (candidate.edit.kind, edit_length(candidate.edit), candidate.clip.facts.file)
        try:
            item = candidate.item(root, seed, numbers[cell] + 1)
        except FaceditError as error:
            if candidate.origin == "list":
                left.append(LeftOut(candidate.about, str(error)))
            elif not isinstance(error, BadEdit):
                log.warning("%s: %s", candidate.about, error)
            return False
        numbers[cell] += 1
        items.append(item)
        origins[item.id] = candidate.origin
        return True

    taken = [candidate for candidate in listed if add(candidate)][:count]
    del items[len(taken) :]
    others = sorted(others, key=lambda candidate: shuffle_key(seed, candidate.key))
    before = [_keys(candidate) for candidate in taken]
    balanced(others, count - len(items), _keys, accept=add, already=before)
    return items, left, {item.id: origins[item.id] for item in items}


def texts_of(clip: BuildClip) -> list[str]:
    """Return the words of a clip as written."""
    return [word.text for word in clip.facts.words]


def place(edit: WordEdit, clip: BuildClip) -> str:
    """Return the third of the words that an edit is in (known before its sound is made)."""
    words = len(clip.facts.words)
    if edit.old_start == 0 or edit.old_end == words:
        return "start" if edit.old_start == 0 else "end"
    return third((edit.old_start + edit.old_end) / 2 / words)


def _keys(candidate: EditCandidate) -> tuple[object, ...]:
    edit, facts = candidate.edit, candidate.clip.facts
    cell = (SHORT_NAME[edit.kind], edit_length(edit))
    where = (*cell, place(edit, candidate.clip))
    return cell, where, facts.corpus, facts.speaker, facts.file, (facts.file, cell)
