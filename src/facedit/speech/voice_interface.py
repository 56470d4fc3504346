"""What a voice is: something that speaks a text, and says who it sounds like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from facedit.types import Float32, Sound, Word

Sex = Literal["man", "woman"]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who a voice sounds like.

    Attributes:
        sex: ``man`` or ``woman``: new words are never silently of the other sex.
        accent: Such as ``British``.
        embedding: What ``speaker.embed`` gives of it, a unit vector, shape (256,). ``auto`` chooses
            among our own voices and those that say this.
    """

    sex: Sex
    accent: str = ""
    embedding: Float32 | None = None

    def __str__(self) -> str:
        """Return such as ``British man``."""
        return f"{self.accent} {self.sex}".strip()


@dataclass(frozen=True, slots=True)
class Spoken(Sound):
    """A sound from a voice that knows when it says what.

    Attributes:
        words: The words, one per token of the text. Of other sounds they are found by alignment.
    """

    words: tuple[Word, ...] = ()


@runtime_checkable
class Voice(Protocol):
    """Something that can speak."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def speaker(self) -> Speaker:
        """Who it sounds like."""

    def speak(self, text: str, speed: float) -> Sound:
        """Speak a text.

        Args:
            text: What to say.
            speed: 1 is the voice's own pace, 2 twice as fast.

        Returns:
            Mono sound; ``Spoken`` if the times of the words are known.
        """
