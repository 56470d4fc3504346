"""The report as one HTML page: no script, nothing from elsewhere, pictures inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from facedit.editing.plan import EditPlan, Fill
from facedit.report.document import document
from facedit.report.drawing import escape
from facedit.report.plan_picture import plan_pictures
from facedit.report.run_report import ClipFacts, Figure, RunReport
from facedit.report.seams_page import seams_section, spans_section
from facedit.report.strips import legend
from facedit.types import Transcript


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
        seams_section(report.seams),
        spans_section(report.spans),
        _stages_section(report),
        _list_section("Figures", ((name, _text(v)) for name, v in report.figures.items())),
        _list_section("Where it comes from", report.provenance.items()),
    ]
    return document(title, "".join(body))


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
        rate = f"{clip.frame_rate:.4g} fps" + (" (variable)" if clip.variable_rate else "")
        sound = "no sound"
        if clip.sound_rate is not None:
            sound = f"{clip.sound_rate / 1000:g} kHz, {clip.channels} channel(s)"
        return f"{clip.width}×{clip.height}, {rate}, {sound}"

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
    colours = [("var(--kept)", "the source's own"), ("#cf9a8c", "removed")]
    names = {"substitute": "new words", "insert": "inserted words", "delete": "cut"}
    colours += [(f"var(--{kind})", name) for kind, name in names.items() if kind in kinds]
    colours.append(("#e0a100", "pictures changed"))
    rows = "".join(
        _edit_row(index, fill, _old_words(report.transcript, plan, index))
        for index, fill in enumerate(plan.fills)
    )
    return (
        "<section><h2>The plan</h2><p class='soft small'>Everything after an edit moves by whole "
        f"frames of the source, so kept frames stay the source's own.</p>{pictures}"
        f"{legend(colours)}<div class='scroll'><table><tr><th>#</th><th>edit</th><th>words</th>"
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


def _text(figure: Figure) -> str:
    """Write a figure for people."""
    match figure:
        case None:
            return "none"
        case bool():
            return "yes" if figure else "no"
        case float():
            return f"{figure:.4g}"
        case (start_s, end_s):
            return f"{start_s:.2f} to {end_s:.2f} s"
    return str(figure)


def _list_section(title: str, entries: Iterable[tuple[str, str]]) -> str:
    """Show names and values."""
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in entries)
    if not shown:
        return ""
    return f"<section><h2>{title}</h2><dl>{shown}</dl></section>"
