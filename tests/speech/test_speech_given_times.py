"""Times that came with a transcript are trusted only where the sound agrees."""

from dataclasses import replace

import pytest

from facedit.errors import BadTranscript
from facedit.speech.recognition.align import PHONE_ALIGNMENT
from facedit.speech.recognition.given_times import checked_times
from facedit.types import Transcript, Word

FOUND = Transcript(
    tuple(Word(f"w{k}", 0.4 * k + 0.2, 0.4 * k + 0.5, 0.9) for k in range(6)),
    3.0,
    "en",
    PHONE_ALIGNMENT,
)


def given(shifts_s, found=FOUND):
    words = [
        replace(word, start_s=word.start_s + late_s, end_s=word.end_s + late_s, score=1.0)
        for word, late_s in zip(found.words, shifts_s, strict=True)
    ]
    return replace(found, words=tuple(words), origin="a.srt")


def scored(**scores):
    words = [replace(word, score=scores.get(word.text, word.score)) for word in FOUND.words]
    return replace(FOUND, words=tuple(words))


def test_times_that_fit_are_kept_as_they_are():
    right = given([0.03, -0.05, 0.15, 0.0, -0.15, 0.02])
    assert checked_times(right, FOUND) == right


@pytest.mark.parametrize(("late_s", "says"), [(0.5, "0.50 s late"), (-0.15, "0.15 s early")])
def test_a_shifted_transcript_is_measured_anew(late_s, says):
    checked = checked_times(given([late_s] * 6), FOUND)
    assert checked.words == FOUND.words
    assert checked.origin == "a.srt, times by phone alignment"
    assert says in checked.notes[0]
    assert checked.notes[0].startswith("a.srt: ")


def test_a_wrong_word_is_named():
    checked = checked_times(given([0, 0, 0, 0.3, 0, 0]), FOUND)
    assert checked.notes == (
        "a.srt: the times of “w3” at 1.70 s do not fit the sound; all were measured anew.",
    )
    assert Transcript.from_dict(checked.to_dict(), "a", BadTranscript) == checked
    assert checked.words == FOUND.words


def test_where_the_alignment_is_unsure_the_word_is_marked():
    found = scored(w3=0.2)
    checked = checked_times(given([0, 0, 0, 0.3, 0, 0]), found)
    assert [word.score for word in checked.words] == [1, 1, 1, 0.2, 1, 1]
    assert checked.words[3].start_s == pytest.approx(1.7)
    # An unsure word at the same place was measured by whoever gave it.
    assert checked_times(given([0] * 6), found).words == given([0] * 6).words


def test_two_sure_words_are_no_shift_and_none_is_nothing():
    found = scored(w0=0.1, w1=0.1, w2=0.1, w3=0.1)
    late = given([0.15] * 6)
    assert checked_times(late, found).words == late.words
    lost = scored(**{f"w{k}": 0.1 for k in range(6)})
    assert {word.score for word in checked_times(given([0.4] * 6), lost).words} == {0.1}


def test_coarser_alignments_are_believed_less():
    found = replace(FOUND, origin="whisper-base attention")
    late = given([0.2] * 6)
    assert checked_times(late, found).words == late.words
    assert checked_times(given([0.5] * 6), found).words == found.words
