"""What a run leaves behind: everything worth knowing about an edit, as data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from facedit.editing.plan import EditPlan
from facedit.report.seam_steps import HIGH_PERCENTILE, Jump
from facedit.types import Float32, Transcript, UInt8, Word

VERSION = 2
"""Version of ``report.json``."""


Figure = str | int | float | bool | tuple[float, float] | None
"""A figure of a run; a pair is a stretch of time in seconds, None what there is none of."""


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What a media file is.

    Attributes:
        name: File name.
        width: Picture width in pixels.
        height: Picture height in pixels.
        frame_rate: Frames per second, the mean where they vary.
        duration_s: Length in seconds.
        frames: Number of frames; None if not counted.
        variable_rate: Whether frames are not equally long.
        sound_rate: Samples per second; None without sound.
        channels: Channels of the sound; 0 without sound.
    """

    name: str
    width: int
    height: int
    frame_rate: float
    duration_s: float
    frames: int | None = None
    variable_rate: bool = False
    sound_rate: int | None = None
    channels: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame for the contact strips.

    Attributes:
        pixels: RGB, shape (H, W, 3); best a crop around the face, 160 pixels high or so.
        time_s: Its time in the output.
        role: ``kept``, ``margin`` or ``fill``.
    """

    pixels: UInt8
    time_s: float
    role: str


@dataclass(frozen=True, slots=True)
class Seam:
    """A place where changed pictures meet the source's own.

    Attributes:
        output_s: Time of the first frame after the seam, in the output.
        side: ``in`` where a changed span starts, ``out`` where it ends.
        span: Index of the span.
        motion: Step of the motion across the seam.
        velocity: Change of velocity across the seam.
        picture: Step of the picture across the seam.
        pictures: Frames around the seam, in order.
    """

    output_s: float
    side: Literal["in", "out"]
    span: int
    motion: Jump | None = None
    velocity: Jump | None = None
    picture: Jump | None = None
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class LipCurve:
    """How far the lips are apart over a changed span and its surroundings.

    Attributes:
        times_s: Output times, shape (T,).
        source: Opening in the source at the same moments, NaN where the source has none, (T,).
        target: Opening that the model asks for (kept frames: as tracked), (T,).
        energy: Loudness of the new sound from 0 to 1, (T,).
        rendered: Opening tracked again in the output, (T,); None if not tracked.
        unit: Unit of the openings.
    """

    times_s: Float32
    source: Float32
    target: Float32
    energy: Float32
    rendered: Float32 | None = None
    unit: str = "% of outer-eye distance"


@dataclass(frozen=True, slots=True)
class SpanFacts:
    """A stretch of the output whose pictures were made anew.

    Attributes:
        output_start_s: Start in the output.
        output_end_s: End in the output.
        kind: ``substitute``, ``insert``, ``delete``, ``sync`` or ``generate``.
        text: What is said in it.
        frames: Number of frames made anew.
        confidence: Landmark confidence of the source frames used, in [0, 1], shape (F,).
        lips: Lip opening over time.
        pictures: Frames of the span, in order.
        source_pictures: What the source showed, for comparison.
    """

    output_start_s: float
    output_end_s: float
    kind: str
    text: str
    frames: int
    confidence: Float32
    lips: LipCurve | None = None
    pictures: tuple[Picture, ...] = ()
    source_pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took.

    Attributes:
        name: The stage.
        seconds: Wall-clock seconds.
        note: What it did, e.g. ``118 frames, 6.1 ms each``.
    """

    name: str
    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything worth knowing about a run.

    Attributes:
        verb: ``edit``, ``sync`` or ``generate``.
        version: Version of facedit.
        source: The input.
        output: The result.
        plan: The plan of an edit; None for other verbs.
        transcript: The words of the source; None if there were none.
        output_words: The words of the output.
        seams: Every seam.
        spans: Every changed span.
        stages: Times, in order.
        figures: Other figures worth showing, by name.
        provenance: What was used and how the output is marked, by name.
        warnings: What the user should know.
    """

    verb: str
    version: str
    source: ClipFacts
    output: ClipFacts
    plan: EditPlan | None = None
    transcript: Transcript | None = None
    output_words: tuple[Word, ...] = ()
    seams: tuple[Seam, ...] = ()
    spans: tuple[SpanFacts, ...] = ()
    stages: tuple[StageTime, ...] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def seams_to_check(self) -> tuple[Seam, ...]:
        """Seams with a step larger than the clip's own."""
        return tuple(seam for seam in self.seams if not is_smooth(seam))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready data, without the pictures."""
        return {
            "report": VERSION,
            "verb": self.verb,
            "facedit": self.version,
            "source": _facts(self.source),
            "output": _facts(self.output),
            "plan": self.plan.to_dict() if self.plan else None,
            "words": [_word(word) for word in self.transcript.words] if self.transcript else None,
            "output_words": [_word(word) for word in self.output_words],
            "seam_threshold_percentile": HIGH_PERCENTILE,
            "seams": [
                {
                    "output_s": _number(seam.output_s),
                    "side": seam.side,
                    "span": seam.span,
                    "smooth": is_smooth(seam),
                    "motion": _jump(seam.motion),
                    "velocity": _jump(seam.velocity),
                    "picture": _jump(seam.picture),
                }
                for seam in self.seams
            ],
            "spans": [_span(span) for span in self.spans],
            "stages": [
                {"name": stage.name, "seconds": _number(stage.seconds), "note": stage.note}
                for stage in self.stages
            ],
            "figures": dict(self.figures),
            "provenance": dict(self.provenance),
            "warnings": list(self.warnings),
        }


def is_smooth(seam: Seam) -> bool:
    """Tell whether no measured step of a seam is larger than the clip's own.

    Args:
        seam: The seam.

    Returns:
        False if a step is larger; True otherwise, also where nothing could be measured.
    """
    jumps = (seam.motion, seam.velocity, seam.picture)
    return all(jump is None or jump.is_usual is not False for jump in jumps)


def report_json(report: RunReport) -> str:
    """Write a report as JSON.

    Args:
        report: The report.

    Returns:
        The document; numbers that are not known are null.
    """
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _number(value: float) -> float | None:
    """Return a number that JSON can hold."""
    return round(float(value), 6) if math.isfinite(value) else None


def _numbers(values: Float32) -> list[float | None]:
    """Return numbers that JSON can hold."""
    return [_number(value) for value in np.asarray(values, dtype=np.float64)]


def _facts(facts: ClipFacts) -> dict[str, Any]:
    """Return a file's facts as JSON-ready data."""
    return {
        "name": facts.name,
        "width": facts.width,
        "height": facts.height,
        "frame_rate": _number(facts.frame_rate),
        "variable_rate": facts.variable_rate,
        "duration_s": _number(facts.duration_s),
        "frames": facts.frames,
        "sound_rate": facts.sound_rate,
        "channels": facts.channels,
    }


