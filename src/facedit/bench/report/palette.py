"""A colour for each system, the same in every picture of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facedit.bench.report.compare import TRUTH

REFERENCE_COLOUR, TRUTH_COLOUR, REST_COLOUR = "#2f6fdb", "#1c2733", "#9aa7b4"

_OTHERS = (
    "#d1662b", "#16876a", "#9a4fb8", "#b8860b", "#c23b5e", "#2a97b5", "#6b7f1f", "#8a5a3c",
    "#e38bb4", "#4b5aa8", "#7cb342", "#5f6b76",
)  # fmt: skip
"""Neighbours differ in hue and in lightness; order is not rank."""

MOST_LINES = 2 + len(_OTHERS)
"""Most systems in a picture of lines: the truth, the reference and as many others as colours."""


def colours(systems: Sequence[str], reference: str) -> Mapping[str, str]:
    """Give each system a colour.

    Args:
        systems: Systems in the order they are shown.
        reference: The system that the others are compared with.

    Returns:
        Colours as written in CSS; grey for those that come after all colours are given away.
    """
    fixed = {TRUTH: TRUTH_COLOUR, reference: REFERENCE_COLOUR}
    others = [system for system in systems if system not in fixed]
    free = dict(zip(others, _OTHERS, strict=False))
    return {system: fixed.get(system) or free.get(system, REST_COLOUR) for system in systems}
