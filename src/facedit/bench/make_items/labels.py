"""How items are called and classed: ids, lengths, positions, seeds."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

from facedit.bench.items import Length, Position
from facedit.editing.diff import WordEdit

SHORT_FRAMES, MEDIUM_FRAMES = 10, 25
"""Most hidden motion frames of a short and of a medium span."""

SHORT_WORDS, MEDIUM_WORDS, LONG_WORDS = 3, 6, 10
"""Most words of a short, a medium and a long edit."""

SHORT_NAME: dict[str, str] = {"substitute": "sub", "insert": "ins", "delete": "del"}


def span_length(frames: int) -> Length:
    """Class a span by its hidden motion frames."""
    return "short" if frames <= SHORT_FRAMES else "medium" if frames <= MEDIUM_FRAMES else "long"


def edit_length(edit: WordEdit) -> Length | None:
    """Class an edit by the words said anew, or cut; None for more than ten."""
    words = len(edit.new_words) or edit.old_end - edit.old_start
    if words > LONG_WORDS:
        return None
    return "short" if words <= SHORT_WORDS else "medium" if words <= MEDIUM_WORDS else "long"


def third(share: float) -> Position:
    """Name the third of a stretch that a share of it lies in."""
    return "start" if share < 1 / 3 else "middle" if share <= 2 / 3 else "end"


def edit_position(
    edit: WordEdit, words: int, joint_s: tuple[float, float], duration_s: float
) -> Position:
    """Class an edit by where it is; ``joint_s``: source times between which the old sound goes.

    ``start`` or ``end`` if it touches the first or the last word (``whole`` if both), else the
    third of the clip that its middle lies in.
    """
    first, last = edit.old_start == 0, edit.old_end == words
    if first or last:
        return "whole" if first and last else "start" if first else "end"
    return third((joint_s[0] + joint_s[1]) / 2 / duration_s)


def slug(file: str) -> str:
    """Turn a clip's path into a part of an id: ``lrs3/029.mp4`` is ``lrs3-029``."""
    path = PurePosixPath(file.replace("\\", "/"))
    text = "-".join([*path.parent.parts, path.stem])
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._-")[-60:].lstrip("._-") or "clip"


def item_seed(seed: int, name: str) -> int:
    """Return the seed of an item: its own, whatever else is in the benchmark."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big")


def shuffle_key(seed: int, name: str) -> str:
    """Return a key that sorts names in an order that looks random and never changes."""
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()
