"""What passes between the stages: frozen dataclasses over NumPy arrays.

Notation in shapes: ``F`` video frames, ``T`` motion frames (25 Hz), ``D`` motion dims,
``C`` speech-feature channels, ``N`` sound samples, ``P`` = 478 landmarks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facedit.errors import BadWeights, FaceditError
from facedit.fields import build

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
UInt8 = NDArray[np.uint8]

ENERGY_AND_VOICE = "+energy+vad"
"""What the name of speech features ends in whose last columns are energy and voice activity."""

LANDMARK_TERMS = "landmarks"
"""What a motion space says that decodes to landmarks, and a renderer that draws them."""

LANDMARKS = 478
"""Points of the face mesh (468 of the surface and 10 of the irises)."""


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word.

    Attributes:
        text: The word as written, without surrounding white space; may carry punctuation.
        start_s: Onset in seconds from the start of the sound.
        end_s: End in seconds.
        score: Confidence of recogniser or aligner in [0, 1]; 1 for imported times.
    """

    text: str
    start_s: float
    end_s: float
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of a sound, in order, not overlapping.

    Attributes:
        words: The words.
        duration_s: Length of the sound in seconds.
        language: ISO 639-1 code.
        origin: Where the words and times come from, e.g. ``whisper-base`` or a file's name.
        notes: What was mended in what was given, for the user.
    """

    words: tuple[Word, ...]
    duration_s: float
    language: str = "en"
    origin: str = "given"
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words joined by spaces."""
        return " ".join(word.text for word in self.words)

    def to_dict(self) -> dict[str, Any]:
        """Return the transcript as JSON-ready data, the words last."""
        words = [asdict(word) for word in self.words]
        return {
            "language": self.language,
            "origin": self.origin,
            "duration_s": self.duration_s,
            **({"notes": list(self.notes)} if self.notes else {}),
            "words": words,
        }

    @classmethod
    def from_dict(cls, data: object, where: str, error: type[FaceditError]) -> Transcript:
        """Read a transcript.

        Args:
            data: What ``to_dict`` returned, perhaps through JSON and changed by hand.
            where: What it is, for messages.
            error: What to raise.

        Returns:
            The transcript.

        Raises:
            error: If a field is missing, unknown or of a wrong kind, a word is empty, or words
                are not in order inside the sound.
        """
        found = build(cls, data, where, error)
        before = 0.0
        for number, word in enumerate(found.words):
            place = f"{where}: words[{number}]"
            if not word.text.strip():
                raise error(f"{place}: text holds no word.")
            if not before <= word.start_s <= word.end_s <= found.duration_s:
                raise error(
                    f"{place}: {word.start_s:g} to {word.end_s:g} s is not between {before:g} s, "
                    f"where the word ahead of it starts, and the end at {found.duration_s:g} s."
                )
            if not 0.0 <= word.score <= 1.0:
                raise error(f"{place}: score is {word.score:g}; expected 0 to 1.")
            before = word.start_s
        return found


@dataclass(frozen=True, slots=True)
class Sound:
    """PCM sound.

    Attributes:
        samples: Amplitudes in [-1, 1], shape (N, channels), float32.
        rate: Samples per second.
    """

    samples: Float32
    rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One person's landmarks over consecutive video frames.

    Attributes:
        times_s: Presentation times of the frames in seconds, ascending, shape (F,).
        landmarks: x, y in pixels of the upright picture (origin top left), z in the same unit
            (smaller is nearer the camera), shape (F, 478, 3). NaN where no face was found.
        confidence: Presence of the face in [0, 1], 0 where none was found, shape (F,).
        width: Picture width in pixels.
        height: Picture height in pixels.
        cuts: Times of the frames that begin a new shot; nothing may be smoothed or interpolated
            across one.
    """

    times_s: Float64
    landmarks: Float32
    confidence: Float32
    width: int
    height: int
    cuts: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check that the arrays describe the same frames.

        Raises:
            ValueError: If lengths or shapes disagree.
        """
        frames = len(self.times_s)
        if self.landmarks.shape != (frames, LANDMARKS, 3) or self.confidence.shape != (frames,):
            raise ValueError(
                f"{frames} times, landmarks {self.landmarks.shape} and confidence "
                f"{self.confidence.shape} do not describe the same frames."
            )


@dataclass(frozen=True, slots=True)
class SpeechFeatures:
    """Speech features on the 25 Hz grid; row k describes ``[k, k + 1) / 25`` s of the sound.

    Attributes:
        states: What the encoder says of each frame, shape (T, C - 2).
        energy: Base-10 log RMS of each frame, shape (T,).
        voice_activity: Probability of speech in each frame, shape (T,).
        encoder: Name of the features, which says how their columns end (a checkpoint records which
            one it needs).
    """

    states: Float32
    energy: Float32
    voice_activity: Float32
    encoder: str

    @classmethod
    def from_values(cls, values: Float32, encoder: str) -> SpeechFeatures:
        """Take features apart that were stored as one array.

        Args:
            values: As of ``values``, shape (T, C).
            encoder: Their name.

        Returns:
            The features.

        Raises:
            BadWeights: If features of that name do not end in energy and voice activity.
        """
        if not encoder.endswith(ENERGY_AND_VOICE):
            raise BadWeights(
                f"the speech features {encoder!r} do not end in energy and voice activity, as "
                f"those whose name ends in {ENERGY_AND_VOICE} do."
            )
        return cls(values[:, :-2], values[:, -2], values[:, -1], encoder)

    @property
    def values(self) -> Float32:
        """Everything side by side, as networks take it and files hold it, shape (T, C)."""
        return np.column_stack([self.states, self.energy, self.voice_activity])

    def take(self, rows: NDArray[np.int64]) -> SpeechFeatures:
        """Return some of the frames."""
        return SpeechFeatures(
            self.states[rows], self.energy[rows], self.voice_activity[rows], self.encoder
        )
