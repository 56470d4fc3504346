"""Whisper base as a recogniser: words and their times from cross-attention, by faster-whisper.

The model is a local folder assembled from verified assets; no hub is ever asked.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from facedit.device import cores
from facedit.errors import AssetMissing, BadTranscript, BadWeights
from facedit.scratch import scratch_folder
from facedit.types import Float32, Word
from facedit.units import SPEECH_RATE
from facedit.weights.fetch import asset_path, cache_dir

_WITHOUT_SPACES = frozenset(("zh", "ja", "th", "lo", "my", "yue", "km", "bo"))
FOREIGN_ODDS = 2.0
"""English is taken unless another language is this many times as likely.

The largest number that costs no clip of the Arabic training split (docs/journal/speech.md).
"""
WELSH_ODDS = 10.0
"""The same for Welsh: much of what Whisper was taught to call Welsh was English speech (Radford et
al. 2022, section 3.4)."""
LONGEST_S = 30.0
"""Whisper's window: cross-attention alignment hears no more at once."""

FRAMES_PER_SECOND = 100
"""Frames of the spectrum that Whisper hears."""

KEPT = 1
"""Windows of which the encoder's answer, 3 MB, is kept."""

BEAMS = 5
"""How many readings Whisper follows at once."""

_SILENCE_S = 1.0
_TOKENS, _TOKENS_PER_SECOND = 20, 12

