"""Legends as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from facedit.report.drawing import escape
from facedit.report.page_kit import data_uri

__all__ = ["data_uri", "legend"]


def legend(entries: Sequence[tuple[str, str]], note: str = "") -> str:
    """Explain colours, as written in CSS."""
    shown = "".join(
        f"<span><i style='background:{colour}'></i>{escape(text)}</span>"
        for colour, text in entries
    )
    return f"<div class='legend'>{shown}<span>{escape(note)}</span></div>"
