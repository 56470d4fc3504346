"""What is heard about changed spans, for the report."""

from __future__ import annotations

from dataclasses import replace

from facedit.compose.takes.job import Job
from facedit.report.run_report import Picture, SpanFacts
from facedit.report.spectrogram import spectrogram

BESIDE_S = 0.6
"""Old sound that is drawn on either side."""


def with_spectrograms(job: Job, spans: tuple[SpanFacts, ...]) -> tuple[SpanFacts, ...]:
    """Draw what is heard about every span of an edit, the joints of its fills marked."""
    plan = job.base.plan
    if job.verb != "edit":
        return spans
    drawn = []
    for span, facts in zip(plan.picture_spans(), spans, strict=True):
        fills = [plan.fills[number] for number in span.fills]
        first_s = min(fill.output_start_s for fill in fills) - BESIDE_S
        last_s = max(fill.output_end_s for fill in fills) + BESIDE_S
        marks = {at for fill in fills for at in (fill.output_start_s, fill.output_end_s)}
        heard = job.sound.window(first_s, last_s)
        pixels = spectrogram(heard, [at - first_s for at in sorted(marks)])
        drawn.append(replace(facts, spectrogram=Picture(pixels, first_s, "fill")))
    return tuple(drawn)
