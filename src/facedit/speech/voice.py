"""Voices: text to speech, with the times of the words.

``hibari`` (7.9 MB, in its package) is the default. Kokoro's 28 English voices are optional
assets. No cloning model can be had offline; ``voice_choice`` takes one that is near the speaker.
"""

from __future__ import annotations

import functools
import os
import unicodedata
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from facedit.editing.words import tokenise
from facedit.errors import BadWeights, UsageError
from facedit.inputs import MOST_NEW_LETTERS, check_text
from facedit.speech.align import align
from facedit.speech.pronounce import hibari, phonemes
from facedit.speech.sound import from_mono
from facedit.types import Float32, Sound, Transcript
from facedit.weights.fetch import ASSETS, asset_path, is_installed, require

DEFAULT_VOICE = "hibari"
VOICE_RATE = 24_000
"""Samples per second that every voice here speaks at."""

_PREFIX, _SUFFIX = "kokoro/", ".bin"
_MODEL = "kokoro.onnx"
_STYLE_SHAPE = (510, 1, 256)
_PAUSE_S = 0.15
_SEED = 0


class Voice(Protocol):
    """Something that can speak."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    def speak(self, text: str, speed: float) -> Sound:
        """Speak a text.

        Args:
            text: What to say.
            speed: 1 is the voice's own pace, 2 twice as fast.

        Returns:
            Mono sound.
        """


@dataclass(frozen=True, slots=True)
class HibariVoice:
    """The small voice that ships inside its package.

    Attributes:
        name: ``hibari``.
    """

    name: str = DEFAULT_VOICE

    def speak(self, text: str, speed: float) -> Sound:
        """Speak a text; the same text always sounds the same.

        Args:
            text: What to say, in English.
            speed: 1 is the voice's own pace.

        Returns:
            Mono sound at 24 kHz.
        """
        voice, random = hibari(), np.random.default_rng(_SEED)
        parts = [voice.from_ids(voice.ids(piece), speed, random) for piece in phonemes(text)]
        return from_mono(np.concatenate(parts or [np.zeros(0, np.float32)]), VOICE_RATE)


@dataclass(frozen=True, slots=True)
class KokoroVoice:
    """One of Kokoro-82M's voices.

    Attributes:
        name: Such as ``am_michael``: American or British, female or male, and a name.
    """

    name: str

    def speak(self, text: str, speed: float) -> Sound:
        """Speak a text.

        Args:
            text: What to say, in English.
            speed: 1 is the voice's own pace.

        Returns:
            Mono sound at 24 kHz.
        """
        session = _kokoro()
        styles = _styles(self.name)
        pause = np.zeros(round(_PAUSE_S * VOICE_RATE), dtype=np.float32)
        parts: list[Float32] = []
        for sentence in phonemes(text, british=self.name.startswith("b")):
            tokens = hibari().ids(sentence)[1:-1]
            if not tokens:
                continue
            (audio,) = session.run(
                ["audio"],
                {
                    "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                    "style": styles[min(len(tokens), len(styles)) - 1],
                    "speed": np.array([speed], dtype=np.float32),
                },
            )
            parts += [pause, np.asarray(audio, dtype=np.float32).reshape(-1)]
        return from_mono(np.concatenate(parts[1:] or [pause[:0]]), VOICE_RATE)


def voices() -> list[str]:
    """List the voices that can speak now.

    Returns:
        ``hibari`` and those of Kokoro that are installed.
    """
    installed = [name for name in kokoro_voices() if is_installed(f"{_PREFIX}{name}{_SUFFIX}")]
    return [DEFAULT_VOICE, *(installed if is_installed(_MODEL) else [])]


def kokoro_voices() -> list[str]:
    """List Kokoro's voices, installed or not."""
    return sorted(name[len(_PREFIX) : -len(_SUFFIX)] for name in ASSETS if name.startswith(_PREFIX))


def voice_named(name: str) -> Voice:
    """Find a voice.

    Args:
        name: ``default``, or a name of ``voices()``.

    Returns:
        The voice. AssetMissing is raised if it is known but not installed.

    Raises:
        UsageError: If there is no such voice.
    """
    if name in ("default", DEFAULT_VOICE):
        return HibariVoice()
    if name not in kokoro_voices():
        raise UsageError(f"No voice is named {name}: choose auto, {', '.join(voices())}.")
    require(_MODEL, f"{_PREFIX}{name}{_SUFFIX}")
    return KokoroVoice(name)


def synthesise(
    text: str, voice: str | Voice = "default", speed: float = 1.0
) -> tuple[Sound, Transcript]:
    """Speak a text and find its words in the sound.

    Args:
        text: What to say, in English.
        voice: A name as in ``voice_named``, or a voice.
        speed: 1 is the voice's own pace; 0.5 to 2.

    Returns:
        Mono sound and its words.

    Raises:
        UsageError: If nothing in the text can be spoken, or the speed is out of range.
    """
    if not 0.5 <= speed <= 2.0:
        raise UsageError(f"The speed {speed} is outside of 0.5 to 2.")
    chosen = voice_named(voice) if isinstance(voice, str) else voice
    check_speakable(text)
    sound = chosen.speak(text, speed)
    if not len(sound.samples) or not tokenise(text):
        raise UsageError(f"The voice {chosen.name} finds nothing to say in “{text[:40]}”.")
    return sound, align(sound, text, check=False)


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


@functools.cache
def _kokoro() -> Any:
    """Open Kokoro once."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(4, os.cpu_count() or 1)
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(asset_path(_MODEL)), options, providers=["CPUExecutionProvider"]
    )


def _styles(name: str) -> Float32:
    """Read a voice's style vectors, one per length of the sentence in tokens."""
    data = np.fromfile(asset_path(f"{_PREFIX}{name}{_SUFFIX}"), dtype="<f4")
    if data.size != np.prod(_STYLE_SHAPE) or not np.isfinite(data).all():
        raise BadWeights(f"The file of the voice {name} is damaged ({data.size} values).")
    return np.asarray(data.reshape(_STYLE_SHAPE), dtype=np.float32)
