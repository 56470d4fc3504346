"""The report as one HTML page: no script, nothing from elsewhere, pictures inside."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence

import numpy as np

from facedit.editing.plan import EditPlan, Fill
from facedit.report.curves import lip_picture
from facedit.report.drawing import escape
from facedit.report.measure import HIGH_PERCENTILE, Jump
from facedit.report.plan_picture import plan_pictures
from facedit.report.run_report import ClipFacts, Picture, RunReport, Seam, SpanFacts, is_smooth
from facedit.report.style import STYLE
from facedit.types import Transcript

_STRIP_HEIGHT = 256
"""Pictures are embedded no higher than this: twice what is shown, for sharp screens."""

_JPEG_QUALITY = 85

_ROLES = (
    ("var(--kept)", "the source's own frame"),
    ("#e0a100", "the source's frame, face changed"),
    ("#2f6fdb", "new frame"),
)
"""Colours under the pictures of the strips."""


def report_html(report: RunReport) -> str:
    """Write a report as a page.

    Args:
        report: The report.

    Returns:
        A whole HTML document.
    """
    title = headline(report)
    body = [
        f"<h1 dir='auto'>{escape(title)}</h1>",
        f"<p class='soft'>{escape(_subtitle(report))}</p>",
        _tiles(report),
        _warnings(report.warnings),
        _plan_section(report),
        _seams_section(report.seams),
        _spans_section(report.spans),
        _stages_section(report),
        _list_section("Figures", report.figures.items()),
        _list_section("Where it comes from", report.provenance.items()),
    ]
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        # Even if foreign text slipped through the escaping, it could load and run nothing.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def headline(report: RunReport) -> str:
    """Say in one line what was done.

    Args:
        report: The report.

    Returns:
        The line.
    """
    name = report.source.name
    # A sync has a plan too, of one fill: its page speaks of the whole clip instead.
    if report.verb != "edit" or report.plan is None or not report.plan.edits:
        done = {"sync": "New sound over", "generate": "Speech from", "edit": "No change to"}
        return f"{done.get(report.verb, report.verb)} {name}"
    said = [
        _edit_line(_old_words(report.transcript, report.plan, index), edit.text)
        for index, edit in enumerate(report.plan.edits)
    ]
    more = f" and {len(said) - 3} more" if len(said) > 3 else ""
    return f"{', '.join(said[:3])}{more} in {name}"


def _edit_line(old: str, new: str) -> str:
    """Say what one edit does."""
    if not new:
        return f"“{old}” cut"
    return f"“{old}” → “{new}”" if old else f"“{new}” added"


def _old_words(transcript: Transcript | None, plan: EditPlan, index: int) -> str:
    """Return what an edit removes."""
    if transcript is None:
        return ""
    edit = plan.edits[index]
    return " ".join(word.text for word in transcript.words[edit.old_start : edit.old_end])


def _subtitle(report: RunReport) -> str:
    """Say what the files are."""

    def facts(clip: ClipFacts) -> str:
        sound = "no sound" if clip.sound == "none" else clip.sound
        return f"{clip.width}×{clip.height}, {clip.frame_rate} fps, {sound}"

    line = f"facedit {report.version} · {report.verb} · {facts(report.source)}"
    if facts(report.output) != facts(report.source):
        line += f" → {facts(report.output)}"
    return f"{line} · {report.output.name}"


def _tiles(report: RunReport) -> str:
    """Show the few numbers that matter."""
    lengths = f"{report.source.duration_s:.2f} → {report.output.duration_s:.2f} s"
    tiles = [(lengths, "length, source → output")]
    made = sum(span.frames for span in report.spans)
    if report.output.frames:
        kept = max(report.output.frames - made, 0)
        share = 100 * kept / report.output.frames
        tiles.append(
            (f"{kept} of {report.output.frames}", f"frames are the source's ({share:.0f} %)")
        )
    if report.seams:
        smooth = len(report.seams) - len(report.seams_to_check)
        tiles.append((f"{smooth} of {len(report.seams)}", "seams as smooth as the clip itself"))
    if report.stages:
        total = sum(stage.seconds for stage in report.stages)
        tiles.append((f"{total:.1f} s", "time taken"))
    shown = (
        f"<div class='tile'><b>{escape(a)}</b><span>{escape(b)}</span></div>" for a, b in tiles
    )
    return f"<div class='tiles'>{''.join(shown)}</div>"


def _warnings(warnings: Sequence[str]) -> str:
    """Show what the user should know."""
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f"<section class='warnings'><h2>Please note</h2><ul>{items}</ul></section>"


def _plan_section(report: RunReport) -> str:
    """Show the plan and the edits."""
    if report.verb != "edit" or report.plan is None or not report.plan.fills:
        return ""
    plan = report.plan
    pictures = "".join(plan_pictures(plan, report.transcript, report.output_words))
    kinds = {fill.kind for fill in plan.fills}
    legend = [("var(--kept)", "the source's own"), ("#cf9a8c", "removed")]
    names = {"substitute": "new words", "insert": "inserted words", "delete": "cut"}
    legend += [(f"var(--{kind})", name) for kind, name in names.items() if kind in kinds]
    legend.append(("#e0a100", "pictures changed"))
    rows = "".join(
        _edit_row(index, fill, _old_words(report.transcript, plan, index))
        for index, fill in enumerate(plan.fills)
    )
    return (
        "<section><h2>The plan</h2><p class='soft small'>Everything after an edit moves by whole "
        f"frames of the source, so kept frames stay the source's own.</p>{pictures}"
        f"{_legend(legend)}<div class='scroll'><table><tr><th>#</th><th>edit</th><th>words</th>"
        "<th class='n'>removed from the source</th><th class='n'>in the output</th>"
        f"<th class='n'>new sound</th><th class='n'>shift</th></tr>{rows}</table></div></section>"
    )


def _edit_row(index: int, fill: Fill, old: str) -> str:
    """Show one edit."""
    words = " ".join(
        part
        for part in (
            f"<del>{escape(old)}</del>" if old else "",
            f"<ins>{escape(fill.text)}</ins>" if fill.text else "",
        )
        if part
    )
    removed = (
        f"{fill.source_start_s:.3f}–{fill.source_end_s:.3f} s"
        if fill.removed_s
        else f"at {fill.source_start_s:.3f} s"
    )
    speech = f"{fill.speech_s:.3f} s" if fill.speech_s else "–"
    return (
        f"<tr><td>{index + 1}</td><td><span class='badge kind {fill.kind}'>{fill.kind}</span></td>"
        f"<td dir='auto'>{words}</td><td class='n'>{removed}</td>"
        f"<td class='n'>{fill.output_start_s:.3f}–{fill.output_end_s:.3f} s</td>"
        f"<td class='n'>{speech}</td><td class='n'>{fill.shift_frames:+d} frames</td></tr>"
    )


def _seams_section(seams: Sequence[Seam]) -> str:
    """Show every seam."""
    if not seams:
        return ""
    return (
        "<section><h2>Seams</h2><p class='soft small'>Where changed pictures meet the source's "
        f"own. A step is marked <i>have a look</i> if it is larger than {HIGH_PERCENTILE:g} % of "
        "the steps that the clip makes by itself; the factor is against the clip's median step. "
        "These measures are ours.</p>"
        f"{_legend(_ROLES)}{''.join(map(_seam, seams))}</section>"
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
        f"<div class='jumps'>{shown}</div>{_strip(seam.pictures)}</div>"
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


def _spans_section(spans: Sequence[SpanFacts]) -> str:
    """Show every changed span."""
    if not spans:
        return ""
    return (
        "<section><h2>Changed spans</h2>"
        f"{''.join(_span(index, span) for index, span in enumerate(spans))}</section>"
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
        legend = [("#7c8894", "lips in the source"), ("var(--substitute)", "lips asked for")]
        if span.lips.rendered is not None:
            legend.append(("var(--delete)", "lips tracked in the output"))
        legend += [("#dbe2ea", "loudness"), ("#fff6dd", "changed span")]
        curve = f"{lip_picture(span, span.lips)}{_legend(legend, f'opening in {span.lips.unit}')}"
    compared = ""
    if span.source_pictures:
        compared = f"<p class='soft small'>the source there:</p>{_strip(span.source_pictures)}"
    return (
        f"<div class='item'><h3><span class='badge kind {escape(span.kind)}'>{escape(span.kind)}"
        f"</span> span {index + 1}: {span.output_start_s:.2f}–{span.output_end_s:.2f} s {text}</h3>"
        f"<p class='soft small'>{span.frames} frames; {confidence}</p>"
        f"{_strip(span.pictures)}{compared}{curve}</div>"
    )


def _strip(pictures: Sequence[Picture]) -> str:
    """Show frames side by side; the bar under each tells whose it is."""
    if not pictures:
        return ""
    shown = "".join(
        f"<figure class='{escape(picture.role)}'><img src='{data_uri(picture)}' "
        f"alt='frame at {picture.time_s:.3f} s'><figcaption>{picture.time_s:.3f}</figcaption>"
        "</figure>"
        for picture in pictures
    )
    return f"<div class='strip'>{shown}</div>"


def data_uri(picture: Picture) -> str:
    """Pack a picture into a data URI (JPEG).

    Args:
        picture: The picture.

    Returns:
        The URI.

    Raises:
        ValueError: If it is not RGB of at least one pixel.
    """
    import cv2

    pixels = picture.pixels
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or pixels.dtype != np.uint8:
        raise ValueError(f"Not an RGB picture: {pixels.dtype} {pixels.shape}.")
    if pixels.shape[0] > _STRIP_HEIGHT:
        width = max(round(pixels.shape[1] * _STRIP_HEIGHT / pixels.shape[0]), 1)
        resized = cv2.resize(pixels, (width, _STRIP_HEIGHT), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(resized, dtype=np.uint8)
    done, jpeg = cv2.imencode(
        ".jpg", pixels[:, :, ::-1].copy(), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    if not done:
        raise ValueError(f"A picture of {pixels.shape} could not be encoded.")
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode('ascii')}"


def _legend(entries: Sequence[tuple[str, str]], note: str = "") -> str:
    """Explain colours."""
    shown = "".join(
        f"<span><i style='background:{colour}'></i>{escape(text)}</span>"
        for colour, text in entries
    )
    return f"<div class='legend'>{shown}<span>{escape(note)}</span></div>"


def _stages_section(report: RunReport) -> str:
    """Show where the time went."""
    if not report.stages:
        return ""
    longest = max(max(stage.seconds for stage in report.stages), 1e-9)
    rows = []
    for stage in report.stages:
        bar = f"<div class='bar' style='width:{100 * stage.seconds / longest:.1f}%'></div>"
        rows.append(
            f"<tr><td>{escape(stage.name)}</td><td class='n'>{stage.seconds:.2f} s</td>"
            f"<td style='width:40%'>{bar}</td><td class='soft'>{escape(stage.note)}</td></tr>"
        )
    table = f"<div class='scroll'><table>{''.join(rows)}</table></div>"
    return f"<section><h2>Time per stage</h2>{table}</section>"


def _list_section(title: str, entries: Iterable[tuple[str, str]]) -> str:
    """Show names and values."""
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in entries)
    if not shown:
        return ""
    return f"<section><h2>{title}</h2><dl>{shown}</dl></section>"
