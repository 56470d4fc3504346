"""Which voice speaks new words, and why: never silently one of the other sex.

``auto`` first decides whether the speaker sounds like a man or a woman, then takes the nearest of
those voices. Of 258 speakers (sex told from their pictures; fitted on 189 of the train split,
checked on 69 of dev) the single nearest voice was of the other sex for 26, the greater mean
likeness to all women's or all men's voices for 19, and this, which asks the pitch as well, for 9,
7 of them among the 31 that it calls unclear.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace

import numpy as np

from facedit.errors import FaceditError, UsageError
from facedit.options import DEFAULT_VOICE, OWN_VOICE
from facedit.speech.encoders.activity import voice_activity
from facedit.speech.own_voice.imitated_speaker import LEAST_SPEECH_S
from facedit.speech.signal.levels import median_pitch
from facedit.speech.sound_ops import speech_samples
from facedit.speech.voices.voice import VOICES, sounds_like, voice_named, voices
from facedit.speech.voices.voice_interface import Engine, Sex, Speaker, Voice, language_of
from facedit.types import Sound
from facedit.units import MOTION_FPS, SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME
from facedit.weights.fetch import is_installed

_log = logging.getLogger(__name__)

CLEAR = 2.0
"""Log odds from which a speaker clearly sounds like a woman, or below whose negative like a man."""

_PER_LIKENESS = 60.0
_PER_OCTAVE = 5.5
_MIDDLE_HZ = 160.0


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """A voice, why it speaks, and what the user should know of it.

    Its similarity to the speaker is at most 1, None where they were not compared. If ``own``, the
    speaker's own voice speaks: imitated with this one, or as said at ``taken_s`` in what
    ``taken_from`` names. An engine copies it.
    """

    voice: Voice | Engine
    reason: str
    similarity: float | None = None
    warning: str = ""
    own: bool = False
    taken_s: float | None = None
    taken_from: str = "the clip"

    @property
    def engine(self) -> Engine | None:
        """What copies the speaker's voice, if an engine speaks."""
        return self.voice if isinstance(self.voice, Engine) else None

    @property
    def speaker(self) -> Speaker:
        """Who the voice sounds like."""
        return sounds_like(self.voice)

    @property
    def imitation(self) -> str:
        """What of the speaker's voice it is, for the mark: an imitation, a copy, or nothing."""
        if self.engine is not None:
            return f"a copy of the speaker's voice by {self.voice.name}"
        imitated = self.own and self.taken_s is None
        return "an imitation of the speaker's voice" if imitated else ""

    def to_dict(self) -> dict[str, object]:
        """Return the choice for JSON."""
        return {
            "name": self.voice.name,
            "imitates the speaker": bool(self.imitation),
            "taken from s": self.taken_s,
            "speaker": str(self.speaker),
            "reason": self.reason,
            "similarity": self.similarity,
            "warning": self.warning,
        }

    def __str__(self) -> str:
        """Return the choice for people."""
        near = "" if self.similarity is None else f" (similarity {self.similarity:.2f})"
        if self.taken_s is not None:
            return f"the speaker's {OWN_VOICE}, said in {self.taken_from} at {self.taken_s:.2f} s"
        if self.engine is not None:
            return f"the speaker's, copied by {self.voice.name}, {self.reason}"
        imitated = f"the speaker's {OWN_VOICE}, imitated from " if self.own else ""
        return f"{imitated}{self.voice.name} ({self.speaker}), {self.reason}{near}"


def sex_of(name: str) -> Sex | None:
    """Tell whether a voice of that name is a ``man`` or a ``woman``."""
    return sounds_like(VOICES.make(name, name)).sex


def odds_of_woman(likeness: float, pitch_hz: float | None) -> float:
    """Return the log odds that a speaker sounds like a woman (or a child): positive for one.

    ``likeness`` is the mean similarity to the women's voices less that to the men's, 0 if not
    known.
    """
    octaves = math.log2(pitch_hz / _MIDDLE_HZ) if pitch_hz else 0.0
    return _PER_LIKENESS * likeness + _PER_OCTAVE * octaves


