"""Words from JSON: our own format and what recognisers write.

Read are whisper, whisper.cpp, whisperX, faster-whisper, stable-ts, OpenAI's API, AssemblyAI,
Deepgram, Google Speech-to-Text, AWS Transcribe, Azure, Speechmatics, ElevenLabs, Vosk, Rev,
Premiere and YouTube's captions. They differ in where the list of words or phrases is, in the names
of its fields, and in the unit of time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from facedit.editing.words import key, tokenise
from facedit.errors import BadTranscript
from facedit.inputs import LONGEST_WORD
from facedit.inputs import parse_json as parse_document
from facedit.speech.text.word_times import between_neighbours
from facedit.types import Transcript, Word

FORMAT = "facedit-transcript"
VERSION = 1

_LISTS = ("words", "segments", "word_segments", "transcription", "items", "channels", "result",
          "results", "monologues")  # fmt: skip
_START = ("start_s", "start", "start_time", "startTime", "startOffset", "from", "ts")
_END = ("end_s", "end", "end_time", "endTime", "endOffset", "to", "end_ts")
_TEXT = ("punctuated_word", "text", "word", "content", "label", "transcript", "value")
_SCORE = ("score", "probability", "confidence", "conf", "p")
_LANGUAGE = ("language", "language_code", "languageCode", "detected_language", "locale")
_AZURE = ("recognizedPhrases", "phrases", "NBest")
_NOT_SPOKEN = ("spacing", "audio_event")
_PUNCTUATION = ("punctuation", "punct")
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?s?")
_LONGEST_WORD_S = 20
"""Words that last longer than this on average are in milliseconds: none lasts less than 20 ms."""


def parse_json(text: str, name: str) -> tuple[list[Word], str]:
    """Parse a JSON transcript.

    Returns words, phrases where it has no words, and the language (``en`` if it does not say).
    Raises BadTranscript if it is no JSON (with the line) or no transcript (with the place in it).
    """
    document = parse_document(text, name, BadTranscript)
    if isinstance(document, dict) and "format" in document:
        form, version = document.pop("format"), document.pop("version", 1)
        if (form, version) != (FORMAT, VERSION):
            raise BadTranscript(
                f"{name}: format {form!r}, version {version!r}; expected {FORMAT!r}, "
                f"version {VERSION}."
            )
        ours = Transcript.from_dict(document, name, BadTranscript)
        return list(ours.words), ours.language
    items, place = _list_of(document, name)
    words = _scaled(between_neighbours(_entries(items, f"{name}, {place}"), name))
    return words, _language(document, items)


def _list_of(document: Any, name: str) -> tuple[list[Any], str]:
    """Find the list of words or phrases, and its place in the document."""
    if isinstance(document, list):
        return document, "the list"
    if isinstance(document, dict) and isinstance(events := document.get("events"), list):
        return _youtube(events), "events"
    for place in _AZURE:
        if isinstance(document, dict) and isinstance(phrases := document.get(place), list):
            return [_azure(one) for one in ([document] if place == "NBest" else phrases)], place
    lists = [
        (holder[place], place)
        for holder in _objects(document, "results")
        for place in _LISTS
        if isinstance(holder.get(place), list)
    ]
    found = next((one for one in lists if one[0]), lists[0] if lists else None)
    if found is None:
        raise BadTranscript(f"{name}: has neither “words” nor “segments”.")
    return found


def _youtube(events: Sequence[Any]) -> list[dict[str, Any]]:
    """Turn YouTube's captions (``json3``) into phrases; a word lasts until the next one begins."""
    phrases = []
    for event in events:
        parts = event.get("segs") if isinstance(event, dict) and "aAppend" not in event else None
        begin = event.get("tStartMs") if isinstance(parts, list) else None
        if not isinstance(begin, int):
            continue
        last = event.get("dDurationMs")
        words = [
            {"text": part.get("utf8"), "start": (begin + after) / 1e3}
            for part in parts or ()
            if isinstance(part, dict) and isinstance(after := part.get("tOffsetMs", 0), int)
        ]
        for word, following in pairwise(words):
            word["end"] = following["start"]
        if words:
            words[-1]["end"] = (begin + max(last if isinstance(last, int) else 0, 0)) / 1e3
            phrases.append({**words[0], "end": words[-1]["end"], "words": words})
    return phrases


def _azure(phrase: Any) -> Any:
    """Turn Azure's phrase (batch, fast or SDK) or word into ours: times as ``start``, ``duration``.

    Its fields are written large in one interface and small in others; times are in milliseconds or
    in ticks of 100 ns. Of several guesses the first is the best.
    """
    if not isinstance(phrase, dict):
        return phrase
    found = {name.lower(): value for name, value in phrase.items()}
    guesses = found.get("nbest")
    if isinstance(guesses, list) and guesses and isinstance(guesses[0], dict):
        found |= {name.lower(): value for name, value in guesses[0].items()}
    item = {"text": found.get("text", found.get("word", found.get("display", "")))}
    for ours, theirs in (("start", "offset"), ("duration", "duration")):
        for name, unit in (("milliseconds", 1e3), ("inticks", 1e7), ("", 1e7)):
            if isinstance(value := found.get(theirs + name), int | float):
                item[ours] = value / unit
                break
    if isinstance(words := found.get("words"), list):
        item["words"] = [_azure(word) for word in words]
    kept = {name: found[name] for name in ("confidence", "locale") if name in found}
    return {**item, **kept}


