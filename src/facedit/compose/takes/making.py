"""From what the takes of a job have in common to files: pictures and sound, the report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from facedit import __version__
from facedit.compose.frames.carry import carry, unchanged_plan
from facedit.compose.frames.pictures import SpanWork, output_pictures
from facedit.compose.takes.job import Job, Ready, clip_facts, report_folder
from facedit.compose.takes.lip_closures import Closures
from facedit.compose.takes.marking import forget_manifest, mark, provenance, seal_of, statement
from facedit.compose.takes.motions import Motions, draw_motions, logs_of
from facedit.compose.takes.seam_measures import REACH_S, SpanLog, measured, seams_of, spans_of
from facedit.compose.takes.span_sounds import with_spectrograms
from facedit.compose.takes.take_figures import take_figures
from facedit.editing.timeline import source_windows
from facedit.media.extras import Extras
from facedit.media.output import Seal, none_left_behind
from facedit.media.rendering import Rendering
from facedit.media.write_options import WriteOptions
from facedit.options import Run
from facedit.provenance.library import sidecar_of
from facedit.provenance.signing import Signing, choose_signing
from facedit.report.report_files import report_files, write_report
from facedit.report.run_report import RunReport, StageTime
from facedit.types import SpeechFeatures


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all files of a run have in common.

    Attributes:
        ready: What their takes have in common.
        motions: The motion of every take.
        rendering: How they are written.
        signing: Whether and by whom they are signed.
        extras: What they hold beside pictures and sound.
        told: What the user should know of that.
    """

    ready: Ready
    motions: Motions
    rendering: Rendering
    signing: Signing
    extras: Extras | None
    told: tuple[str, ...]

    def options(self, seal: Seal | None) -> WriteOptions:
        """Say how a file is written."""
        job = self.ready.job
        comment = {"comment": mark(job, self.signing)}
        return WriteOptions(job.run.force, comment, extras=self.extras, seal=seal)


def make(ready: Ready, rendering: Rendering, outputs: tuple[Path, ...]) -> tuple[RunReport, ...]:
    """Make the takes of a job.

    Args:
        ready: What they have in common; the job's options choose seed and steps.
        rendering: How they are written.
        outputs: A file per take.

    Returns:
        A report per take; they are written beside the outputs as well. (A take that fails leaves
        nothing; those that were finished before it stay, and a note of the error names them.)
    """
    job = ready.job
    signing = choose_signing(job.run.provenance)
    motions = draw_motions(ready, len(outputs))
    shared = _Shared(ready, motions, rendering, signing, *_extras(job, outputs[0]))
    stated = statement(job) if signing.identity else None
    reports = []
    for number, output in enumerate(outputs):
        with one_take(outputs, number, job.run):
            works, closures = motions.works(number)
            logs = logs_of(job.base)
            seal = seal_of(stated, signing, output, job.run)
            frames = _write(shared, works, logs, output, seal)
            if signing.identity is None:
                forget_manifest(output)
            report = _report(shared, number, works, logs, closures, output, frames)
            write_report(report, report_folder(output, job.run, number), force=job.run.force)
            reports.append(report)
    signing.told()
    return tuple(reports)


def _write(
    shared: _Shared,
    works: tuple[SpanWork, ...],
    logs: tuple[SpanLog, ...],
    output: Path,
    seal: Seal | None,
) -> int:
    """Write the file of a take; returns how many pictures it has."""
    job, rendering = shared.ready.job, shared.rendering
    base, plan = job.base, job.base.plan
    parts = rendering.windows(source_windows(plan, REACH_S, REACH_S))
    pictures = output_pictures(base.frames(), plan, base.paths, works, parts, job.clock)
    shown = measured(pictures, plan.picture_spans(), logs)
    count = base.info.frame_count + plan.shift_frames
    with job.clock.stage("rendering and writing", count) as tick:
        return rendering.write(
            output,
            (picture.frame.at(picture.time_s) for picture in shown),
            job.sound,
            shared.options(seal),
            progress=tick,
        )


def _report(
    shared: _Shared,
    number: int,
    works: tuple[SpanWork, ...],
    logs: tuple[SpanLog, ...],
    closures: list[Closures],
    output: Path,
    frames: int,
) -> RunReport:
    """Describe a take that was written."""
    ready, motions, signing = shared.ready, shared.motions, shared.signing
    job, plan = ready.job, ready.job.base.plan
    encoder = ready.models.motion.encoder
    energies = tuple(SpeechFeatures.from_values(heard, encoder).energy for heard in ready.speech)
    whole = None if job.verb == "edit" else job.verb
    return RunReport(
        verb=job.verb,
        version=__version__,
        source=job.source,
        output=clip_facts(job.base.info, frames, output, plan.output_duration_s),
        plan=plan,
        transcript=job.transcript,
        output_words=job.output_words,
        seams=seams_of(plan.picture_spans(), logs, works),
        spans=with_spectrograms(job, spans_of(plan, logs, works, energies, whole)),
        stages=tuple(StageTime(name, took) for name, took in job.clock.seconds.items()),
        figures={
            **take_figures(
                motions.seeds(number), ready.canvases, motions.infilled, number, closures
            ),
            "region": ", ".join(dict.fromkeys(job.regions)),
            **motions.figures,
            **ready.figures,
            **shared.rendering.figures(frames),
        },
        provenance=provenance(job, signing),
        warnings=(
            *signing.notes, *job.notes, *ready.notes, *motions.notes, *shared.told,
            *shared.rendering.notes,
        ),
        covered=ready.covered,
    )  # fmt: skip


@contextmanager
def one_take(outputs: tuple[Path, ...], number: int, run: Run) -> Iterator[None]:
    """Leave nothing of a take that fails, and note with the error which ones are whole.

    Args:
        outputs: A file per take.
        number: The take that is made in the block, from 0; those before it are finished.
        run: Options.

    Yields:
        Nothing.

    Raises:
        BaseException: What ended the block, Ctrl-C included.
    """
    output = outputs[number]
    manifest = sidecar_of(output) or output
    made = (manifest, output, *report_files(report_folder(output, run, number)))
    try:
        with none_left_behind(made):
            yield
    except BaseException as error:
        if number:
            whole, rest = (
                ", ".join(output.name for output in part)
                for part in (outputs[:number], outputs[number:])
            )
            error.add_note(f"Finished and kept, each with its report: {whole}. Not made: {rest}.")
        raise


def _extras(job: Job, output: Path) -> tuple[Extras | None, tuple[str, ...]]:
    """Lay out what else the source holds; under new speech all over it stays where it is."""
    if job.verb == "generate":
        return None, ()
    if job.verb == "sync":
        extras, notes = carry(job.base.info, unchanged_plan(job.base.plan), None, output)
        return replace(extras, sound_tags={}), notes
    return carry(job.base.info, job.base.plan, job.transcript, output)
