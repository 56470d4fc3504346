"""What a run leaves behind: everything worth knowing about an edit, as data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Literal

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
        frame_rate: Frames per second, the mean where they vary.
        frames: Number of frames; None if not counted.
        variable_rate: Whether frames are not equally long.
        sound_rate: Samples per second; None without sound.
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
        velocity: Change of the motion's velocity across the seam.
        pictures: Frames around the seam, in order.
    """

    output_s: float
    side: Literal["in", "out"]
    span: int
    motion: Jump | None = None
    velocity: Jump | None = None
    picture: Jump | None = None
    pictures: tuple[Picture, ...] = ()

    @property
    def jumps(self) -> dict[str, Jump]:
        """What was measured, by name."""
        named = {"motion": self.motion, "velocity": self.velocity, "picture": self.picture}
        return {name: jump for name, jump in named.items() if jump is not None}

    @property
    def is_measured(self) -> bool:
        """Whether any step can be set against the clip's own."""
        return any(jump.is_usual is not None for jump in self.jumps.values())

    @property
    def is_smooth(self) -> bool:
        """Whether no step is known to be larger than the clip's own."""
        return all(jump.is_usual is not False for jump in self.jumps.values())


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
        kind: ``substitute``, ``insert``, ``delete``, ``express``, ``sync`` or ``generate``.
        text: What is said in it.
        confidence: Landmark confidence of the source frames used, in [0, 1], shape (F,).
        source_pictures: What the source showed, for comparison.
        spectrogram: What is heard about it, if its sound is new.
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
    spectrogram: Picture | None = None


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took, and what it did, e.g. ``118 frames, 6.1 ms each``."""

    name: str
    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything worth knowing about a run.

    Attributes:
        verb: ``edit``, ``sync`` or ``generate``.
        plan: The plan of an edit; None for other verbs.
        transcript: The words of the source; None if there were none.
        output_words: The words of the output.
        figures: Other figures worth showing, by name.
        provenance: What was used and how the output is marked, by name.
        warnings: What the user should know.
        covered: Stretches of the output in which something hid the mouth, in seconds.
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
    covered: tuple[tuple[float, float], ...] = ()

    @property
    def seams_to_check(self) -> tuple[Seam, ...]:
        """Seams with a step larger than the clip's own."""
        return tuple(seam for seam in self.seams if not seam.is_smooth)

    def to_dict(self) -> dict[str, object]:
        """Return the report as JSON-ready data, without the pictures."""
        return {
            "report": VERSION,
            "verb": self.verb,
            "facedit": self.version,
            "source": _plain(self.source),
            "output": _plain(self.output),
            "plan": self.plan.to_dict() if self.plan else None,
            "words": _plain(self.transcript.words) if self.transcript else None,
            "output_words": _plain(self.output_words),
            "seam_threshold_percentile": HIGH_PERCENTILE,
            "seams": [seam_dict(seam) for seam in self.seams],
            "spans": [_span(span) for span in self.spans],
            "covered": _plain(self.covered),
            "stages": _plain(self.stages),
            "figures": dict(self.figures),
            "provenance": dict(self.provenance),
            "warnings": list(self.warnings),
        }


def report_json(report: RunReport) -> str:
    """Write a report as JSON; numbers that are not known are null."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: object) -> object:
    """Return dataclasses, arrays and numbers as JSON can hold them."""
    if isinstance(value, (float, np.floating)):
        return round(float(value), 6) if math.isfinite(value) else None
    if isinstance(value, (tuple, list, np.ndarray)):
        return [_plain(one) for one in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


def seam_dict(seam: Seam) -> dict[str, object]:
    """Return a seam for JSON."""
    jumps: dict[str, object] = {"motion": None, "velocity": None, "picture": None}
    for name, jump in seam.jumps.items():
        own = {field.name: _plain(getattr(jump, field.name)) for field in fields(jump)}
        jumps[name] = own | {"ratio": _plain(jump.ratio), "is_usual": jump.is_usual}
    where: dict[str, object] = {
        "output_s": _plain(seam.output_s),
        "side": seam.side,
        "span": seam.span,
    }
    return where | {"smooth": seam.is_smooth} | jumps


def _span(span: SpanFacts) -> dict[str, object]:
    known = len(span.confidence) > 0
    return {
        "output": [_plain(span.output_start_s), _plain(span.output_end_s)],
        "kind": span.kind,
        "text": span.text,
        "frames": span.frames,
        "confidence_mean": _plain(np.mean(span.confidence)) if known else None,
        "confidence_min": _plain(np.min(span.confidence)) if known else None,
        "lips": _plain(span.lips),
    }
