"""Features, transcripts and alignments on disk, by the content of the sound they are of."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from facedit.cache import cached
from facedit.errors import BadTranscript
from facedit.speech.encoders.encoders import Encoder, features_name
from facedit.speech.encoders.features import extract
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.speech.recognition.align import HOPELESS_FIT, align
from facedit.speech.recognition.forced import AlignedPhone, AlignedWord, force_align, mean_score
from facedit.speech.recognition.transcribe import transcribe
from facedit.speech.recognition.whisper_words import Heard, Recogniser
from facedit.speech.signal.world import find_pitch
from facedit.speech.sound_ops import sound_key, speech_samples
from facedit.types import Float64, Sound, SpeechFeatures, Transcript

Float16 = NDArray[np.float16]

_VERSION = 1
_TRANSCRIPT_VERSION = 5
_ALIGNMENT_VERSION = 3
_PITCH_VERSION = 1


def cached_features(
    sound: Sound, frames: int | None = None, encoder: Encoder = WHISPER
) -> SpeechFeatures:
    """Return ``features.extract`` of a sound, computed at most once.

    Values are rounded to half precision whether or not they come from the cache, so that a second
    run gives what the first one gave.
    """
    name = features_name(encoder.name)
    # Rounding differs from device to device: a run on the CPU always gives what the CPU gives.
    kind = torch.device(encoder.device).type.removeprefix("cpu")
    key = sound_key(sound, f"{name}/{frames}/{_VERSION}{kind}")
    values = cached(
        f"speech/{key}.npz",
        lambda entry: _read_features(entry, frames),
        lambda: extract(sound, frames, encoder).values.astype(np.float16),
        _write_values,
    )
    return SpeechFeatures.from_values(values.astype(np.float32), name)


def cached_transcript(
    sound: Sound,
    language: str | None = None,
    progress: Callable[[float], None] | None = None,
    recogniser: Recogniser | None = None,
    told: Heard | None = None,
) -> Transcript:
    """Return ``transcribe.transcribe`` of a sound, recognised at most once."""
    by = recogniser.identity if recogniser else ""
    key = sound_key(sound, f"transcript/{language}/{_TRANSCRIPT_VERSION}{by}")

    def read(entry: Path) -> Transcript:
        document = json.loads(entry.read_text(encoding="utf-8"))
        return Transcript.from_dict(
            document | {"duration_s": sound.duration_s}, entry.name, BadTranscript
        )

    return cached(
        f"speech/{key}.json",
        read,
        lambda: transcribe(sound, language, progress, recogniser, told),
        _write_transcript,
    )


def cached_words(sound: Sound, text: str, language: str = "en") -> Transcript:
    """Return ``align.align`` of a sound and all that is said in it, aligned at most once.

    BadTranscript is raised if the text is not what is said.
    """
    purpose = json.dumps(["words", _ALIGNMENT_VERSION, text, language])

    def read(entry: Path) -> Transcript:
        document = json.loads(entry.read_text(encoding="utf-8"))
        return Transcript.from_dict(document, entry.name, BadTranscript)

    return cached(
        f"speech/{sound_key(sound, purpose)}.json",
        read,
        lambda: align(sound, text, language),
        _write_transcript,
    )


def cached_alignment(sound: Sound, tokens: Sequence[str]) -> tuple[AlignedWord, ...] | None:
    """Return ``forced.force_align`` of a sound, aligned at most once."""
    purpose = json.dumps(["alignment", _ALIGNMENT_VERSION, *tokens])
    return cached(
        f"speech/{sound_key(sound, purpose)}.json",
        _read_alignment,
        lambda: force_align(speech_samples(sound), list(tokens)),
        _write_alignment,
    )


def cached_pitch(sound: Sound) -> Float64:
    """Return ``signal.world.find_pitch`` of a mono sound, found at most once."""

    def read(entry: Path) -> Float64:
        with np.load(entry, allow_pickle=False) as stored:
            pitch = np.asarray(stored["values"], np.float64)
        if pitch.ndim != 1 or not (np.isfinite(pitch) & (pitch >= 0.0)).all():
            raise ValueError("the pitch is none")
        return pitch

    return cached(
        f"speech/{sound_key(sound, f'pitch/{_PITCH_VERSION}')}.npz",
        read,
        lambda: find_pitch(sound.samples[:, 0], sound.rate),
        _write_values,
    )


def _read_features(path: Path, frames: int | None) -> Float16:
    with np.load(path, allow_pickle=False) as entry:
        values = entry["values"]
    if values.dtype != np.float16 or values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError(f"values are {values.dtype} {values.shape}")
    if frames is not None and len(values) != frames:
        raise ValueError(f"{len(values)} frames, expected {frames}")
    return np.asarray(values, dtype=np.float16)


def _write_values(part: Path, values: Float16 | Float64) -> None:
    with part.open("wb") as file:
        np.savez(file, values=values)


def _write_transcript(part: Path, transcript: Transcript) -> None:
    part.write_text(json.dumps(transcript.to_dict()), encoding="utf-8")


def _read_alignment(path: Path) -> tuple[AlignedWord, ...] | None:
    """Read an entry; None was stored where the text does not fit the sound."""
    stored = json.loads(path.read_text(encoding="utf-8"))["words"]
    if stored is None:
        return None
    return tuple(AlignedWord(tuple(AlignedPhone(*phone) for phone in word)) for word in stored)


def _write_alignment(part: Path, found: Sequence[AlignedWord] | None) -> None:
    rows = None if found is None else [[astuple(phone) for phone in w.phones] for w in found]
    part.write_text(json.dumps({"words": rows}), encoding="utf-8")


def phones_of_sound(sound: Sound, tokens: Sequence[str]) -> tuple[AlignedPhone, ...] | None:
    """Align words with a sound, once for all who speak over it; None where they do not fit."""
    words = cached_alignment(sound, tokens)
    if words is None or mean_score(words) < HOPELESS_FIT:
        return None
    return tuple(phone for word in words for phone in word.phones)
