"""The text inside a subtitle's packets, and from one format of subtitles to another."""

from __future__ import annotations

import re

TEXT_CODECS = ("subrip", "srt", "text", "webvtt", "mov_text", "ass", "ssa")
"""Subtitles whose packets hold text."""

_HELD = {
    "mp4": ("mov_text",),
    "mov": ("mov_text",),
    "matroska": ("subrip", "ass", "webvtt"),
    "webm": ("webvtt",),
}
_MARKUP = re.compile(r"<[^>]*>|\{\\[^}]*\}")
_ASS_FIELDS = 8


def held_codec(codec: str, container: str) -> str:
    """Choose how a container holds text subtitles.

    Returns the same codec where it can, else the one that the container has for text.
    """
    held = _HELD[container]
    codec = {"srt": "subrip", "text": "subrip", "ssa": "ass"}.get(codec, codec)
    return codec if codec in held else held[0]


def cue_text(codec: str, payload: bytes) -> str:
    """Read the text of a packet.

    ``codec``: FFmpeg's name, one of ``TEXT_CODECS``.
    """
    if codec == "mov_text":
        payload = payload[2 : 2 + int.from_bytes(payload[:2], "big")]
    text = payload.decode("utf-8", "replace")
    if codec in ("ass", "ssa"):
        text = text.split(",", _ASS_FIELDS)[-1]
    return text


def with_text(codec: str, payload: bytes, text: str, new_codec: str) -> bytes:
    """Write a packet that shows another text.

    Returns the new packet; the old one where nothing changed. Styles of ``mov_text`` stay with
    unchanged texts alone; between formats no more of the markup is kept than both have.
    """
    if codec == new_codec and text == cue_text(codec, payload):
        return payload
    if codec in ("ass", "ssa") and new_codec in ("ass", "ssa"):
        fields = payload.decode("utf-8", "replace").split(",", _ASS_FIELDS)
        return ",".join([*fields[:-1], text]).encode()
    if codec in ("ass", "ssa"):
        text = re.sub(r"\\[Nn]", "\n", text).replace(r"\h", " ")
    if new_codec == "mov_text" or codec in ("ass", "ssa"):
        text = _MARKUP.sub("", text)
    data = text.encode()
    if new_codec == "mov_text":
        data = data[:0xFFFF]
        return len(data).to_bytes(2, "big") + data
    return data
