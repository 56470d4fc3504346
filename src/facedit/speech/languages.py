"""What can be done in which language: the one table; ``docs/voices.md`` shows it.

Which languages Whisper knows it says itself (``recognise`` refuses the others).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from facedit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Ability:
    """What can be done in a language.

    Attributes:
        transcribe: What recognises the words.
        align: What finds the times of given words.
        speak: Whether the voices in reach speak it.
        imitate: Whether what they say can be imitated in the speaker's voice.
        own: What of the speaker's own voice can be had.
    """

    transcribe: str
    align: str
    speak: bool
    imitate: bool
    own: str


OTHERS = Ability("Whisper", "Whisper's attention", False, False, "words said elsewhere")
"""Every language that has no line of its own."""

LANGUAGES: Mapping[str, Ability] = {
    "en": Ability("Whisper", "phones", True, True, "words said elsewhere, else an imitation"),
}
"""By ISO 639-1 code."""


def ability(language: str) -> Ability:
    """Say what can be done in a language."""
    return LANGUAGES.get(language, OTHERS)


def refuse_to_speak(voice: str, language: str, words: str) -> UsageError:
    """Word why a voice of the package does not say words of another language than English."""
    return UsageError(
        f"{voice} speaks English and the words “{words[:60]}” are to stand among words in "
        f"“{language}”: record them (--speech), let an engine say them (--voice-command), or take "
        "words that the speaker says elsewhere (--voice own); --language en if it is English."
    )
