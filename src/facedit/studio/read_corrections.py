"""Reads corrections of what was heard as a page sends them."""

from __future__ import annotations

import math
from typing import Any

from facedit.editing.corrections import Correction
from facedit.errors import BadEdit
from facedit.inputs import check_text
from facedit.studio.refused import Refused

_NAMES = {"index", "text", "start_s", "end_s"}


def read_corrections(value: object) -> tuple[Correction, ...]:
    """Read a list of corrections.

    Args:
        value: A list of ``index`` and what is wrong: ``text``, ``start_s``, ``end_s``.

    Returns:
        The corrections. (``BadEdit`` if a text is endless.)

    Raises:
        Refused: If they are malformed, or none.
    """
    if not isinstance(value, list) or not value:
        raise Refused(422, "words: expected a list of corrections.")
    return tuple(_correction(item) for item in value)


def _correction(item: Any) -> Correction:
    if not isinstance(item, dict) or set(item) - _NAMES:
        raise Refused(422, f"words: expected objects of {', '.join(sorted(_NAMES))}.")
    index, text = item.get("index"), item.get("text")
    if not isinstance(index, int) or isinstance(index, bool):
        raise Refused(422, "words: index: expected the number of a word.")
    if text is not None:
        if not isinstance(text, str):
            raise Refused(422, "words: text: expected a text.")
        check_text(text, "a corrected word", BadEdit)
    return Correction(index, text, _time(item, "start_s"), _time(item, "end_s"))


def _time(item: dict[str, Any], name: str) -> float | None:
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(422, f"words: {name}: expected seconds.")
    return float(value)
