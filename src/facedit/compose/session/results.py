"""What the verbs answer, for people and for machines."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facedit.compose.takes.job import report_folder
from facedit.compose.words.plans import PlannedEdit, voices_of, word_notes
from facedit.editing.diff import apply, marked
from facedit.media.output import whole_or_nothing
from facedit.options import Run
from facedit.report.run_report import RunReport
from facedit.speech.fit.voice_choice import VoiceChoice
from facedit.speech.recognition.given_times import SURE, unsure
from facedit.types import Transcript


@dataclass(frozen=True, slots=True)
class Result:
    """What a run made.

    Attributes:
        outputs: The videos, one a take.
        report: Folder with ``report.json`` and ``report.html``; None if nothing was rendered.
        summary: What changed, for people.
        details: The same for machines.
    """

    outputs: tuple[Path, ...]
    report: Path | None
    summary: str
    details: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the result for JSON."""
        return {
            "outputs": [str(path) for path in self.outputs],
            "report": str(self.report) if self.report else None,
            **self.details,
        }

    def __str__(self) -> str:
        """Return the result for people."""
        return self.summary


@dataclass(frozen=True, slots=True)
class TranscriptResult:
    """Words that were recognised or aligned.

    Attributes:
        transcript: The words.
        output: Where they were saved, if anywhere.
    """

    transcript: Transcript
    output: Path | None

    @property
    def summary(self) -> str:
        """How much is said, in one line."""
        heard = self.transcript
        return (
            f"{len(heard.words)} words in {heard.duration_s:.2f} s "
            f"(language {heard.language}, from {heard.origin})."
        )

    def to_dict(self) -> dict[str, object]:
        """Return the words for JSON."""
        return self.transcript.to_dict() | {"output": str(self.output) if self.output else None}

    def __str__(self) -> str:
        """Return the words for people; those of low score are marked."""
        lines = [
            f"{word.start_s:8.3f} {word.end_s:8.3f}  {word.text}"
            + ("  (?)" if word.score < SURE else "")
            for word in self.transcript.words
        ]
        if count := len(unsure(self.transcript.words)):
            lines.append(f"(?): {count} of low score, check them and their times.")
        return "\n".join([*lines, f"saved: {self.output}"] if self.output else lines)


def take_files(output: Path, takes: int) -> tuple[Path, ...]:
    """Name the files of several takes.

    Args:
        output: File of the first take.
        takes: How many there are.

    Returns:
        ``out.mp4``, ``out-take2.mp4``, ...
    """
    more = (output.with_name(f"{output.stem}-take{k}{output.suffix}") for k in range(2, takes + 1))
    return (output, *more)


def describe(planned: PlannedEdit) -> str:
    """Say in words what an edit changes.

    Args:
        planned: The planned edit.

    Returns:
        A few lines for people.
    """
    plan = planned.plan
    if not planned.edits:
        return "The new words are the old ones: nothing changes."
    before, after = marked([word.text for word in planned.transcript.words], planned.edits)
    lines = [f"before: {before}", f"after:  {after}"]
    for edit, fill in zip(planned.edits, plan.fills, strict=True):
        old = " ".join(w.text for w in planned.transcript.words[edit.old_start : edit.old_end])
        what = {
            "substitute": f'"{old}" becomes "{edit.text}"',
            "insert": f'"{edit.text}" is added',
            "delete": f'"{old}" is cut',
            "express": f'"{old}" shows {", ".join(edit.expression)}',
        }[edit.kind]
        lines.append(
            f"{fill.source_start_s:8.3f}-{fill.source_end_s:.3f} s  {what}: "
            f"{_longer(fill.shift_frames)}"
        )
    lines.append(f"{plan.source_duration_s:.3f} s become {plan.output_duration_s:.3f} s.")
    return "\n".join(lines)


def _longer(frames: int) -> str:
    """Say what an edit does to the length of a clip."""
    if frames == 0:
        return "as long as before"
    noun = "frame" if abs(frames) == 1 else "frames"
    return f"{abs(frames)} {noun} {'longer' if frames > 0 else 'shorter'}"


def plan_result(planned: PlannedEdit) -> Result:
    """Tell what an edit would change.

    Args:
        planned: The planned edit.

    Returns:
        The answer, without outputs.
    """
    voices = voices_of(planned)
    lines = [describe(planned), *(f"voice: {choice}" for choice in voices)]
    notes = [*(choice.warning for choice in voices if choice.warning), *word_notes(planned)]
    lines += [f"note: {note}" for note in notes]
    details = {
        "before": planned.transcript.text,
        "after": " ".join(apply(planned.transcript.words, planned.edits)),
        "plan": planned.plan.to_dict(),
        "voices": [choice.to_dict() for choice in voices],
        "notes": notes,
    }
    return Result((), None, "\n".join(lines), details)


def result_of(
    summary: str,
    outputs: tuple[Path, ...],
    reports: tuple[RunReport, ...],
    run: Run,
    voices: tuple[VoiceChoice, ...] = (),
) -> Result:
    """Tell what was made, and what deserves a look.

    Args:
        summary: What changed.
        outputs: The files, one a take.
        reports: Their reports.
        run: Options.
        voices: Who speaks the new words.

    Returns:
        The answer.
    """
    lines = [summary, *(f"voice: {choice}" for choice in voices)]
    for take, (output, report) in enumerate(zip(outputs, reports, strict=True)):
        folder = report_folder(output, run, take)
        rough = report.seams_to_check
        seams = f"{len(report.seams)} seams, {len(rough)} to look at; " if report.seams else ""
        seed, manner = report.figures["seed"], report.figures["manner"]
        drawn = f"seed {seed}, {manner}; " if len(outputs) > 1 else ""
        lines.append(f"{output}  ({drawn}{seams}report: {folder / 'report.html'})")
    lines += [f"note: {line}" for line in reports[0].warnings]
    details = {
        "voices": [choice.to_dict() for choice in voices],
        "reports": [report.to_dict() for report in reports],
    }
    return Result(outputs, report_folder(outputs[0], run), "\n".join(lines), details)


def copied(source: Path, outputs: tuple[Path, ...], run: Run) -> Result:
    """Copy a source of which nothing changes, byte for byte.

    Args:
        source: The source.
        outputs: The files, one a take.
        run: Options.

    Returns:
        The answer.
    """
    for output in outputs:
        with whole_or_nothing(output, run.force) as temporary:
            shutil.copyfile(source, temporary)
    summary = "The new words are the old ones: the output is a copy of the source."
    return Result(outputs, None, summary, {"unchanged": True})
