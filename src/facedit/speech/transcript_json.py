"""Words from JSON: our own format and what whisperX, faster-whisper and Whisper's API write."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from facedit.editing.words import tokenise
from facedit.errors import BadTranscript
from facedit.inputs import parse_json as parse_document
from facedit.speech.word_times import GUESSED, spread
from facedit.types import Word

FORMAT = "facedit-transcript"
VERSION = 1

_START = ("start_s", "start")
_END = ("end_s", "end")
_TEXT = ("text", "word", "label")
_SCORE = ("score", "probability", "confidence")


def parse_json(text: str, name: str) -> tuple[list[Word], str]:
    """Parse a JSON transcript.

    Understood are an object with ``words`` or ``word_segments`` or ``segments`` (with or without
    ``words`` inside), or a bare list of words or segments.

    Args:
        text: The document.
        name: The file's name, for messages.

    Returns:
        The words and the language (``en`` if the document does not say).

    Raises:
        BadTranscript: If it is no JSON (with the line) or no transcript (with the place in it).
    """
    document = parse_document(text, name, BadTranscript)
    language = "en"
    items: Any = document
    place = "the list"
    if isinstance(document, dict):
        if document.get("format", FORMAT) != FORMAT or document.get("version", 1) != VERSION:
            raise BadTranscript(
                f"{name}: format {document.get('format')!r}, version {document.get('version')!r}; "
                f"expected {FORMAT!r}, version {VERSION}."
            )
        given = document.get("language")
        language = given if isinstance(given, str) and given else "en"
        lists = [key for key in ("words", "word_segments", "segments") if key in document]
        place = next((key for key in lists if document[key]), lists[0] if lists else "")
        items = document.get(place)
    if not isinstance(items, list):
        raise BadTranscript(f"{name}: has neither “words” nor “segments”.")
    words: list[Word] = []
    for index, item in enumerate(items):
        words += _item(item, f"{name}, {place}[{index}]")
    return _timed(words, name), language


def _item(item: Any, place: str, *, holds_words: bool = True) -> list[Word]:
    """Parse a word, or a segment with or without words inside."""
    if not isinstance(item, dict):
        raise BadTranscript(f"{place}: expected an object, got {type(item).__name__}.")
    inner = item.get("words") if holds_words else None
    start, end = _number(item, _START, place), _number(item, _END, place)
    words = [
        word
        for index, each in enumerate(inner if isinstance(inner, list) else ())
        for word in _item(each, f"{place}.words[{index}]", holds_words=False)
    ]
    if words:
        # whisperX leaves numbers without times; the segment's own bound those at its ends.
        if math.isnan(words[0].start_s):
            words[0] = replace(words[0], start_s=start)
        if math.isnan(words[-1].end_s):
            words[-1] = replace(words[-1], end_s=end)
        return words
    text = next((item[key] for key in _TEXT if isinstance(item.get(key), str)), None)
    if text is None:
        raise BadTranscript(f"{place}: has no text.")
    tokens = tokenise(text)
    if not math.isnan(start + end) and end < start:
        raise BadTranscript(f"{place}: ends at {end} s, before its start {start} s.")
    if len(tokens) > 1 and not ("word" in item or "start_s" in item):
        if math.isnan(start + end):
            raise BadTranscript(f"{place}: has no start and end.")
        return spread(tokens, start, end)
    if not tokens:
        return []
    score = next((_number(item, (key,), place) for key in _SCORE if key in item), 1.0)
    return [Word(text.strip(), start, end, 1.0 if math.isnan(score) else min(1.0, max(0.0, score)))]


def _number(item: dict[str, Any], keys: tuple[str, ...], place: str) -> float:
    """Read a number; NaN where it is missing."""
    value = next((item[key] for key in keys if item.get(key) is not None), math.nan)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadTranscript(f"{place}: {keys[0]} is {value!r}, not a number.")
    return float(value)


def _timed(words: list[Word], name: str) -> list[Word]:
    """Give words without times those between their neighbours."""
    done: list[Word] = []
    index = 0
    while index < len(words):
        if not math.isnan(words[index].start_s + words[index].end_s):
            done.append(words[index])
            index += 1
            continue
        stop = index + 1
        while stop < len(words) and math.isnan(words[stop].start_s):
            stop += 1
        first = words[index].start_s
        begin = first if not math.isnan(first) else done[-1].end_s if done else math.nan
        inner = [word.end_s for word in words[index:stop] if not math.isnan(word.end_s)]
        end = inner[-1] if inner else words[stop].start_s if stop < len(words) else math.nan
        if math.isnan(begin + end):
            raise BadTranscript(f"{name}: word {index + 1} (“{words[index].text}”) has no times.")
        shared = spread([word.text for word in words[index:stop]], begin, max(begin, end))
        done += [replace(word, score=GUESSED) for word in shared]
        index = stop
    return done
