"""What a system is given: motion with a hole, the sound, and the clip's own motion elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from facedit.speech.encoders import Encoder
from facedit.types import Bool, Float32

Heard = Literal["own", "other"]


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
