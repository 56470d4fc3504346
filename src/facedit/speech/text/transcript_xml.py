"""Words from XML: broadcasters' captions (TTML, DFXP, EBU-TT) and ELAN's annotations."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from facedit.errors import BadTranscript
from facedit.inputs import parse_xml
from facedit.speech.text.subtitles import parse_vtt
from facedit.speech.text.textgrid import word_tier
from facedit.speech.text.word_times import NO_SPEECH, between_neighbours
from facedit.types import Word

TTML_SIGN = re.compile(r"(?:<\?xml[^<>]*>\s*+)?(?:<!--[^<>]*-->\s*+)*+<(?:\w+:)?tt[\s>]")
"""What the text of broadcasters' captions begins with."""

EAF_SIGN = re.compile(r"(?:<\?xml[^<>]*>\s*+)?<ANNOTATION_DOCUMENT\b")
"""What the text of ELAN's annotations begins with."""

_CLOCK = re.compile(
    r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2}(?:[.,]\d{1,9})?)(?:[:;](\d{1,4})(?:\.\d{1,4})?)?"
)
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t|)")
_LATEST_S = 9999 * 3600.0
_READING = ("text", "textContainer", "delimiter")  # ruby: how what is beside it is pronounced
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def parse_ttml(text: str, name: str) -> tuple[list[Word], str]:
    """Parse captions as W3C's TTML, of which DFXP and EBU-TT are kinds.

    Returns as ``parse_vtt``: a phrase of each paragraph, or words where spans in it have times.
    Raises BadTranscript if it is no such document, a time is malformed, or nothing is shown.
    """
    root = parse_xml(text, name, BadTranscript)
    if _local(root.tag) != "tt":
        raise BadTranscript(f"{name}: no captions in TTML (it begins with <{root.tag[:40]}>).")
    times = _Times(name, *_rates(root))
    cues = [cue for body in _children(root, "body") for cue in _cues(body, (0, math.inf), times)]
    if not cues:
        raise BadTranscript(f"{name}: has no paragraph <p> with text.")
    # With WebVTT's reader: what is said of sounds, speakers and captions that roll is the same.
    words, _ = parse_vtt("\n".join(["WEBVTT\n", *cues]), name)
    return words, re.split("[-_]", root.get(_LANGUAGE) or "en")[0].lower()


def parse_eaf(text: str, name: str) -> tuple[list[Word], str]:
    """Parse ELAN's annotations.

    Returns the annotations of the tier called ``words`` or alike (else of the only one with times),
    and the language (``en``). Raises BadTranscript if it is no such document, an annotation's times
    are missing or in another unit, or no tier is the one.
    """
    root = parse_xml(text, name, BadTranscript)
    units = [header.get("TIME_UNITS", "milliseconds") for header in _children(root, "HEADER")]
    if root.tag != "ANNOTATION_DOCUMENT" or units[:1] not in ([], ["milliseconds"]):
        raise BadTranscript(f"{name}: no annotations of ELAN's with times in milliseconds.")
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in root.iter("TIME_SLOT")}
    tiers: dict[str, list[Word]] = {}
    for tier in _children(root, "TIER"):
        words = [
            Word(label, *(_slot(slots, one.get(f"TIME_SLOT_REF{end}"), name) for end in (1, 2)))
            for one in tier.iter("ALIGNABLE_ANNOTATION")
            if not NO_SPEECH.fullmatch(label := (one.findtext("ANNOTATION_VALUE") or "").strip())
        ]
        for word in words:
            if word.end_s < word.start_s:
                raise BadTranscript(f"{name}: “{word.text[:30]}” ends before its start.")
        if words:
            tiers.setdefault(tier.get("TIER_ID", "").strip().lower(), words)
    return between_neighbours(word_tier(tiers, name), name), "en"


def _slot(slots: dict[str | None, str | None], slot: str | None, name: str) -> float:
    """Return a time of ELAN's in seconds; NaN if it lies anywhere between its neighbours."""
    if slot not in slots:
        raise BadTranscript(f"{name}: no TIME_SLOT is called {str(slot)[:30]!r}.")
    value = slots[slot]
    if value is None:
        return math.nan
    if not re.fullmatch(r"\d{1,12}", value):
        raise BadTranscript(f"{name}: the time {value[:30]!r} is no number of milliseconds.")
    return int(value) / 1e3


