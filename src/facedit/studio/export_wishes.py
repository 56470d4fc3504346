"""Reads what an export shall hold, as a page sends it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from facedit.interchange.export_options import ExportOptions, PatchCodec, SpanCodec
from facedit.studio.refused import Refused

Verb = Literal["sync", "generate"]
"""What is done with speech for all of a clip."""

WHAT = ("video", "package")
"""What can be exported."""


def package_options(wishes: Mapping[str, Any], subtitles: Path | None) -> ExportOptions:
    """Choose what a package holds; the video is exported by itself.

    Args:
        wishes: ``spans`` and ``patch``, how they are encoded; the usual way if left out.
        subtitles: The clip's own subtitles, if it has some.

    Returns:
        The options. (``Refused`` if something cannot be encoded so.)
    """
    usual = ExportOptions()
    return ExportOptions(
        spans=_one_of("spans", get_args(SpanCodec), wishes.get("spans") or usual.spans),
        patch=_one_of("patch", get_args(PatchCodec), wishes.get("patch") or usual.patch),
        subtitles=subtitles,
    )


def _one_of(name: str, known: tuple[Any, ...], wish: object) -> Any:
    if wish not in known:
        raise Refused(422, f"{name}: expected one of {', '.join(known)}.")
    return wish
