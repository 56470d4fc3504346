"""What a system is: it completes a task, and says how its pictures are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from facedit.bench.infill_task import InfillTask
from facedit.motion.space import DEFAULT_SPACE
from facedit.types import Float32

Pictures = Literal["rendered", "frozen", "clip", "given", "none"]
"""``rendered``: the motion is rendered as our editor does it; ``frozen``: the last kept picture
stands over the span; ``clip``: the clip itself (ground truth); ``given``: videos made elsewhere;
``none``: only the motion is looked at, as it was drawn."""

Draw = Callable[[InfillTask, int], Float32]
"""Completes a task: so many takes of its motion, shape (takes, T, D)."""


@dataclass(frozen=True, slots=True)
class System:
    """One column of the tables.

    Attributes:
        about: What it is, in one line.
        pictures: How its pictures are made.
        tracks: Tracks it has an answer to.
        draw: Completes a task; None where no motion is drawn.
        videos: Folder of videos, where ``pictures`` is ``given``.
        origin: What its result depends on beside the code, e.g. the hash of its weights.
        space: Name of the motion space that it draws in, and is rendered in.
    """

    name: str
    about: str
    pictures: Pictures
    tracks: tuple[str, ...]
    draw: Draw | None = None
    chance: bool = False
    videos: str = ""
    origin: str = ""
    space: str = DEFAULT_SPACE
