import pytest

from facedit.speech.text.pronounce import (
    MOST_PHONEMES,
    _reader,
    phonemes,
    phones_of,
    plain,
    pronunciations,
    syllables,
)


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


def test_no_piece_is_longer_than_a_voice_can_speak():
    pieces = phonemes("seven green bottles hang on the wall and " * 40 + "x" * 300)
    assert len(pieces) > 2
    assert all(0 < len(piece) <= MOST_PHONEMES for piece in pieces)


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("z", {"Z IY", "Z EH D"}),
        ("The", {"DH AH", "DH IY"}),
        ("car,", {"K AA R", "K AA"}),
        ("hold", {"HH OW L D", "HH OW L"}),
        ("walking", {"W AO K IH NG", "W AO K IH N"}),
    ],
)
def test_a_word_is_said_in_several_ways(word, ways):
    assert ways <= {" ".join(way) for way in pronunciations(word)}


def test_what_cannot_be_said_has_no_pronunciation():
    assert pronunciations("…") == ()
    assert pronunciations("5") == (("F", "AY", "V"),)


def test_british_english_is_read_as_hibari_reads_it() -> None:
    """What both varieties have in common is loaded once."""
    from hibari.g2p import G2P

    ours, theirs = _reader(True).g2p, G2P(british=True)
    for text in ("Bath, dance and vase: Dr. Zorblatt's lieutenant, 1984.", "either lever"):
        assert ours(text) == theirs(text) != _reader(False).g2p(text)
