"""What hibari reads with, looked up in the text of its files.

Parsing them makes a million objects (0.6 s, 110 MB), and a sentence asks for a few hundred.
"""

from __future__ import annotations

import bisect
import json
import re

_NESTED = re.compile(rb"\{([^}]*)\}")


class Lexicon:
    """Words with their phonemes, by ``get``; as hibari's files have them, without escapes.

    Args:
        text: A JSON object of strings, and of objects of strings for words of several readings.
    """

    def __init__(self, text: bytes) -> None:
        plain: list[bytes] = []
        self._several: dict[str, dict[str, str | None]] = {}
        # Text, what is in braces, text, and so on; a word of several readings ends each text.
        parts = _NESTED.split(text.strip()[1:-1])
        for before, inside in zip(parts[::2], [*parts[1::2], None], strict=True):
            words = before.strip(b',"').split(b'","')
            if inside is not None:
                *words, last = words
                word = last.removesuffix(b'":')
                self._several[word.decode()] = json.loads(b"{%s}" % inside)
            plain += words
        self._words = sorted(plain)

    def get(self, word: str) -> str | dict[str, str | None] | None:
        """Return how a word is read, by part of speech where that tells; None if it is not here."""
        key = word.encode(errors="surrogatepass") + b'":"'
        at = bisect.bisect_left(self._words, key)
        if at < len(self._words) and self._words[at].startswith(key):
            return self._words[at][len(key) :].decode()
        return self._several.get(word)


class Weights:
    """A tagger's weights by feature, by ``get``.

    Args:
        text: A JSON object of objects of numbers.
    """

    def __init__(self, text: bytes) -> None:
        entries = (entry.split(b'":{', 1) for entry in text.strip()[2:-2].split(b'},"'))
        self._weights = dict(entries)

    def get(self, feature: str) -> dict[str, float] | None:
        """Return a feature's weights by tag; None if it has none."""
        found = self._weights.get(json.dumps(feature, ensure_ascii=False)[1:-1].encode())
        return None if found is None else json.loads(b"{%s}" % found)
