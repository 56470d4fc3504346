import pytest

from facedit.speech.pronounce import phones_of, syllables
from facedit.speech.sphinx import plain


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("cheese", "CH IY Z"),
        ("vision", "V IH ZH AH N"),
        ("thing", "TH IH NG"),
        ("boy", "B OY"),
        ("cow", "K AW"),
        ("bird", "B ER D"),
        ("judge", "JH AH JH"),
        ("5", "F AY V"),
        ("!", ""),
    ],
)
def test_phones_are_those_of_cmudict(text, phones):
    assert " ".join(phones_of(text)) == phones


@pytest.mark.parametrize(
    ("text", "count"), [("cat", 1), ("yellow", 2), ("tomorrow morning", 5), ("23", 3), ("…", 0)]
)
def test_syllables(text, count):
    assert syllables(text) == count


def test_plain_words():
    assert plain("“Hello,”") == "hello"
    assert plain("don’t!") == "don't"
    assert plain("…") == ""