def _objects(document: Any, *members: str) -> list[dict[str, Any]]:
    """Return a document and some of its members, where they are objects."""
    inner = [document.get(member) for member in members] if isinstance(document, dict) else []
    return [one for one in (document, *inner) if isinstance(one, dict)]


def _language(document: Any, items: list[Any]) -> str:
    """Find the language: ``en`` of ``en-US``."""
    for holder in (*_objects(document, "result", "results"), *_objects(items[0] if items else 0)):
        for member in _LANGUAGE:
            value = holder.get(member)
            if isinstance(value, str) and value:
                code = re.split("[-_]", value)[0].lower()
                return "en" if code == "english" else code
    return "en"


def _entries(items: Sequence[Any], place: str) -> list[Word]:
    """Parse a list of words or phrases; parts of words, and punctuation, go with the one before."""
    words: list[Word] = []
    for index, item in enumerate(items):
        where = f"{place}[{index}]"
        if not isinstance(item, dict):
            raise BadTranscript(f"{where}: expected an object, got {type(item).__name__}.")
        if item.get("type") in _NOT_SPOKEN:
            continue
        found = _entry(item, where)
        if item.get("type") in _PUNCTUATION and words and len(words[-1].text) <= LONGEST_WORD:
            found = [_joined(words.pop(), one) for one in found[:1]]
        words += found
    return words


def _entry(item: dict[str, Any], place: str) -> list[Word]:
    """Parse a word, or a phrase with or without words inside."""
    for inner in (item.get("alternatives"), [item.get("offsets")]):
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            item = {**inner[0], **item}
    start, end = _number(item, _START, place), _number(item, _END, place)
    if math.isnan(end):
        end = start + _number(item, ("duration",), place)
    if end < start:
        raise BadTranscript(f"{place}: ends at {end} s, before its start {start} s.")
    inner = item.get("words", item.get("elements"))
    words = _entries(inner, f"{place}.words") if isinstance(inner, list) else []
    words = words or _from_tokens(item.get("tokens"), place)
    if words:
        # whisperX leaves numbers without times; the segment's own bound those at its ends.
        if math.isnan(words[0].start_s):
            words[0] = replace(words[0], start_s=start)
        if math.isnan(words[-1].end_s):
            words[-1] = replace(words[-1], end_s=end)
        return words
    return _word(item, start, end, place)


def _word(item: dict[str, Any], start_s: float, end_s: float, place: str) -> list[Word]:
    """Parse an entry without words inside; what is only a pause or a noise is none."""
    text = next((item[name] for name in _TEXT if isinstance(item.get(name), str)), None)
    if text is None:
        raise BadTranscript(f"{place}: has no text.")
    score = _number(item, _SCORE, place)
    score = 1.0 if math.isnan(score) else min(1.0, max(0.0, score))
    spoken = tokenise(text) or item.get("type") in _PUNCTUATION
    return [Word(text.strip(), start_s, end_s, score)] if spoken else []


def _from_tokens(tokens: Any, place: str) -> list[Word]:
    """Put whisper.cpp's tokens together; a space in front begins a word."""
    words: list[Word] = []
    for index, token in enumerate(tokens if isinstance(tokens, list) else ()):
        text = token.get("text") if isinstance(token, dict) else None
        if not isinstance(text, str) or text.startswith(("[_", "<|")):
            continue  # whisper's own JSON has numbers here
        part = _entry({**token, "type": "punctuation"}, f"{place}.tokens[{index}]")[0]
        # Text without any space is no word; it is refused for its length later.
        if words and not text.startswith(" ") and len(words[-1].text) <= LONGEST_WORD:
            part = _joined(words.pop(), part)
        words.append(part)
    return words


def _joined(word: Word, part: Word) -> Word:
    """Return a word and what follows without a space."""
    joined = replace(word, text=word.text + part.text)
    if not key(part.text):
        return joined
    return replace(joined, end_s=part.end_s, score=min(word.score, part.score))


def _number(item: dict[str, Any], names: Sequence[str], place: str) -> float:
    """Read a number, also of the form ``1.5s``; NaN where it is missing."""
    value = next((item[name] for name in names if item.get(name) is not None), math.nan)
    if isinstance(value, dict):  # Google's {"seconds": "1", "nanos": 500000000}
        parts = [_number(value, (name,), place) for name in ("seconds", "nanos")]
        return sum(0.0 if math.isnan(p) else p / n for p, n in zip(parts, (1, 1e9), strict=True))
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value.rstrip("s"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadTranscript(f"{place}: {names[0]} is {value!r}, not a number.")
    return value


def _scaled(words: list[Word]) -> list[Word]:
    """Turn milliseconds into seconds."""
    whole = all(isinstance(time, int) for word in words for time in (word.start_s, word.end_s))
    lasting = sum(word.end_s - word.start_s for word in words)
    spoken = sum(len(tokenise(word.text)) for word in words)
    unit = 1000 if whole and lasting >= _LONGEST_WORD_S * spoken else 1
    return [replace(word, start_s=word.start_s / unit, end_s=word.end_s / unit) for word in words]
