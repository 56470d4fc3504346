import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.diff import WordEdit, changes
from facedit.editing.spelling import keys, pieces, same, spoken
from facedit.editing.words import key, tokenise

NUMBERS = st.integers(0, 10**12 - 1)


def said(text, language="en"):
    return [unit for units in spoken(tokenise(text), language) for unit in units]


def spelled(number):
    """Spell a number as people do, with hyphens: the other way round than under test."""
    return " ".join(said(str(number)))


def value(words):
    """Read a number that is spelled out."""
    small = {spelled(number): number for number in range(20)}
    tens = {spelled(number): number for number in range(20, 100, 10)}
    scales = {"thousand": 1000, "million": 10**6, "billion": 10**9}
    total = part = 0
    for word in words:
        if word in scales:
            total, part = total + part * scales[word], 0
        elif word == "hundred":
            part *= 100
        else:
            part += (small | tens)[word]
    return total + part


@given(NUMBERS)
def test_a_number_has_one_key_in_every_spelling(number):
    spellings = [str(number), f"{number:,}", spelled(number), spelled(number).upper() + ","]
    assert {"".join(keys(tokenise(text))) for text in spellings} == {
        spelled(number).replace(" ", "")
    }
    assert all(changes(tokenise(one), tokenise(spellings[0])) == () for one in spellings)


@given(NUMBERS)
def test_no_two_numbers_share_a_key(number):
    """What is spelled out can be read back."""
    assert value(said(str(number))) == number


@given(st.text(max_size=20), st.sampled_from(["en", "de", "ja"]))
def test_other_forms_of_a_text_are_no_change(text, language):
    words = tokenise(text)
    for other in (unicodedata.normalize("NFD", text), f"♪ {text} 😀", text.replace("'", "’")):
        assert changes(words, tokenise(other), language) == ()


@given(st.text(max_size=20))
def test_every_word_that_is_spoken_has_a_key(text):
    assert all(keys(tokenise(text)))
    assert all(keys(tokenise(text), "th"))


@given(st.text("abcdefg'", min_size=1, max_size=5), st.text("abcdefg'", min_size=1, max_size=5))
def test_different_words_stay_different(one, other):
    words, others = tokenise(one), tokenise(other)
    assert same(words, others) == (list(map(key, words)) == list(map(key, others)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3", "three"),
        ("twenty-five", "25"),
        ("2,000", "2000"),
        ("2,000", "two thousand"),
        ("two hundred and five", "205"),
        ("two hundred five", "205"),
        ("nineteen eighty-four", "1984"),
        ("one thousand nine hundred eighty-four", "1984"),
        ("3.5", "three point five"),
        ("the 21st", "the twenty-first"),
        ("5 %", "5%"),
        ("5 %", "five percent"),
        ("5%", "five per cent"),
        ("$20", "20 dollars"),
        ("$1", "one dollar"),
        ("$2 million", "two million dollars"),
        ("€5", "5€"),
        ("OK", "Okay"),
        ("O.K.", "okay"),
        ("salt & pepper", "salt and pepper"),
        ("R&D", "R and D"),
        ("café", unicodedata.normalize("NFD", "café")),
        ("don’t", "don't"),
        ("well-known", "well known"),
        ("5–10", "5-10"),
    ],
)
def test_another_spelling_is_no_change(one, other):
    for old, new in ((one, other), (other, one)):
        assert same(tokenise(old), tokenise(new))
        assert changes(tokenise(f"so {old} it"), tokenise(f"So {new} it.")) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3", "four"),
        ("25", "26"),
        ("2,000", "2,001"),
        ("$20", "20"),
        ("$20", "20 euros"),
        ("5%", "5"),
        ("3.5", "35"),
        ("5-10", "510"),
        ("1st", "1"),
        ("two hundred five", "two hundred and five"),
        ("a hundred", "100"),
        ("007", "7"),
        ("now here", "nowhere"),
        ("C++", "C"),
    ],
)
def test_other_words_are_a_change(one, other):
    assert not same(tokenise(one), tokenise(other))