@dataclass(frozen=True, slots=True)
class _Times:
    """Reads the times of captions: a clock's, or numbers with a unit."""

    name: str
    frame_rate: float
    tick_rate: float

    def read(self, element: Element, attribute: str) -> float | None:
        """Return the seconds that an attribute says; None if it is not there."""
        text = (element.get(attribute) or "").strip()
        if not text:
            return None
        if clock := _CLOCK.fullmatch(text):
            hours, minutes, seconds, frames = clock.groups()
            whole = 3600 * int(hours or 0) + 60 * int(minutes)
            return whole + float(seconds.replace(",", ".")) + int(frames or 0) / self.frame_rate
        if offset := _OFFSET.fullmatch(text):
            units = {"h": 3600, "m": 60, "ms": 1e-3, "f": 1 / self.frame_rate,
                     "t": 1 / self.tick_rate}  # fmt: skip
            return float(offset[1]) * units.get(offset[2], 1)
        raise BadTranscript(f"{self.name}: {attribute}=“{text[:30]}” is no time.")

    def of(self, element: Element, within: tuple[float, float]) -> tuple[float, float]:
        """Return when an element is shown; times are counted from where the outer one begins."""
        begin, end, length = (self.read(element, name) for name in ("begin", "end", "dur"))
        start = within[0] + (begin or 0)
        stops = [within[0] + end] if end is not None else []
        stops += [start + length] if length is not None else []
        return start, max(start, min(stops, default=within[1]))


def _rates(root: Element) -> tuple[float, float]:
    """Return the pictures and the ticks in a second."""
    said = {_local(name): value for name, value in root.attrib.items()}
    rates = [_number(said.get(name, "")) for name in ("frameRate", "tickRate")]
    above, _, below = said.get("frameRateMultiplier", "1 1").replace(":", " ").partition(" ")
    frames = (rates[0] or 30) * (_number(above) or 1) / (_number(below) or 1)
    return frames, rates[1] or (frames if rates[0] else 1)


def _number(text: str) -> float:
    """Return a positive number; 0 if it is none."""
    return float(text) if re.fullmatch(r"\d{1,9}", text.strip()) else 0.0


def _cues(element: Element, within: tuple[float, float], times: _Times) -> Iterator[str]:
    """Give the paragraphs as cues of WebVTT's."""
    shown = times.of(element, within)
    if _local(element.tag) in ("body", "div"):
        for child in element:
            yield from _cues(child, shown, times)
    elif _local(element.tag) == "p":
        begins = [times.read(one, "begin") or 0 for one in element.iter() if one is not element]
        # Some programs count the words' times from the start of the clip.
        from_start = any(shown[0] + begin >= shown[1] for begin in begins)
        text = "".join(_text(element, (0 if from_start else shown[0], shown[1]), times))
        lines = [" ".join(line.split()) for line in text.split("\n")]
        if body := "\n".join(filter(None, lines)):
            yield f"{_stamp(shown[0])} --> {_stamp(shown[1])}\n{body}\n"


def _text(element: Element, within: tuple[float, float], times: _Times) -> Iterator[str]:
    """Give the text of a paragraph, with marks where a part of it has a time of its own."""
    yield _escaped(element.text)
    for child in element:
        kind = _local(child.tag)
        ruby = any(
            _local(name) == "ruby" and said in _READING for name, said in child.attrib.items()
        )
        if kind == "br":
            yield "\n"
        elif kind == "span" and not ruby:
            shown = times.of(child, within)
            if times.read(child, "begin") is not None:
                yield f"<{_stamp(shown[0])}>"
            yield from _text(child, shown, times)
        yield _escaped(child.tail)


def _escaped(text: str | None) -> str:
    return html.escape(re.sub(r"\s+", " ", text or ""), quote=False)


def _stamp(seconds: float) -> str:
    """Write a time as WebVTT does."""
    whole = round(1000 * min(seconds, _LATEST_S))
    return f"{whole // 3_600_000:02d}:{whole // 60_000 % 60:02d}:{whole // 1000 % 60:02d}." + (
        f"{whole % 1000:03d}"
    )


def _children(element: Element, tag: str) -> list[Element]:
    return [child for child in element if _local(child.tag) == tag]


def _local(tag: str) -> str:
    """Return a name without its namespace."""
    return tag.rpartition("}")[2]