def _word(word: Word) -> dict[str, Any]:
    """Return a word as JSON-ready data."""
    return {
        "text": word.text,
        "start_s": _number(word.start_s),
        "end_s": _number(word.end_s),
        "score": _number(word.score),
    }


def _jump(jump: Jump | None) -> dict[str, Any] | None:
    """Return a jump as JSON-ready data."""
    if jump is None:
        return None
    return {
        "value": _number(jump.value),
        "usual": _number(jump.usual),
        "high": _number(jump.high),
        "ratio": _number(jump.ratio),
        "unit": jump.unit,
        "is_usual": jump.is_usual,
    }


def _span(span: SpanFacts) -> dict[str, Any]:
    """Return a span as JSON-ready data."""
    lips = span.lips
    known = len(span.confidence) > 0
    return {
        "output": [_number(span.output_start_s), _number(span.output_end_s)],
        "kind": span.kind,
        "text": span.text,
        "frames": span.frames,
        "confidence_mean": _number(float(np.mean(span.confidence))) if known else None,
        "confidence_min": _number(float(np.min(span.confidence))) if known else None,
        "lips": None
        if lips is None
        else {
            "unit": lips.unit,
            "times_s": _numbers(lips.times_s),
            "source": _numbers(lips.source),
            "target": _numbers(lips.target),
            "energy": _numbers(lips.energy),
            "rendered": None if lips.rendered is None else _numbers(lips.rendered),
        },
    }
