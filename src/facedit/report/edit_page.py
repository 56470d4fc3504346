"""The report of a run as one HTML page: no script, nothing from elsewhere, pictures inside."""

from __future__ import annotations

from facedit.editing.diff import WordEdit
from facedit.editing.plan import EditPlan
from facedit.report.charts import lip_chart
from facedit.report.page_kit import page
from facedit.report.plan_picture import plan_pictures
from facedit.report.run_report import ClipFacts, Figure, RunReport
from facedit.report.seam_steps import HIGH_PERCENTILE
from facedit.types import Transcript

_KINDS = {
    "substitute": "new words",
    "insert": "inserted words",
    "delete": "cut",
    "express": "another expression",
}
_ROLES = (
    ("var(--kept)", "the source's own frame"),
    ("#e0a100", "the source's frame, face changed"),
    ("var(--new)", "new frame"),
)
"""Colours under the pictures of the strips."""

_LIPS = (
    ("var(--soft)", "lips in the source"),
    ("var(--substitute)", "lips asked for"),
    ("var(--kept)", "loudness"),
    ("var(--look-ground)", "changed span"),
)
_RENDERED = (("var(--delete)", "lips tracked in the output"),)


def report_html(report: RunReport) -> str:
    """Write a report as a page: a whole HTML document."""
    plan = report.plan if report.verb == "edit" and report.plan and report.plan.fills else None
    kinds = {fill.kind for fill in plan.fills} if plan else set()
    return page(
        "edit.html",
        title=headline(report),
        subtitle=_subtitle(report),
        report=report,
        tiles=_tiles(report),
        plan_pictures=plan_pictures(plan, report.transcript, report.output_words) if plan else [],
        plan_colours=[
            ("var(--kept)", "the source's own"),
            ("#cf9a8c", "removed"),
            *((f"var(--{kind})", name) for kind, name in _KINDS.items() if kind in kinds),
            ("#e0a100", "pictures changed"),
        ],
        old_words=[
            _old_words(report.transcript, plan, n) for n in range(len(plan.fills) if plan else 0)
        ],
        percentile=HIGH_PERCENTILE,
        roles=_ROLES,
        lip_chart=lip_chart,
        lip_colours=_LIPS,
        rendered_colour=_RENDERED,
        figures=[(name, _text(figure)) for name, figure in report.figures.items()],
    )


def headline(report: RunReport) -> str:
    """Say in one line what was done."""
    name = report.source.name
    # A sync has a plan too, of one fill: its page speaks of the whole clip instead.
    if report.verb != "edit" or report.plan is None or not report.plan.edits:
        done = {"sync": "New sound over", "generate": "Speech from", "edit": "No change to"}
        return f"{done.get(report.verb, report.verb)} {name}"
    said = [
        _edit_line(_old_words(report.transcript, report.plan, index), edit)
        for index, edit in enumerate(report.plan.edits)
    ]
    more = f" and {len(said) - 3} more" if len(said) > 3 else ""
    return f"{', '.join(said[:3])}{more} in {name}"


def _edit_line(old: str, edit: WordEdit) -> str:
    if edit.kind == "express":
        return f"{', '.join(edit.expression)} at “{old}”"
    if not (new := edit.text):
        return f"“{old}” cut"
    return f"“{old}” → “{new}”" if old else f"“{new}” added"


def _old_words(transcript: Transcript | None, plan: EditPlan | None, index: int) -> str:
    """Return what an edit removes."""
    if transcript is None or plan is None:
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


def _tiles(report: RunReport) -> list[tuple[str, str]]:
    """Show the few numbers that matter."""
    lengths = f"{report.source.duration_s:.2f} → {report.output.duration_s:.2f} s"
    tiles = [(lengths, "length, source → output")]
    if all_frames := report.output.frames:
        kept = max(all_frames - sum(span.frames for span in report.spans), 0)
        share = 100 * kept / all_frames
        tiles.append((f"{kept} of {all_frames}", f"frames are the source's ({share:.0f} %)"))
    if report.seams:
        smooth = len(report.seams) - len(report.seams_to_check)
        tiles.append((f"{smooth} of {len(report.seams)}", "seams as smooth as the clip itself"))
    if report.stages:
        total = sum(stage.seconds for stage in report.stages)
        tiles.append((f"{total:.1f} s", "time taken"))
    return tiles


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
