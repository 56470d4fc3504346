"""The one road: canvases, infilling, pictures and sound, the file, the report; of every verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from facedit import __version__
from facedit.compose.base import Base, Take, TrackedWindow
from facedit.compose.canvas import Canvas
from facedit.compose.carry import carry, unchanged_plan
from facedit.compose.clip import Clip
from facedit.compose.covered import Stretch, refuse_covered_mouths
from facedit.compose.learn_footage import after_footage
from facedit.compose.lip_closures import bilabials, close_lips
from facedit.compose.marking import forget_manifest, mark, provenance, seal_of, statement
from facedit.compose.models import Models
from facedit.compose.output_sound import OutputSound
from facedit.compose.pictures import output_pictures
from facedit.compose.seam_measures import REACH_S, SpanLog, face_box, measured, seams_of, spans_of
from facedit.compose.spans import infill_spans, refuse_missing_faces, window_of
from facedit.compose.take_figures import take_figures
from facedit.editing.timeline import kept_runs, source_windows
from facedit.media.extras import Extras
from facedit.media.info import VideoInfo
from facedit.media.output import none_left_behind
from facedit.media.rendering import Rendering, choose_rendering
from facedit.media.smart.kept import KeptPictures
from facedit.media.write_options import WriteOptions
from facedit.model.checkpoint import MotionModel
from facedit.options import Making, Run
from facedit.progress import StageClock
from facedit.provenance.library import sidecar_of
from facedit.provenance.signing import choose_signing
from facedit.render.renderers import DEFAULT_RENDERER
from facedit.report.report_files import report_files, write_report
from facedit.report.run_report import ClipFacts, Figure, RunReport, StageTime
from facedit.types import Float32, SpeechFeatures, Transcript, Word

LoadModels = Callable[[Sequence[TrackedWindow]], tuple[Models, dict[str, Figure]]]
"""Loads the learned parts for a tracked clip, and says for the report what was done to them."""


@dataclass(frozen=True, slots=True)
class Job:
    """A plan that is to be made into a file.

    Attributes:
        verb: What is done.
        source: The file that it is made of, in figures.
        made_of: The files that it is made of; an edit's first is the one edited.
        base: The pictures underneath, and the plan.
        sound: The output's sound.
        transcript: The words of the source, if known.
        output_words: The words of the output.
        voice: Where the new sound comes from.
        run: Options.
        clock: Times the stages.
        notes: What the user should know, for the report.
        imitated: Whether the new words are in an imitation of the speaker's voice.
    """

    verb: Making
    source: ClipFacts
    made_of: tuple[Clip, ...]
    base: Base
    sound: OutputSound
    transcript: Transcript | None
    output_words: tuple[Word, ...]
    voice: str
    run: Run
    clock: StageClock
    notes: tuple[str, ...] = ()
    imitated: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """A job of which all is known but the motion: any number of takes can be made of it.

    Attributes:
        job: What to make.
        models: The learned parts.
        canvases: The canvases, one a picture span.
        speech: What is heard on each, shape (T, C).
        rendering: How outputs are written.
        covered: Stretches of the output in which something hides the mouth.
        notes: What the user should know of the pictures.
        figures: What was done to the models, for the report.
    """

    job: Job
    models: Models
    canvases: tuple[Canvas, ...]
    speech: tuple[Float32, ...]
    rendering: Rendering
    covered: tuple[Stretch, ...]
    notes: tuple[str, ...]
    figures: dict[str, Figure]


def prepare(job: Job, load: LoadModels, output: Path) -> Ready:
    """Find all that the takes of a job have in common.

    Args:
        job: What to make.
        load: Loads the learned parts (called once the input proved good).
        output: The file of a take: its suffix decides how all are written.

    Returns:
        What the takes are made of. (``NoFace`` if the face is missing where it is needed,
        ``CoveredMouth`` if its mouth is covered and that shall not be.)
    """
    models, adapted = load(job.base.windows)
    base = job.base.seen_by(models.space)
    models, learnt = after_footage(models, base)
    drawn_by: dict[str, Figure] = {}
    if models.renderer.name != DEFAULT_RENDERER:
        drawn_by["renderer"] = models.renderer.name
    notes = base.notes(models.space)
    region = job.run.region_of(job.verb)
    canvases = job.clock.apart(lambda: base.canvases(models.space, region))
    missing = refuse_missing_faces(base.plan, canvases, job.run.on_no_face)
    covered, hidden = refuse_covered_mouths(base, job.run.on_covered)
    with job.clock.stage("speech features"):
        speech = job.clock.apart(lambda: base.speech(canvases, job.sound.window, models.encoder))
    kept = () if job.verb == "generate" else kept_runs(base.plan)
    with job.clock.stage("looking at packets"):
        rendering = job.clock.apart(
            lambda: choose_rendering(
                output,
                base.info,
                [KeptPictures(*run) for run in kept],
                job.run.render,
                job.run.codec,
            )
        )
    figures = drawn_by | learnt | adapted | base.figures()
    job = replace(job, base=base)
    notes = (*notes, *missing, *hidden)
    return Ready(job, models, canvases, speech, rendering, covered, notes, figures)


def make(ready: Ready, outputs: tuple[Path, ...]) -> tuple[RunReport, ...]:
    """Make the takes of a job.

    Args:
        ready: What they have in common; the job's options choose seed and steps.
        outputs: A file per take.

    Returns:
        A report per take; they are written beside the outputs as well. (A take that fails leaves
        nothing; those that were finished before it stay, and a note of the error names them.)
    """
    job, models = ready.job, ready.models
    base, plan, region = job.base, job.base.plan, job.run.region_of(job.verb)
    signing = choose_signing(job.run.provenance)
    whole = None if job.verb == "edit" else job.verb
    with job.clock.stage("motion model"), checked(models.motion, job.clock):
        infilled = infill_spans(ready.canvases, ready.speech, models.motion, job.run, len(outputs))
        words, sound = job.output_words, job.sound.window
        spoken = [bilabials(job.transcript, words, sound, canvas) for canvas in ready.canvases]
    energies = tuple(
        SpeechFeatures.from_values(heard, models.motion.encoder).energy for heard in ready.speech
    )
    rendering = ready.rendering
    parts = rendering.windows(source_windows(plan, REACH_S, REACH_S))
    extras, told = _extras(job, outputs[0])
    stated = statement(job) if signing.identity else None
    reports = []
    for number, output in enumerate(outputs):
        with one_take(outputs, number, job.run):
            seed = job.run.first_seed + number
            shut = [
                close_lips(models.space, canvas, motion[number], moments)
                for canvas, motion, moments in zip(ready.canvases, infilled, spoken, strict=True)
            ]
            motions, closures = [motion for motion, _ in shut], [found for _, found in shut]
            works = base.works(
                Take(ready.canvases, motions, models.space, models.renderer, region, seed)
            )
            logs = _logs(base)
            pictures = output_pictures(base.frames(), plan, base.paths, works, parts, job.clock)
            count = base.info.frame_count + plan.shift_frames
            with job.clock.stage("rendering and writing", count) as tick:
                frames = rendering.write(
                    output,
                    (
                        picture.frame.at(picture.time_s)
                        for picture in measured(pictures, plan.picture_spans(), logs)
                    ),
                    job.sound,
                    WriteOptions(
                        job.run.force,
                        {"comment": mark(job, signing)},
                        extras=extras,
                        seal=seal_of(stated, signing, output, job.run),
                    ),
                    progress=tick,
                )
            if signing.identity is None:
                forget_manifest(output)
            report = RunReport(
                verb=job.verb,
                version=__version__,
                source=job.source,
                output=clip_facts(base.info, frames, output, plan.output_duration_s),
                plan=plan,
                transcript=job.transcript,
                output_words=job.output_words,
                seams=seams_of(plan.picture_spans(), logs, works),
                spans=spans_of(plan, logs, works, energies, whole),
                stages=tuple(StageTime(name, took) for name, took in job.clock.seconds.items()),
                figures={
                    **take_figures(seed, ready.canvases, infilled, number, closures),
                    "region": region,
                    **ready.figures,
                    **rendering.figures(frames),
                },
                provenance=provenance(job, signing),
                warnings=(*signing.notes, *job.notes, *ready.notes, *told, *rendering.notes),
                covered=ready.covered,
            )
            write_report(report, report_folder(output, job.run, number), force=job.run.force)
            reports.append(report)
    signing.told()
    return tuple(reports)


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


@contextmanager
def checked(model: MotionModel, clock: StageClock) -> Iterator[None]:
    """Look whether the run was cancelled before every pass through a network.

    Args:
        model: The network is its ``net``.
        clock: Knows.

    Yields:
        Nothing.
    """
    hook = model.net.register_forward_pre_hook(lambda *_: clock.check())
    try:
        yield
    finally:
        hook.remove()


def _extras(job: Job, output: Path) -> tuple[Extras | None, tuple[str, ...]]:
    """Lay out what else the source holds; under new speech all over it stays where it is."""
    if job.verb == "generate":
        return None, ()
    if job.verb == "sync":
        extras, notes = carry(job.base.info, unchanged_plan(job.base.plan), None, output)
        return replace(extras, sound_tags={}), notes
    return carry(job.base.info, job.base.plan, job.transcript, output)


def report_folder(output: Path, run: Run, take: int = 0) -> Path:
    """Return where the report of a take goes.

    Args:
        output: The output file.
        run: Options; ``report`` chooses the folder of the first take.
        take: Number of the take.

    Returns:
        A folder.
    """
    if run.report is None:
        return output.with_name(output.name + ".report")
    return run.report if take == 0 else run.report.with_name(f"{run.report.name}-take{take + 1}")


def clip_facts(
    info: VideoInfo, frames: int, path: Path | None = None, duration_s: float | None = None
) -> ClipFacts:
    """Describe a file for the report.

    Args:
        info: What is known of the source.
        frames: Number of frames.
        path: The file, if it is not the source.
        duration_s: Its length, if it is not the source's.

    Returns:
        The facts.
    """
    return ClipFacts(
        name=(path or info.path).name,
        width=info.width,
        height=info.height,
        frame_rate=float(info.frame_rate),
        duration_s=info.duration_s if duration_s is None else duration_s,
        frames=frames,
        variable_rate=info.is_variable,
        sound_rate=info.sound_rate if info.has_sound else None,
        channels=info.channels if info.has_sound else 0,
    )


def _logs(base: Base) -> tuple[SpanLog, ...]:
    logs, plan = [], base.plan
    for span in plan.picture_spans():
        window = window_of(base.windows, plan, span)
        first, last = plan.fills[span.fills[0]], plan.fills[span.fills[-1]]
        box = face_box(window.track, first.source_start_s - 1, last.source_end_s + 1)
        logs.append(SpanLog(box))
    return tuple(logs)
