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
        sex: ``man`` or ``woman``: new words are never silently of the other sex. None of an engine,
            which sounds like whom it is shown.
        accent: Such as ``British``.
        embedding: What ``speaker.embed`` gives of it, a unit vector, shape (256,). ``auto`` chooses
            among our own voices and those that say this.
    """

    sex: Sex | None
    accent: str = ""
    embedding: Float32 | None = None

    def __str__(self) -> str:
        """Return such as ``British man``."""
        return f"{self.accent} {self.sex or 'whoever speaks'}".strip()


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


@runtime_checkable
class Paced(Protocol):
    """A voice that knows how long it will speak before it does, and so finds its pace at once."""

    def sounding_s(self, text: str, speed: float) -> float:
        """Tell how many seconds the sounds of a text will take, without the pauses between."""


@runtime_checkable
class InPart(Protocol):
    """A voice that says some words of an English text as in the whole, in a part of the time."""

    def speak_part(self, text: str, speed: float, part: range) -> Sound:
        """Speak the words of a text, by their numbers, that are in a range; mono sound."""


@runtime_checkable
class Foreign(Protocol):
    """A voice that says what it speaks; others speak English."""

    @property
    def language(self) -> str:
        """An ISO 639-1 code."""


def language_of(voice: object) -> str:
    """Say which language a voice speaks, by its ISO 639-1 code."""
    return voice.language if isinstance(voice, Foreign) else "en"


@dataclass(frozen=True, slots=True)
class Passage:
    """Words to be said in a speaker's voice, and what an engine is shown of both.

    Attributes:
        text: What to say: the new words, and around them those that stay.
        language: Code of the language, such as ``en``.
        reference: Some seconds of the speaker, mono: whole words.
        reference_text: What is said in it.
        clip: What the speaker said where the text is to stand, mono; None where nothing was said.
        clip_text: What is said in the clip.
        span_s: Begin and end of what the new words replace in the clip, for engines that edit it.
    """

    text: str
    language: str
    reference: Sound
    reference_text: str
    clip: Sound | None = None
    clip_text: str = ""
    span_s: tuple[float, float] = (0.0, 0.0)


@runtime_checkable
class Engine(Protocol):
    """Something that speaks in the voice of whom it is shown, or edits what they said."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of what it speaks; empty if it refuses what it cannot speak itself."""

    def say(self, passage: Passage) -> Sound:
        """Say a passage.

        Args:
            passage: What to say, and in whose voice.

        Returns:
            Mono sound at any rate: the new words alone, or the whole text.
        """