@pytest.mark.parametrize(
    ("one", "other"), [("3", "three"), ("10", "ten"), ("OK", "okay"), ("&", "and")]
)
def test_only_english_is_spelled_out(one, other):
    assert not same([one], [other], "pl")
    assert same(["5", "%"], ["5%"], "pl")


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("I paid $20 today", "I paid 20 dollars tomorrow", [(3, 4, "tomorrow")]),
        ("twenty five men", "twenty six men", [(1, 2, "six")]),
        ("25 men", "twenty six men", [(0, 1, "twenty six")]),
        ("x twenty five y", "x 25 z y", [(3, 3, "z")]),
        ("now in 1984 it", "in nineteen eighty-four it", [(0, 1, "")]),
    ],
)
def test_only_words_that_change_are_edited(old, new, edits):
    expected = tuple(WordEdit(start, end, tuple(text.split())) for start, end, text in edits)
    assert changes(tokenise(old), tokenise(new)) == expected


def test_scripts_without_spaces_may_be_cut_anywhere():
    old = tokenise("今日 は 良い 天気")
    assert changes(old, tokenise("今日は、良い天気。"), "ja") == ()
    assert changes(["今日は"], ["a", "今日"]) == (WordEdit(0, 1, ("a", "今日")),)
    assert changes(["0㐀"], ["0㐀"]) == changes(["$5㐀"], ["$5㐀"]) == ()
    assert changes(old, tokenise("今日は悪い天気"), "ja") == (WordEdit(2, 3, ("悪い",)),)
    assert changes(tokenise("สวัสดี ครับ"), tokenise("สวัสดีครับ"), "th") == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0", "zero"), ("13", "thirteen"), ("19", "nineteen"), ("20", "twenty"),
        ("40", "forty"), ("99", "ninety nine"), ("100", "one hundred"),
        ("1,000,000,000", "one billion"), ("999,999", "nine hundred ninety nine thousand "
        "nine hundred ninety nine"), ("0.05", "zero point zero five"), ("2nd", "second"),
        ("3rd", "third"), ("4th", "fourth"), ("5th", "fifth"), ("8th", "eighth"),
        ("9th", "ninth"), ("11th", "eleventh"), ("12th", "twelfth"), ("20th", "twentieth"),
        ("21st", "twenty first"), ("90th", "ninetieth"), ("100th", "one hundredth"),
        ("£1", "one pound"), ("¥3", "three yen"), ("2₹", "two rupees"), ("1€", "one euro"),
        ("€2.5", "two point five euros"), ("¥1", "one yen"),
        ("€3 billion", "three billion euros"), ("=", "equals"), ("@", "at"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_do(written, read):
    assert " ".join(said(written)) == read


@pytest.mark.parametrize(
    ("year", "read"),
    [
        ("1100", "eleven hundred"), ("1900", "nineteen hundred"), ("1905", "nineteen oh five"),
        ("1910", "nineteen ten"), ("2099", "twenty ninety-nine"),
    ],
)  # fmt: skip
def test_years_are_read_in_halves(year, read):
    assert same([year], tokenise(read))
    assert not same([f"${year}"], tokenise(f"{read} dollars"))
    assert not same([f"{year}.5"], tokenise(f"{read} point five"))


def test_only_numbers_between_1100_and_2100_are_years():
    assert not same(["1099"], tokenise("ten ninety-nine"))
    assert not same(["2101"], tokenise("twenty-one oh one"))


def test_letters_that_stand_by_themselves_are_cut_apart():
    assert pieces("天気") == ["天", "気"]
    assert pieces("a天b") == ["a", "天", "b"]
    assert pieces("天気。") == ["天", "気。"]
    assert pieces("café-1") == ["café-1"]
