"""Which voice speaks new words, and why: never silently one of the other sex.

``auto`` first decides whether the speaker sounds like a man or a woman, then takes the nearest of
those voices. Of 258 speakers (sex told from their pictures; fitted on 189 of the train split,
checked on 69 of dev) the single nearest voice was of the other sex for 26, the greater mean
likeness to all women's or all men's voices for 19, and this, which asks the pitch as well, for 9,
7 of them among the 31 that it calls unclear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from facedit.speech.levels import median_pitch
from facedit.speech.sound import speech_samples
from facedit.speech.voice import DEFAULT_VOICE, Voice, voice_named, voices
from facedit.types import Sound
from facedit.units import SPEECH_RATE
from facedit.weights.fetch import is_installed

Sex = Literal["man", "woman"]

CLEAR = 2.0
"""Log odds from which a speaker clearly sounds like a woman, or below whose negative like a man."""

_PER_LIKENESS = 60.0
_PER_OCTAVE = 5.5
_MIDDLE_HZ = 160.0


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """A voice, and why it speaks.

    Attributes:
        voice: The voice.
        reason: Why it was taken.
        similarity: How near it is to the speaker (at most 1); None where they were not compared.
        warning: What the user should know of it; empty if nothing.
    """

    voice: Voice
    reason: str
    similarity: float | None = None
    warning: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the choice for JSON."""
        return {
            "name": self.voice.name,
            "speaker": described(self.voice.name),
            "reason": self.reason,
            "similarity": self.similarity,
            "warning": self.warning,
        }

    def __str__(self) -> str:
        """Return the choice for people."""
        near = "" if self.similarity is None else f" (similarity {self.similarity:.2f})"
        return f"{self.voice.name} ({described(self.voice.name)}), {self.reason}{near}"


def sex_of(name: str) -> Sex:
    """Tell who speaks: Kokoro's second letter says it, others are women.

    Args:
        name: A voice's name.

    Returns:
        ``man`` or ``woman``.
    """
    return "man" if name[1:3] == "m_" else "woman"


def described(name: str) -> str:
    """Describe a voice.

    Args:
        name: Its name.

    Returns:
        Such as ``British man``.
    """
    return f"{'British' if name[:1] == 'b' and name[2:3] == '_' else 'American'} {sex_of(name)}"


def odds_of_woman(likeness: float, pitch_hz: float | None) -> float:
    """Judge whether a speaker sounds like a woman (or a child) or like a man.

    Args:
        likeness: Mean similarity to the women's voices less that to the men's; 0 if not known.
        pitch_hz: Median pitch; None if not known.

    Returns:
        Log odds: positive for a woman.
    """
    octaves = math.log2(pitch_hz / _MIDDLE_HZ) if pitch_hz else 0.0
    return _PER_LIKENESS * likeness + _PER_OCTAVE * octaves


def choose_voice(name: str, speaker: Sound | None) -> VoiceChoice:
    """Find the voice that is asked for, or the one that suits a speaker.

    Args:
        name: ``auto``, or as in ``voice_named``, whose errors pass through.
        speaker: Whom ``auto`` should sound like; some seconds of speech.

    Returns:
        The voice and why. (AssetMissing if it is known but not installed.)
    """
    if name != "auto":
        return VoiceChoice(voice_named(name), "as asked for")
    available = voices()
    if speaker is None:
        return VoiceChoice(
            voice_named(DEFAULT_VOICE),
            "the default: there is no speaker to compare with",
            warning=f"{DEFAULT_VOICE} is a woman's voice; --voice NAME takes another "
            "('facedit doctor' lists them).",
        )
    near = _similarities(speaker)
    name, odds = suited(near, median_pitch(speech_samples(speaker), SPEECH_RATE), available)
    return VoiceChoice(
        voice_named(name),
        "the nearest to the speaker" if len(available) > 1 else "the only one installed",
        near.get(name),
        _warning(name, odds, len(available)),
    )


def suited(
    near: dict[str, float], pitch_hz: float | None, available: list[str]
) -> tuple[str, float]:
    """Choose among voices: first women's or men's, then the nearest of them.

    Args:
        near: How near every known voice is to the speaker; empty if that cannot be told.
        pitch_hz: The speaker's median pitch; None if not known.
        available: The voices to choose from.

    Returns:
        A voice, of the other sex only where there is no other; and ``odds_of_woman``.
    """
    women, men = ([near[v] for v in near if sex_of(v) == sex] for sex in ("woman", "man"))
    odds = odds_of_woman(float(np.mean(women) - np.mean(men)) if near else 0.0, pitch_hz)
    own = [voice for voice in available if sex_of(voice) == _sounds(odds)]
    return max(own or available, key=lambda voice: near.get(voice, 0.0)), odds


def _similarities(speaker: Sound) -> dict[str, float]:
    """Compare a speaker with every voice; with none if the embedding is not installed."""
    if not is_installed("resemblyzer.pt"):
        return {}
    from facedit.speech.speaker import embed
    from facedit.speech.voice_bank import load_bank

    names, embeddings = load_bank()
    return dict(zip(names, (embeddings @ embed(speaker)).tolist(), strict=True))


def _sounds(odds: float) -> Sex:
    """Name what a speaker rather sounds like."""
    return "woman" if odds >= 0.0 else "man"


def _warning(name: str, odds: float, installed: int) -> str:
    """Say what is amiss with a voice that was chosen for a speaker."""
    own, sounds = sex_of(name), _sounds(odds)
    more = (
        "'facedit doctor --fetch kokoro' brings 28 voices of women and men to choose the nearest "
        "from, and --speech FILE takes a recording of yours."
    )
    if own != sounds and abs(odds) >= CLEAR:
        return f"{name} is a {own}'s voice, but the speaker sounds like a {sounds}: {more}"
    if installed == 1:
        return f"{name}, a {own}'s voice, is the only one installed: {more}"
    if abs(odds) < CLEAR:
        return (
            f"the speaker sounds neither clearly like a woman nor like a man; {name} is a {own}'s "
            "voice, --voice NAME takes another ('facedit doctor' lists them)."
        )
    return ""
