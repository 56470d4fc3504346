"""The best path through pronunciations, on made-up scores whose answer is known."""

import numpy as np
import pytest

from facedit.errors import BadWeights
from facedit.speech.recognition import acoustic
from facedit.speech.recognition.acoustic import PHONES, SILENCE, phone_net, phone_scores
from facedit.speech.recognition.forced import align_scores, mean_score
from facedit.speech.recognition.lattice import STATES, best_path, build_lattice
from facedit.speech.sound_ops import speech_samples

COLUMN = {name: index for index, name in enumerate(PHONES)}


def scores_of(*stretches, likely=-0.05, other=-8.0):
    """Log probabilities in which each stretch of ticks clearly is one phone."""
    ticks = [COLUMN[name] for name, count in stretches for _ in range(count)]
    scores = np.full((len(ticks), len(PHONES)), other, np.float32)
    scores[np.arange(len(ticks)), ticks] = likely
    return scores


def test_phones_are_found_where_they_are_and_pauses_belong_to_no_word():
    scores = scores_of(("", 10), ("HH", 5), ("AY", 12), ("", 20), ("DH", 4), ("EH", 9), ("R", 6))
    hi, there = align_scores(scores, [[("HH", "AY")], [("DH", "EH", "R")]], 0.66)
    assert [phone.name for phone in there.phones] == ["DH", "EH", "R"]
    edges = [hi.start_s, hi.phones[1].start_s, hi.end_s, there.start_s, there.end_s]
    assert edges == pytest.approx([0.095, 0.145, 0.265, 0.465, 0.66], abs=1e-3)
    assert mean_score((hi, there)) == pytest.approx(0, abs=1e-6)


def test_the_pronunciation_that_was_said_is_chosen():
    scores = scores_of(("Z", 9), ("EH", 9), ("D", 9))
    (word,) = align_scores(scores, [[("Z", "IY"), ("Z", "EH", "D")]], 0.27)
    assert [phone.name for phone in word.phones] == ["Z", "EH", "D"]


def test_a_wrong_word_scores_badly_and_its_neighbours_well():
    scores = scores_of(("M", 9), ("AY", 9), ("K", 9), ("AA", 9), ("R", 9))
    mine, cat = align_scores(scores, [[("M", "AY")], [("F", "IH", "SH")]], 0.45)
    assert mine.score > -0.5 > -5 > cat.score


def test_a_boundary_lies_between_two_ticks_where_the_odds_cross():
    scores = scores_of(("AA", 10), ("M", 10))
    scores[9, [COLUMN["AA"], COLUMN["M"]]] = -0.6, -0.7
    (word,) = align_scores(scores, [[("AA", "M")]], 0.2)
    assert 0.09 <= word.phones[1].start_s < 0.0915


def test_a_sound_too_short_for_its_text_has_no_path():
    word = [("M", "AY")]
    assert align_scores(scores_of(("", 2 * STATES - 1)), [word], 0.03) is None
    assert align_scores(scores_of(("M", 2 * STATES)), [word], 0.04) is not None
    assert align_scores(scores_of(), [word], 0.0) is None


def test_the_beam_does_not_lose_the_way_of_a_long_wrong_text():
    """The whole beam sees silence for 20 s; the words must be said all the same."""
    scores = scores_of(("", 2000), ("M", 20), ("AY", 20), other=-16.0)
    lattice = build_lattice([[[COLUMN["F"]]], [[COLUMN["M"], COLUMN["AY"]]]], SILENCE)
    path = best_path(scores, lattice)
    assert lattice.word[path[-1]] == 1
    assert (np.diff(path) >= 0).all()


def test_every_tick_has_scores_whatever_the_length(spoken):
    samples = speech_samples(spoken)[: 16_000 + 161]
    scores = phone_scores(samples)
    assert scores.shape == (102, len(PHONES))
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, atol=1e-4)
    assert phone_scores(samples[:0]).shape == (0, len(PHONES))


def test_a_long_sound_is_classified_in_pieces_that_fit_together(spoken, monkeypatch):
    samples = speech_samples(spoken)
    whole = phone_scores(samples)
    monkeypatch.setattr(acoustic, "_BLOCK", 60)
    np.testing.assert_allclose(phone_scores(samples), whole, atol=1e-3)


def test_a_damaged_network_is_named(tmp_path, monkeypatch):
    damaged = tmp_path / "phones.safetensors"
    damaged.write_bytes(b"not weights")
    monkeypatch.setattr(acoustic, "_FILE", damaged)
    phone_net.cache_clear()
    try:
        with pytest.raises(BadWeights, match=r"phones\.safetensors"):
            phone_net()
    finally:
        phone_net.cache_clear()
