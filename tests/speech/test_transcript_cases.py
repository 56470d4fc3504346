"""The small transcripts in ../shared/cases: each stands for a kind that people really bring."""

import pytest

from facedit.compose.words.source_words import given_transcript, word_edits
from facedit.editing.words import key
from facedit.errors import BadTranscript
from facedit.media.held_sound import HeldSound
from facedit.media.probe import probe
from facedit.options import EditRequest
from facedit.speech.text.transcript_io import load_transcript

pytestmark = pytest.mark.shared

SPOKEN = ["bin", "blue", "at", "s", "three", "again"]


@pytest.fixture(scope="module")
def cases(shared_data):
    folder = shared_data.parent / "cases"
    if not (folder / "base.mp4").is_file():
        pytest.skip("the small inputs (../shared/cases) are not beside this checkout")
    return folder


def given(cases, name):
    clip = cases / "base.mp4"
    return given_transcript(cases / name, HeldSound(clip, probe(clip)))


@pytest.mark.parametrize(
    "name",
    [
        "tr-karaoke-font-srt/karaoke_font.srt",
        "tr-youtube-vtt/youtube.vtt",
        "tr-overl-srt/overl.srt",
        "tr-unsorted-srt/unsorted.srt",
        "tr-dup-srt/dup.srt",
        "tr-nonum-noblank-srt/nonum_noblank.srt",
        "tr-sounds-srt/sounds.srt",
        "tr-samestart-json/samestart.json",
        "tr-sentence-TextGrid/sentence.TextGrid",
        "tr-sil-labels-TextGrid/sil_labels.TextGrid",
        "tr-lastlong-srt/lastlong.srt",
        "tr-utf16-txt/utf16.txt",
        "shifted-plus500/shift_p500.align",
    ],
)
def test_the_six_words_lie_where_they_are_heard(cases, name):
    found = given(cases, name)
    assert [key(word.text) for word in found.words] == SPOKEN
    starts_s = [word.start_s for word in found.words]
    assert starts_s == pytest.approx([0.98, 1.20, 1.42, 1.47, 1.64, 1.90], abs=0.05)
    (edit,) = word_edits(found, EditRequest(say="Bin green 😀 at s 3 again ♪"))
    assert (edit.old_start, edit.old_end, edit.text) == (1, 2, "green")


def test_a_shifted_transcript_is_told_of(cases):
    assert given(cases, "base.align").notes == ()
    (note,) = given(cases, "shifted-plus500/shift_p500.align").notes
    assert "s late" in note


@pytest.mark.parametrize("text", ["bin blue at s three again", "Bin blue – at s 3, again! 🎵"])
def test_another_spelling_changes_nothing(cases, text):
    assert word_edits(given(cases, "spelling/digits.json"), EditRequest(say=text)) == ()


def test_a_transcript_of_a_part_is_taken(cases):
    """Its first word begins before the sound, and more is said than the three that are written."""
    found = given(cases, "tr-neg-json/neg.json")
    assert [key(word.text) for word in found.words] == SPOKEN[:3]
    assert [word.start_s for word in found.words] == pytest.approx([0.98, 1.20, 1.42], abs=0.05)
    assert any("“bin”" in note for note in found.notes)


def test_a_number_without_times_gets_those_that_are_left(cases):
    found = load_transcript(cases / "tr-wx-endnum-json/wx_endnum.json", 2.98)
    assert [word.text for word in found.words] == [*SPOKEN[:5], "2"]
    assert found.words[-1].end_s == pytest.approx(2.26)


def test_entities_are_letters(cases):
    found = load_transcript(cases / "tr-entity-vtt/entity.vtt", 2.98)
    assert {"it's", "’", '"ok"'} <= set(found.text.split())
    assert "&" not in found.text


def test_latin_letters_are_refused_with_what_to_do(cases):
    with pytest.raises(BadTranscript, match="cp1252"):
        given(cases, "tr-latin1-srt/latin1.srt")
