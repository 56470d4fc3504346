"""Voices by name, and speech with the times of its words.

``hibari`` (7.9 MB, in its package) is the default. Kokoro's voices are optional
assets; ``voice_choice`` takes one that is near the speaker. Engines that copy a speaker's voice are
other people's programs, named in the settings or offered by other packages.
"""

from __future__ import annotations

import unicodedata

import numpy as np

from facedit.editing.words import tokenise
from facedit.errors import BadPlugin, FaceditError, UsageError
from facedit.inputs import MOST_NEW_LETTERS, check_text
from facedit.options import DEFAULT_VOICE
from facedit.plugins import Registry, describe_error
from facedit.speech.voices.engine_settings import engine_named, engine_names
from facedit.speech.voices.kokoro_voice import kokoro_files, kokoro_voices
from facedit.speech.voices.voice_interface import (
    Engine,
    InPart,
    Speaker,
    Spoken,
    Voice,
    language_of,
)
from facedit.types import Sound, Transcript
from facedit.weights.fetch import is_installed, require

VOICES = Registry[Voice | Engine](
    "voice",
    "facedit.voices",
    (Voice, Engine),
    {DEFAULT_VOICE: "facedit.speech.voices.hibari_voice:HibariVoice"}
    | dict.fromkeys(kokoro_voices(), "facedit.speech.voices.kokoro_voice:KokoroVoice"),
)
"""All voices; what makes one is called with its name."""


def voices() -> list[str]:
    """List the voices that can speak now.

    Returns:
        ``hibari``, those of Kokoro that are installed, those that others offer, and the engines of
        the settings.
    """
    installed = [name for name in kokoro_voices() if all(map(is_installed, kokoro_files(name)))]
    return list(dict.fromkeys([DEFAULT_VOICE, *installed, *VOICES.others(), *engine_names()]))


def voice_named(name: str) -> Voice | Engine:
    """Find a voice.

    Args:
        name: ``default``, or a name of ``voices()``.

    Returns:
        The voice, or an engine. AssetMissing is raised if it is known but not installed,
        ``BadPlugin`` if it is somebody else's and cannot be used.

    Raises:
        UsageError: If there is no such voice.
    """
    name = DEFAULT_VOICE if name == "default" else name
    if name not in VOICES:
        if (engine := engine_named(name)) is not None:
            return engine
        raise UsageError(f"No voice is named {name}: choose auto, {', '.join(voices())}.")
    if name in kokoro_voices():
        require(*kokoro_files(name))
    return VOICES.make(name, name)


def sounds_like(voice: Voice | Engine) -> Speaker:
    """Say who a voice sounds like; an engine like whom it is shown."""
    return Speaker(None) if isinstance(voice, Engine) else voice.speaker


def synthesise(
    text: str,
    voice: str | Voice | Engine = "default",
    speed: float = 1.0,
    part: range | None = None,
) -> tuple[Sound, Transcript]:
    """Speak a text and find its words in the sound.

    Args:
        text: What to say, in the voice's language.
        voice: A name as in ``voice_named``, or a voice.
        speed: 1 is the voice's own pace; 0.5 to 2.
        part: Which words of the text to say, of a voice that speaks ``InPart``; all if None.

    Returns:
        Mono sound and its words.

    Raises:
        UsageError: If nothing in the text can be spoken, or the speed is out of range; also if the
            voice is an engine, which needs a speaker.
    """
    if not 0.5 <= speed <= 2.0:
        raise UsageError(f"The speed {speed} is outside of 0.5 to 2.")
    chosen = voice_named(voice) if isinstance(voice, str) else voice
    if isinstance(chosen, Engine):
        raise UsageError(f"{chosen.name} copies a speaker's voice, and there is nobody to copy.")
    check_speakable(text)
    tokens = tokenise(text)
    if part is not None and isinstance(chosen, InPart):
        sound = checked_sound(chosen.speak_part(text, speed, part), chosen.name)
        tokens = tokens[part.start : part.stop]
    else:
        sound = _spoken(chosen, text, speed)
    if not len(sound.samples) or not tokens:
        raise UsageError(f"The voice {chosen.name} finds nothing to say in “{text[:40]}”.")
    if isinstance(sound, Spoken) and len(sound.words) == len(tokens):
        language = language_of(chosen)
        return sound, Transcript(sound.words, sound.duration_s, language, chosen.name)
    from facedit.speech.recognition.align import align  # torch, which a list of voices does without

    return sound, align(sound, " ".join(tokens), language_of(chosen), check=False)


def _spoken(voice: Voice, text: str, speed: float) -> Sound:
    """Let a voice speak; somebody else's may do anything."""
    if voice.name in VOICES.built_in:
        return voice.speak(text, speed)
    try:
        sound = voice.speak(text, speed)
    except FaceditError:
        raise
    except Exception as error:
        raise BadPlugin(
            f"the voice {voice.name} cannot speak ({describe_error(error)})."
        ) from error
    return checked_sound(sound, voice.name)


def checked_sound(sound: object, name: str) -> Sound:
    """Make sure that what somebody else's voice says is a sound; BadPlugin is raised if not."""
    if not (
        isinstance(sound, Sound)
        and sound.samples.ndim == 2
        and sound.samples.dtype == np.float32
        and np.isfinite(sound.samples).all()
        and sound.rate > 0
    ):
        raise BadPlugin(f"what the voice {name} says is no sound.")
    return sound


def check_speakable(text: str) -> None:
    """Refuse what an English voice can only mangle, and what it would speak for ever.

    Args:
        text: What to say.

    Raises:
        UsageError: If it holds letters that are not Latin. (Also if it is endless.)
    """
    check_text(text, "the new speech", UsageError, MOST_NEW_LETTERS)
    foreign = sorted({c for c in text if c.isalpha() and "LATIN" not in unicodedata.name(c, "")})
    if foreign:
        raise UsageError(
            f"The voices speak English only and cannot read “{''.join(foreign[:8])}”: "
            "record the new words yourself and give the file."
        )
