"""A few held-out clips as the model draws them, for the eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.report.curves import lip_picture
from facedit.report.drawing import escape
from facedit.report.run_report import LipCurve, SpanFacts
from facedit.training.face_strip import FaceStrip, strip_svg
from facedit.types import Float32
from facedit.units import MOTION_FPS

COLOURS = (
    ("#7c8894", "truth"),
    ("var(--substitute)", "drawn"),
    ("#dbe2ea", "loudness"),
    ("#fff6dd", "hidden from the model"),
)
"""What ``sample_html`` draws in which colour."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A clip with a span drawn.

    Attributes:
        name: Name of the clip.
        corpus: Where it is from.
        truth: Lip opening over the outer-eye distance, shape (T,).
        drawn: The same with the span drawn, shape (T,).
        span: First and last-plus-one hidden frame.
        energy: Log energy of the speech in any unit, shape (T,).
        figures: Correlation ``opening_r`` and relative error ``opening_rel`` of the span.
        strip: Some of its faces; None to show none.
    """

    name: str
    corpus: str
    truth: Float32
    drawn: Float32
    span: tuple[int, int]
    energy: Float32
    figures: dict[str, float]
    strip: FaceStrip | None = None


def sample_html(sample: Sample) -> str:
    """Draw a sample: truth, what was drawn, and loudness, as curves and as faces.

    Args:
        sample: The sample.

    Returns:
        HTML of one item.
    """
    start, stop = sample.span
    around = np.full(len(sample.drawn), np.nan, np.float32)
    around[start - 1 : stop + 1] = 100 * sample.drawn[start - 1 : stop + 1]
    loud = sample.energy - sample.energy.min()
    lips = LipCurve(
        times_s=np.arange(len(sample.truth), dtype=np.float32) / np.float32(MOTION_FPS),
        source=100 * sample.truth,
        target=around,
        energy=loud / max(float(loud.max()), 1e-6),
    )
    span = SpanFacts(
        start / MOTION_FPS, stop / MOTION_FPS, "sync", "", stop - start, np.zeros(0, np.float32)
    )
    figures = sample.figures
    faces = strip_svg(sample.strip) if sample.strip else ""
    return (
        f"<div class='item'><h3>{escape(sample.corpus)}</h3>"
        f"<div class='jumps'><span>r {figures['opening_r']:.2f}</span>"
        f"<span>relative error {figures['opening_rel']:.2f}</span>"
        f"<span class='soft'>{escape(sample.name)}</span></div>{lip_picture(span, lips)}"
        f"{faces}</div>"
    )
