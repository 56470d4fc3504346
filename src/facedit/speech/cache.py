"""Features, transcripts and alignments on disk, by the content of the sound they are of.

The cache is bounded (oldest entries go first), written atomically, and never trusted: an entry
that cannot be read, or does not fit, is computed again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedit.assets import cache_dir
from facedit.errors import FaceditError
from facedit.speech.features import DEFAULT_LAYER, encoder_name, extract
from facedit.speech.sound import speech_samples
from facedit.speech.sphinx import AlignedPhone, AlignedWord, force_align
from facedit.speech.transcribe import transcribe
from facedit.speech.transcript_json import parse_json
from facedit.types import Sound, SpeechFeatures, Transcript

Float16 = NDArray[np.float16]

_log = logging.getLogger(__name__)

LARGEST_BYTES = 1_000_000_000
"""Size of the folder above which the entries unused for longest are removed."""

_VERSION = 1
_TRANSCRIPT_VERSION = 2
_ALIGNMENT_VERSION = 1


def cached_features(
    sound: Sound, frames: int | None = None, layer: int = DEFAULT_LAYER
) -> SpeechFeatures:
    """Return the speech features of a sound, computed at most once.

    Values are rounded to half precision whether or not they come from the cache, so that a second
    run gives what the first one gave.

    Args:
        sound: Any rate and channels.
        frames: As in ``features.extract``.
        layer: As in ``features.extract``.

    Returns:
        The features.
    """
    name = encoder_name(layer)
    path = _folder() / f"{sound_key(sound, f'{name}/{frames}/{_VERSION}')}.npz"
    values = _read_features(path, frames)
    if values is None:
        values = extract(sound, frames, layer).values.astype(np.float16)
        store(path, lambda part: _write_features(part, values))
    return SpeechFeatures(values.astype(np.float32), name)


def cached_transcript(
    sound: Sound,
    language: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Transcript:
    """Return what is said in a sound, recognised at most once.

    Args:
        sound: Any rate and channels.
        language: As in ``transcribe.transcribe``.
        progress: As in ``transcribe.transcribe``.

    Returns:
        The transcript.
    """
    path = _folder() / f"{sound_key(sound, f'transcript/{language}/{_TRANSCRIPT_VERSION}')}.json"
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
        words = parse_json(text, path.name)[0] if document["words"] else []
        os.utime(path)
        return Transcript(
            tuple(words), sound.duration_s, str(document["language"]), str(document["origin"])
        )
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError, FaceditError) as error:
        _log.warning("The cached transcript %s is damaged and is made again: %s", path.name, error)
    transcript = transcribe(sound, language, progress)
    document = {
        "language": transcript.language,
        "origin": transcript.origin,
        "words": [
            {"text": w.text, "start_s": w.start_s, "end_s": w.end_s, "score": w.score}
            for w in transcript.words
        ],
    }
    store(path, lambda part: part.write_text(json.dumps(document), encoding="utf-8"))
    return transcript


def cached_alignment(sound: Sound, tokens: Sequence[str]) -> tuple[AlignedWord, ...] | None:
    """Return where the phones of an English text lie in a sound, aligned at most once.

    Args:
        sound: Any rate and channels.
        tokens: As in ``sphinx.force_align``.

    Returns:
        As ``sphinx.force_align``.
    """
    purpose = json.dumps(["alignment", _ALIGNMENT_VERSION, *tokens])
    path = _folder() / f"{sound_key(sound, purpose)}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["words"]
        os.utime(path)
        if stored is None:
            return None
        return tuple(AlignedWord(tuple(AlignedPhone(*phone) for phone in word)) for word in stored)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("The cached alignment %s is damaged and is made again: %s", path.name, error)
    found = force_align(speech_samples(sound), list(tokens))
    rows = None if found is None else [[astuple(phone) for phone in w.phones] for w in found]
    store(path, lambda part: part.write_text(json.dumps({"words": rows}), encoding="utf-8"))
    return found


def sound_key(sound: Sound, purpose: str) -> str:
    """Name a result by what it was made from.

    Args:
        sound: The sound.
        purpose: Everything else the result depends on.

    Returns:
        A SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256(f"{purpose}\n{sound.rate}\n{sound.samples.shape}\n".encode())
    digest.update(np.ascontiguousarray(sound.samples, dtype=np.float32).data)
    return digest.hexdigest()


def _folder() -> Path:
    """Return the folder of this cache."""
    return cache_dir() / "speech"


def _read_features(path: Path, frames: int | None) -> Float16 | None:
    """Read an entry; None if it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as entry:
            values = entry["values"]
        if values.dtype != np.float16 or values.ndim != 2 or not np.isfinite(values).all():
            raise ValueError(f"values are {values.dtype} {values.shape}")
        if frames is not None and len(values) != frames:
            raise ValueError(f"{len(values)} frames, expected {frames}")
        os.utime(path)
        return np.asarray(values, dtype=np.float16)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.warning("The cached features %s are damaged and are made again: %s", path.name, error)
        return None


def _write_features(part: Path, values: Float16) -> None:
    """Write an entry."""
    with part.open("wb") as file:
        np.savez(file, values=values)


def store(path: Path, write: Callable[[Path], object]) -> None:
    """Write an entry atomically and keep its folder within its bound; never fails the caller.

    Args:
        path: The entry.
        write: Writes it to the path that it is given.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
        try:
            write(Path(name))
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        prune(path.parent, LARGEST_BYTES)
    except OSError as error:
        _log.warning("The cache %s cannot be written: %s", path.parent, error)


def prune(folder: Path, largest_bytes: int) -> None:
    """Remove the entries that were unused for longest until a folder is small enough.

    Args:
        folder: The cache's folder.
        largest_bytes: Bytes that may stay.
    """
    entries = []
    for path in folder.iterdir():
        try:
            status = path.stat()
        except FileNotFoundError:  # another process pruned it
            continue
        entries.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= largest_bytes:
            break
        path.unlink(missing_ok=True)
        total -= size