def choose_voice(name: str | Engine, speaker: Sound | None, language: str = "en") -> VoiceChoice:
    """Find the voice that is asked for, or for ``auto`` the one that suits a speaker, and why.

    Some seconds of the speaker are enough; ``language`` is theirs, an English voice is chosen where
    none speaks it. ``own`` is what ``auto`` chooses, to imitate the speaker
    with it. The errors of ``voice_named`` pass through; AssetMissing if the voice is known but not
    installed. UsageError if there is nobody to imitate, or too little is heard of them.
    """
    if name == OWN_VOICE:
        return _imitated(speaker, language)
    if name != "auto":
        voice = voice_named(name) if isinstance(name, str) else name
        if isinstance(voice, Engine) and speaker is None:
            raise UsageError(
                f"{voice.name} copies the speaker's voice, and nobody is heard here: give a video "
                "with their speech, or --footage."
            )
        return VoiceChoice(voice, "as asked for")
    if speaker is None:
        return VoiceChoice(
            voice_named(DEFAULT_VOICE),
            "the default: there is no speaker to compare with",
            warning=f"{DEFAULT_VOICE} is a woman's voice; --voice NAME takes another "
            "('facedit doctor' lists them).",
        )
    near = _similarities(speaker)
    known = [voice for voice in voices() if voice in VOICES.built_in or voice in near]
    spoken = {voice: language_of(VOICES.make(voice, voice)) for voice in known}
    available = [voice for voice in known if spoken[voice] == language] or [
        voice for voice in known if spoken[voice] == "en"
    ]
    name, odds = suited(near, median_pitch(speech_samples(speaker), SPEECH_RATE), available)
    return VoiceChoice(
        voice_named(name),
        "the nearest to the speaker" if len(available) > 1 else "the only one installed",
        near.get(name),
        _warning(name, odds, len(available)),
    )


def _imitated(speaker: Sound | None, language: str) -> VoiceChoice:
    """Choose the voice that a speaker is imitated with."""
    seconds = 0.0 if speaker is None else _spoken_s(speaker)
    if seconds < LEAST_SPEECH_S:
        raise UsageError(
            f"--voice {OWN_VOICE} imitates the speaker, of whom {LEAST_SPEECH_S:.0f} s of speech "
            f"are needed and {seconds:.1f} s are heard here: --voice auto takes the nearest voice."
        )
    near = choose_voice("auto", speaker, language)
    return replace(near, warning="", own=True)


def _spoken_s(sound: Sound) -> float:
    """Measure how long somebody speaks in a sound."""
    samples = speech_samples(sound)
    frames = len(samples) // SPEECH_SAMPLES_PER_FRAME
    return float((voice_activity(samples, frames) > 0.5).sum()) / MOTION_FPS


def suited(
    near: dict[str, float], pitch_hz: float | None, available: list[str]
) -> tuple[str, float]:
    """Choose among available voices: first women's or men's, then the nearest of them.

    ``near`` tells how near every known voice is to the speaker; empty if that cannot be told.
    Returns the voice, of the other sex only where there is no other, and ``odds_of_woman``.
    """
    # The odds were fitted to our own voices.
    own = {voice: sex_of(voice) for voice in near if voice in VOICES.built_in}
    women, men = ([near[v] for v in own if own[v] == sex] for sex in ("woman", "man"))
    odds = odds_of_woman(float(np.mean(women) - np.mean(men)) if near else 0.0, pitch_hz)
    like = [voice for voice in available if sex_of(voice) == _sounds(odds)]
    return max(like or available, key=lambda voice: near.get(voice, 0.0)), odds


def _similarities(speaker: Sound) -> dict[str, float]:
    """Compare a speaker with every voice; with none if the embedding is not installed."""
    if not is_installed("resemblyzer.pt"):
        return {}
    from facedit.speech.voices.speaker import embed
    from facedit.speech.voices.voice_bank import load_bank

    names, embeddings = load_bank()
    own = embed(speaker)
    near = dict(zip(names, (embeddings @ own).tolist(), strict=True))
    for name in VOICES.others():
        try:
            theirs = sounds_like(voice_named(name)).embedding
        except FaceditError as error:
            _log.warning("%s", error)
            continue
        if theirs is not None and theirs.shape == own.shape:
            near[name] = float(theirs @ own)
    return near


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
