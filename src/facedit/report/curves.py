"""The lips over time as a picture."""

from __future__ import annotations

from facedit.report.charts import lip_chart
from facedit.report.run_report import LipCurve, SpanFacts


def lip_picture(span: SpanFacts, lips: LipCurve) -> str:
    """Draw the lip opening of a span and its surroundings."""
    return lip_chart(lips, (span.output_start_s, span.output_end_s))
