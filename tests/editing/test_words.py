import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.words import key, tokenise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello,", "hello"),
        ("don’t", "DON'T"),
        ("‘tis", "tis"),
        ("well-known", "wellknown"),
        ("“Quoted”", "quoted"),
        ("Straße", "STRASSE"),
        ("café", unicodedata.normalize("NFD", "café")),
        ("مرحبا،", "مرحبا"),
        ("العـــربية", "العربية"),  # stretched by tatweel
        ("\ufefcى", unicodedata.normalize("NFKC", "\ufefc") + "ى"),  # presentation form
        ("word\u200b", "word"),
        ("1️⃣", "1"),
        ("র\u200d\u09cdয", "র\u09cdয"),
        ("great👍🏽", "great"),
        ("US $", "US"),
    ],
)
def test_same_word(one, other):
    assert key(one) == key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("we're", "were"),
        ("café", "cafe"),
        ("3.5", "35"),
        ("50%", "50"),
        ("C++", "C"),
        ("$5", "5"),
        ("مرحبا", "مرحبة"),
        ("كَتَبَ", "كُتُب"),  # vowel signs tell words apart
        ("naïve", "naive"),
    ],
)
def test_different_words(one, other):
    assert key(one) != key(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Set blue, at f two now!", ("Set", "blue,", "at", "f", "two", "now!")),
        ("yes — no", ("yes —", "no")),
        ("— yes", ("yes",)),
        ("well—actually", ("well—", "actually")),
        ("wait...what", ("wait...", "what")),
        ("bin green 😀 at s ♪", ("bin", "green", "at", "s")),
        ("I ❤️ you👍🏽!", ("I", "you !")),
        ("salt & pepper + 5 % $5", ("salt", "&", "pepper", "+", "5", "%", "$5")),
        (">> so: 1️⃣ °", ("so:", "1️⃣", "°")),
        ("well-known 3.5 don’t", ("well-known", "3.5", "don’t")),
        ("  \n\t ", ()),
        ("… — !", ()),
        ("هذا، نص", ("هذا،", "نص")),
    ],
)
def test_tokenise(text, words):
    assert tokenise(text) == words


@given(st.text(max_size=40))
def test_words_joined_are_the_same_words_again(text):
    words = tokenise(text)
    assert tokenise(" ".join(words)) == words


@given(st.text(max_size=40))
def test_every_token_is_spoken_and_nothing_spoken_is_lost(text):
    words = tokenise(text)
    assert all(key(word) for word in words)
    # Unicode calls these letters: an apostrophe, and what stretches Arabic words.
    text = text.replace("ʼ", "'").replace("\u0640", "")
    letters = [c for c in unicodedata.normalize("NFKC", text) if c.isalnum()]
    kept = [
        c for c in unicodedata.normalize("NFKC", "".join(words).replace("ʼ", "'")) if c.isalnum()
    ]
    assert kept == letters
