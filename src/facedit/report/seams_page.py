"""The seams and the changed spans as HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from facedit.report.curves import lip_picture
from facedit.report.drawing import escape
from facedit.report.run_report import Seam, SpanFacts, is_smooth
from facedit.report.seam_steps import HIGH_PERCENTILE, Jump
from facedit.report.strips import legend, strip

_ROLES = (
    ("var(--kept)", "the source's own frame"),
    ("#e0a100", "the source's frame, face changed"),
    ("#2f6fdb", "new frame"),
)
"""Colours under the pictures of the strips."""


def seams_section(seams: Sequence[Seam]) -> str:
    """Show every seam.

    Args:
        seams: The seams.

    Returns:
        HTML; empty without seams.
    """
    if not seams:
        return ""
    return (
        "<section><h2>Seams</h2><p class='soft small'>Where changed pictures meet the source's "
        f"own. A step is marked <i>have a look</i> if it is larger than {HIGH_PERCENTILE:g} % of "
        "the steps that the clip makes by itself; the factor is against the clip's median step. "
        "These measures are ours.</p>"
        f"{legend(_ROLES)}{''.join(map(_seam, seams))}</section>"
    )


def spans_section(spans: Sequence[SpanFacts]) -> str:
    """Show every changed span.

    Args:
        spans: The spans.

    Returns:
        HTML; empty without spans.
    """
    if not spans:
        return ""
    return (
        "<section><h2>Changed spans</h2>"
        f"{''.join(_span(index, span) for index, span in enumerate(spans))}</section>"
    )


def _seam(seam: Seam) -> str:
    """Show one seam."""
    jumps = (("motion", seam.motion), ("velocity", seam.velocity), ("picture", seam.picture))
    shown = "".join(_jump(name, jump) for name, jump in jumps if jump is not None)
    measured = any(jump is not None and jump.is_usual is not None for _, jump in jumps)
    if not measured:
        badge = "<span class='badge unknown'>not measured</span>"
    elif is_smooth(seam):
        badge = "<span class='badge good'>smooth</span>"
    else:
        badge = "<span class='badge look'>have a look</span>"
    way = "into" if seam.side == "in" else "out of"
    return (
        f"<div class='item'><h3>{way} span {seam.span + 1} at {seam.output_s:.2f} s {badge}</h3>"
        f"<div class='jumps'>{shown}</div>{strip(seam.pictures)}</div>"
    )


def _jump(name: str, jump: Jump) -> str:
    """Show one step beside the clip's own."""
    look = " class='look'" if jump.is_usual is False else ""
    if math.isnan(jump.usual):
        return f"<span>{name} <b>{jump.value:.3g}</b> {escape(jump.unit)}</span>"
    factor = "" if math.isnan(jump.ratio) else f" <b{look}>×{jump.ratio:.1f}</b>"
    return (
        f"<span>{name}{factor} <span class='soft'>{jump.value:.3g} {escape(jump.unit)}, usual "
        f"{jump.usual:.3g}, limit {jump.high:.3g}</span></span>"
    )


def _span(index: int, span: SpanFacts) -> str:
    """Show one changed span."""
    text = f"<span dir='auto'>“{escape(span.text)}”</span>" if span.text else ""
    confidence = "no landmarks were needed"
    if len(span.confidence):
        low, mean = float(np.min(span.confidence)), float(np.mean(span.confidence))
        confidence = f"landmark confidence {mean:.2f} on average, {low:.2f} at worst"
    curve = ""
    if span.lips is not None and len(span.lips.times_s):
        colours = [("#7c8894", "lips in the source"), ("var(--substitute)", "lips asked for")]
        if span.lips.rendered is not None:
            colours.append(("var(--delete)", "lips tracked in the output"))
        colours += [("#dbe2ea", "loudness"), ("#fff6dd", "changed span")]
        curve = f"{lip_picture(span, span.lips)}{legend(colours, f'opening in {span.lips.unit}')}"
    compared = ""
    if span.source_pictures:
        compared = f"<p class='soft small'>the source there:</p>{strip(span.source_pictures)}"
    return (
        f"<div class='item'><h3><span class='badge kind {escape(span.kind)}'>{escape(span.kind)}"
        f"</span> span {index + 1}: {span.output_start_s:.2f}–{span.output_end_s:.2f} s {text}</h3>"
        f"<p class='soft small'>{span.frames} frames; {confidence}</p>"
        f"{strip(span.pictures)}{compared}{curve}</div>"
    )