Heard = Callable[[tuple[Word, ...]], object]
"""Told of the words so far while they are recognised; their times may still change a little."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What Whisper heard: words with punctuation, score = probability; an ISO 639-1 code."""

    words: tuple[Word, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Recogniser:
    """What recognises words.

    Attributes:
        folder: A model of faster-whisper; Whisper base if None.
        hotwords: Names and terms that are likely to be said.
    """

    folder: Path | None = None
    hotwords: str | None = None

    @property
    def identity(self) -> str:
        """What tells one from another in a cache; empty for Whisper base without hot words."""
        if self == Recogniser():
            return ""
        path = self.folder.resolve() / "model.bin" if self.folder else None
        status = path.stat() if path and path.is_file() else None
        return repr((str(path), status and (status.st_size, status.st_mtime_ns), self.hotwords))


def recognise(
    samples: Float32,
    language: str | None = None,
    progress: Callable[[float], None] | None = None,
    recogniser: Recogniser | None = None,
    heard: Heard | None = None,
) -> Recognised:
    """Recognise the words in 16 kHz mono amplitudes (N,), in order.

    The language is an ISO 639-1 code; detected from the first 30 s (``detect_language``) if None.
    ``progress`` is called with the fraction done, ``heard`` with the words so far, and
    ``recogniser`` is Whisper base if None.
    BadTranscript is raised if Whisper does not know the language, BadWeights if a recogniser's
    folder is no good.
    """
    chosen = recogniser or Recogniser()
    whisper = model(chosen.folder) if chosen.folder else model()
    if language is not None and language not in whisper.supported_languages:
        raise BadTranscript(f"Whisper does not know the language “{language}”: use a code like en.")
    language = language or detect_language(samples)
    segments, info = whisper.transcribe(
        samples,
        language=language,
        word_timestamps=True,
        condition_on_previous_text=False,  # keeps one mistake from repeating itself
        vad_filter=len(samples) > LONGEST_S * SPEECH_RATE,
        beam_size=BEAMS,
        hotwords=chosen.hotwords,
    )
    words: list[Word] = []
    for segment in segments:
        for word in segment.words or ():
            _append(words, word, spaced=info.language not in _WITHOUT_SPACES)
        if heard:
            heard(tuple(words))
        if progress:
            progress(min(1.0, segment.end * SPEECH_RATE / len(samples)))
    return Recognised(tuple(words), info.language)


def heard_words(samples: Float32, language: str, beams: int = BEAMS) -> list[str]:
    """Recognise the words in some seconds of 16 kHz mono amplitudes (N,), without their times.

    Whisper is shown them and a second of silence, in a quarter of the time that its usual 30 s
    take; what is longer is recognised as usual. With one of ``beams`` it takes half of that and
    mishears what is a near thing.
    """
    if len(samples) > (LONGEST_S - _SILENCE_S) * SPEECH_RATE:
        return [word.text for word in recognise(samples, language).words]
    whisper = model()
    tokenizer = _tokenizer(whisper, language)
    features = whisper.feature_extractor(samples, padding=0)
    frames = int(_SILENCE_S * FRAMES_PER_SECOND) + features.shape[1] % 2
    shown = np.pad(features, ((0, 0), (0, frames)), constant_values=features.min(initial=0.0))
    found = whisper.model.generate(
        whisper.encode(shown),
        [[*tokenizer.sot_sequence, tokenizer.no_timestamps]],
        beam_size=beams,
        max_length=int(_TOKENS + _TOKENS_PER_SECOND * len(samples) / SPEECH_RATE),
    )[0]
    words = [token for token in found.sequences_ids[0] if token < tokenizer.eot]
    return str(tokenizer.decode(words)).split()


def detect_language(samples: Float32) -> str:
    """Tell the language (ISO 639-1) of 16 kHz mono amplitudes that begin with speech, first 30 s.

    More of the same does not help: repeating a short clip up to Whisper's 30 s made it surer of
    wrong languages (docs/journal/speech.md).
    """
    most = int(LONGEST_S * SPEECH_RATE)
    _, _, found = model().detect_language(audio=samples[:most])
    return likely_language(dict(found))


def likely_language(probabilities: Mapping[str, float]) -> str:
    """Choose a language by probabilities, knowing which mistakes Whisper makes.

    That is the likeliest, or ``en`` if it is nearly as likely.
    """
    best = max(probabilities, key=lambda code: probabilities[code])
    odds = WELSH_ODDS if best == "cy" else FOREIGN_ODDS
    return "en" if odds * probabilities.get("en", 0.0) > probabilities[best] else best


def _append(words: list[Word], piece: Any, spaced: bool) -> None:
    """Add a piece that Whisper gave: a word, or the rest of the one before (".S.", "-level")."""
    text = piece.word.strip()
    if not text:
        return
    speakable = any(letter.isalnum() for letter in text)
    if words and (not speakable or (spaced and not piece.word.startswith(" "))):
        before = words[-1]
        gap = " " if piece.word.startswith(" ") else ""
        words[-1] = replace(
            before,
            text=before.text + gap + text,
            end_s=float(piece.end) if speakable else before.end_s,
        )
    elif speakable:
        words.append(Word(text, float(piece.start), float(piece.end), float(piece.probability)))


def attend(samples: Float32, tokens: list[str], language: str) -> list[Word]:
    """Find given words in 30 s or less of 16 kHz mono amplitudes by Whisper's cross-attention.

    A word's score is the mean probability that Whisper gives its letters. BadTranscript is raised
    if Whisper does not know the language (ISO 639-1), or the words are too many.
    """
    from faster_whisper.audio import pad_or_trim

    whisper = model()
    tokenizer = _tokenizer(whisper, language)
    features = whisper.feature_extractor(samples, padding=0)
    frames = features.shape[1]
    window = whisper.feature_extractor.nb_max_frames
    encoded = whisper.encode(pad_or_trim(features, window))
    text = tokenizer.encode(" " + " ".join(tokens))
    if len(tokenizer.sot_sequence) + len(text) + 2 > whisper.max_length:
        raise BadTranscript(
            f"The transcript has {len(tokens)} words; nobody says so many in "
            f"{len(samples) / SPEECH_RATE:.2f} s."
        )
    found = whisper.find_alignment(tokenizer, [text], encoded, min(frames, window))[0]
    words: list[Word] = []
    for token, parts in zip(tokens, _pieces(found, tokens), strict=True):
        last = words[-1].end_s if words else 0.0
        start = max(last, float(parts[0]["start"])) if parts else last
        end = max(start, float(parts[-1]["end"])) if parts else start
        score = sum(float(part["probability"]) for part in parts) / len(parts) if parts else 0.0
        words.append(Word(token, start, min(end, max(start, len(samples) / SPEECH_RATE)), score))
    return words


def _tokenizer(whisper: Any, language: str) -> Any:
    """Return what cuts a language's text; BadTranscript is raised if Whisper does not know it."""
    from faster_whisper.tokenizer import Tokenizer

    if language not in whisper.supported_languages:
        raise BadTranscript(f"Whisper does not know the language “{language}”: use a code like en.")
    many = whisper.model.is_multilingual
    return Tokenizer(whisper.hf_tokenizer, many, task="transcribe", language=language)


def _pieces(found: list[Any], tokens: list[str]) -> list[list[Any]]:
    """Return each token's pieces: Whisper cuts the text in its own way, letters tell whose."""
    owners = [index for index, token in enumerate(tokens) for _ in token.replace(" ", "")]
    pieces: list[list[Any]] = [[] for _ in tokens]
    letter = 0
    for piece in found:
        letters = len(piece["word"].replace(" ", ""))
        for owner in sorted(set(owners[letter : letter + letters])):
            pieces[owner].append(piece)
        letter += letters
    return pieces


@functools.cache
def model(folder: Path | None = None) -> Any:
    """Load a model of faster-whisper once, 8 bit on the CPU; Whisper base if no folder is given.

    BadWeights is raised if the folder holds none.
    """
    for name in ("model.bin", "config.json", "tokenizer.json"):
        # What is missing, faster-whisper would look for on the network.
        if folder is not None and not (folder / name).is_file():
            raise BadWeights(f"{folder}: no model of faster-whisper, {name} is missing.")
    path = folder or model_folder()
    from faster_whisper import WhisperModel

    threads = min(4, cores())
    try:
        whisper = WhisperModel(
            str(path), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
    except (RuntimeError, ValueError) as error:
        raise BadWeights(f"{path}: no model of faster-whisper: {error}") from error
    whisper.encode = _remembering(whisper.encode)
    return whisper


def _remembering(encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Encode a window once: a short clip's language is told by the one that is recognised next."""
    known: dict[bytes, Any] = {}

    def encoded(features: Any) -> Any:
        key = hashlib.sha256(np.ascontiguousarray(features).tobytes()).digest()
        if key not in known:
            answer = encode(features)
            while len(known) >= KEPT:
                del known[next(iter(known))]
            known[key] = answer
        return known[key]

    return encoded


def model_folder() -> Path:
    """Assemble the folder that faster-whisper opens: ``model.bin`` and the three small files.

    AssetMissing is raised if one of them is not installed, or the cache cannot be written.
    """
    sources = {"model.bin": asset_path("whisper-base.bin")}
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        sources[name] = asset_path(f"whisper-base/{name}")
    folder = cache_dir() / "whisper-base"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in sources.items():
            _place(source, folder / name)
    except OSError as error:
        raise AssetMissing(
            f"{folder} cannot be written ({error.strerror}): FACEDIT_CACHE names another folder."
        ) from error
    return folder


def _place(source: Path, target: Path) -> None:
    """Let a file appear under a second name, as a link where the system can."""
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return
    with scratch_folder(target.parent) as scratch:
        part = scratch / target.name
        try:
            os.link(source, part)
        except OSError:
            shutil.copyfile(source, part)
        part.replace(target)
