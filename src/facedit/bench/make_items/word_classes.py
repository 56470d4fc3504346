"""Words that can stand for one another in a sentence, and phrases that can stand beside one."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SMALL_NUMBERS = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty")
NUMBERS = frozenset([*SMALL_NUMBERS, *TENS, "one", "hundred", "thousand", "million"])
"""Words that make one number with their neighbours of this kind."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Neither "march" nor "may": they are other words as well.
MONTHS = (
    "january", "february", "april", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip

ANYWHERE: tuple[tuple[str, ...], ...] = (SMALL_NUMBERS, TENS, WEEKDAYS, MONTHS)
"""Classes whose words can be exchanged wherever they stand."""

ADJECTIVES: tuple[tuple[str, ...], ...] = (
    ("red", "blue", "green", "yellow", "purple"),
    ("big", "small", "large", "little", "huge"),
    ("long", "short"),
    ("early", "late"),
    ("new", "old"),
    ("hot", "cold", "warm"),
    ("easy", "difficult", "simple"),
    ("north", "south"),
    ("east", "west"),
    ("morning", "evening", "afternoon"),
    ("spring", "summer", "autumn", "winter"),
)
"""Classes whose words are exchanged only behind one of ``BEFORE_ADJECTIVES``."""

BEFORE_ADJECTIVES = _words(
    "a an the very so quite really too this that these those my your his her its our their "
    "every each some any no of in next last"
)

INTENSIFIERS = _words("very really quite actually certainly simply basically truly")
"""Adverbs without which a sentence stays a sentence."""

OPENERS = _words("and so but well now")
"""Words that open a sentence and could be left out."""

STARTERS = _words(
    "i we you he she it they this that these those there i'm i've i'll i'd we're we've we'll we'd "
    "you're you've you'll he's she's it's it'll they're they've they'll that's there's "
    "my your his her its our their the"
)
"""Words with which a clause begins, if one begins there."""

DETERMINERS = _words("my your his her its our their the")
"""Those of them that need more words to make a subject."""

SUBORDINATORS = _words("if when while because since although as after before unless")
"""Words with which a clause begins that needs another one."""

TRAILERS = _words("because since although while where which who when unless as if")
"""Words with which a clause begins that can be left out behind a comma."""

PARENTHESES: tuple[str, ...] = (
    "in fact,", "of course,", "I think,", "as I said before,", "as far as I can see,",
    "from what I can tell,", "if you ask me,", "as far as I can tell from here,",
    "as I was saying to my friends this week,", "if you look at it from this side,",
)  # fmt: skip
"""Phrases of 2 to 8 words that can stand before a clause."""

SENTENCES: tuple[str, ...] = (
    "That is true.", "I think so.", "It really is that simple.", "At least that is my view.",
    "I have said so many times before now.", "Most of you will know that very well.",
)  # fmt: skip
"""Sentences of 3 to 8 words that can follow a statement."""

COMMON = _words(
    "a about after all also an and are as at be because been but by can come could day did do for "
    "from get go had has have he her here him his how i if in into is it its just know like make "
    "me more my new no not now of on one only or other our out over people really say see she so "
    "some than that the their them then there these they think this time to two up us very was we "
    "well were what when where which who will with would year you your i'm it's that's don't "
    "we're"
)
"""Words that make up a good part of any English."""
