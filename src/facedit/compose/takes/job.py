"""A plan that is to be made, of whatever verb, and all that its takes have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facedit.compose.frames.base import Base, TrackedWindow
from facedit.compose.frames.canvas import Canvas
from facedit.compose.frames.covered import Stretch, refuse_covered_mouths
from facedit.compose.frames.output_sound import OutputSound
from facedit.compose.frames.spans import refuse_missing_faces
from facedit.compose.source.clip import Clip
from facedit.compose.source.models import Models
from facedit.compose.takes.draw import span_regions
from facedit.compose.takes.learn_footage import after_footage
from facedit.compose.takes.lip_closures import Moment, bilabials
from facedit.editing.edit_options import EditOptions
from facedit.editing.timeline import kept_runs
from facedit.media.info import VideoInfo
from facedit.media.rendering import Rendering, choose_rendering
from facedit.media.smart.kept import KeptPictures
from facedit.options import Making, Region, Run
from facedit.progress import StageClock
from facedit.render.renderers import DEFAULT_RENDERER
from facedit.report.run_report import ClipFacts, Figure
from facedit.types import Float32, Transcript, Word

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
        imitation: What of the speaker's voice the new words are in, if anything: an imitation, or
            a copy by an engine.
        own: Options that edits have of their own, one an edit, or none.
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
    imitation: str = ""
    own: tuple[EditOptions, ...] = ()

    @property
    def regions(self) -> tuple[Region, ...]:
        """What may move in each picture span."""
        return span_regions(self.base.plan, self.own, self.run.region_of(self.verb))


@dataclass(frozen=True, slots=True)
class Ready:
    """A job of which all is known but the motion: any number of takes can be made of it.

    Attributes:
        job: What to make.
        models: The learned parts.
        canvases: The canvases, one a picture span.
        speech: What is heard on each, shape (T, C).
        closures: When m, b and p are spoken on each.
        covered: Stretches of the output in which something hides the mouth.
        notes: What the user should know of the pictures.
        figures: What was done to the models, for the report.
    """

    job: Job
    models: Models
    canvases: tuple[Canvas, ...]
    speech: tuple[Float32, ...]
    closures: tuple[tuple[Moment, ...], ...]
    covered: tuple[Stretch, ...]
    notes: tuple[str, ...]
    figures: dict[str, Figure]


def prepare(job: Job, load: LoadModels) -> Ready:
    """Find all that the takes of a job have in common.

    Args:
        job: What to make.
        load: Loads the learned parts (called once the input proved good).

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
    canvases = job.clock.apart(lambda: base.canvases(models.space, *job.regions))
    missing = refuse_missing_faces(base.plan, canvases, job.run.on_no_face)
    covered, hidden = refuse_covered_mouths(base, job.run.on_covered)
    with job.clock.stage("speech features"):
        speech = job.clock.apart(lambda: base.speech(canvases, job.sound.window, models.encoder))
        words, sound = job.output_words, job.sound.window
        closures = job.clock.apart(
            lambda: tuple(bilabials(job.transcript, words, sound, canvas) for canvas in canvases)
        )
    figures = drawn_by | learnt | adapted | base.figures()
    notes = (*notes, *missing, *hidden)
    job = replace(job, base=base)
    return Ready(job, models, canvases, speech, closures, covered, notes, figures)


def rendering_of(ready: Ready, output: Path) -> Rendering:
    """Choose how the takes of a job are written.

    Args:
        ready: What they have in common.
        output: The file of a take: its suffix decides.

    Returns:
        How. (``OutputNotWritable`` if no file of that suffix can hold it.)
    """
    job, base = ready.job, ready.job.base
    kept = () if job.verb == "generate" else kept_runs(base.plan)
    with job.clock.stage("looking at packets"):
        return job.clock.apart(
            lambda: choose_rendering(
                output,
                base.info,
                [KeptPictures(*run) for run in kept],
                job.run.render,
                job.run.codec,
            )
        )


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
