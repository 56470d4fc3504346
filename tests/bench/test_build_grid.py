"""GRID's grammar: reading, edits that stay inside it."""

import numpy as np
import pytest

from facedit.bench.make_items.labels import edit_length
from facedit.dataset import grid_names as grid
from facedit.editing.diff import apply

OWN = ("lay", "blue", "at", "x", "four", "now")
DONOR = ("set", "red", "by", "g", "two", "again")


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("lbax4n", "lay blue at x four now"),
        ("id2_vcd_swwp2s", "set white with p two soon"),
        ("pgiz0a", None),  # GRID writes zero as z
        ("bgizza", "bin green in z zero again"),
        ("lbaw4n", None),  # w is no letter of GRID's
        ("interview", None),
    ],
)
def test_a_file_name_gives_its_sentence(stem, words):
    assert grid.words_of_name(stem) == (tuple(words.split()) if words else None)


def test_sentences_are_told_from_others():
    assert grid.sentence_of(["Lay", "Blue", "at", "X", "four", "now."]) == OWN
    assert grid.sentence_of(["lay", "blue", "at", "x", "four"]) is None
    assert grid.sentence_of(["blue", "lay", "at", "x", "four", "now"]) is None


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("lay blue at x four now set red by g two again", True),
        ("set red by g two again blue at x four now", True),
        ("lay blue at x four by g two now", True),
        ("please lay blue", True),
        ("lay blue now please", True),
        ("lay at x four now", False),  # no colour
        ("lay blue x four now", False),  # no preposition
        ("lay blue at four x now", False),
        ("lay blue at x four now soon", False),
        ("lay blue at x four now now", False),
        ("blue at x four now", False),
        ("lay blue at x four tomorrow", False),
        ("", False),
    ],
)
def test_the_extended_grammar(text, good):
    assert grid.parses(text.split()) is good


def test_every_edit_of_random_sentences_stays_in_the_grammar():
    generator = np.random.default_rng(1)
    kinds = set()
    for _ in range(60):
        own, donor = grid.random_sentence(generator), grid.random_sentence(generator)
        for edit, (first, last) in grid.edits(own, donor):
            assert grid.parses(apply(own, (edit,))), (own, edit)
            assert edit.new_words == donor[first:last]
            if edit.kind == "substitute":
                # Minimal: neither end of what is replaced would have stayed the same.
                assert edit.new_words[0] != own[edit.old_start]
                assert edit.new_words[-1] != own[edit.old_end - 1]
            kinds.add((edit.kind, edit_length(edit)))
    assert kinds == {
        (kind, length)
        for kind in ("substitute", "insert", "delete")
        for length in ("short", "medium")
    }


def test_without_a_donor_words_only_go():
    assert {edit.kind for edit, _ in grid.edits(OWN, None)} == {"delete"}


def test_a_place_is_not_said_twice():
    same_place = ("set", "red", *OWN[2:5], "again")
    inserted = [e.new_words for e, _ in grid.edits(OWN, same_place) if e.kind == "insert"]
    assert OWN[2:5] not in inserted
