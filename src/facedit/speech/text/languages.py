"""What can be done in which language: the one table; ``docs/voices.md`` shows it.

Which languages Whisper knows it says itself (``recognise`` refuses the others).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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

_READ = replace(OTHERS, speak=True)
LANGUAGES: Mapping[str, Ability] = {
    "en": Ability("Whisper", "phones", True, True, "words said elsewhere, else an imitation"),
    "es": _READ,
    "fr": _READ,
    "it": _READ,
    "pt": _READ,
}
"""By ISO 639-1 code."""


def ability(language: str) -> Ability:
    """Say what can be done in a language."""
    return LANGUAGES.get(language, OTHERS)


def refuse_to_speak(voice: str, language: str, words: str) -> UsageError:
    """Word why a voice of the package does not say words of a language that it does not speak."""
    more = " 'facedit doctor --fetch languages' brings voices of it,"
    return UsageError(
        f"{voice} does not speak “{language}”, and the words “{words[:60]}” are to stand among "
        f"such:{more if ability(language).speak else ''} record them (--speech), let an engine say "
        "them (--voice-command), or take words that the speaker says elsewhere (--voice own); "
        "--language en if it is English."
    )
