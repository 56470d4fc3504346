"""What a system is: it is given motion with a hole and completes it; how its pictures are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from facedit.bench.items import Track
from facedit.options import DEFAULT_SPACE
from facedit.speech.encoders.encoders import Encoder
from facedit.types import Bool, Float32

Heard = Literal["own", "other"]

TRACKS: tuple[str, ...] = get_args(Track)


@dataclass(frozen=True, slots=True)
class Library:
    """The clip's own motion beside its own speech, outside what is hidden.

    Attributes:
        usable: False where hidden, without a face or beside it, shape (T',).
    """

    motion: Float32
    speech: Float32
    usable: Bool


@dataclass(frozen=True, slots=True)
class InfillTask:
    """The motion that a system is to complete.

    Attributes:
        motion: Kept motion, NaN where hidden, shape (T, D). What ``reconstruct`` shows of face and
            head in hidden frames runs backwards: in an edit they belong to other words.
        mask: True where motion is to be drawn, shape (T, D).
        speech: Features of the sound from the default layer, shape (T, C).
        hear: Gives such features of the ``own`` sound or of an ``other`` clip's, on as many
            frames, by any encoder.
        library: The clip's own motion and speech; None where there is but one picture.
        corpus: Where the clip comes from.
        seed: Seed of take 0.
    """

    motion: Float32
    mask: Bool
    speech: Float32
    hear: Callable[[Heard, Encoder], Float32]
    library: Library | None
    corpus: str
    seed: int


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
