"""A clip that stays open: what was found is held, so that what follows pays for what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, RLock
from types import TracebackType
from typing import Self

from facedit.compose import scripts
from facedit.compose.base import TrackedWindow
from facedit.compose.checks import check_run
from facedit.compose.clip import Clip
from facedit.compose.held_jobs import HeldJobs
from facedit.compose.job import Job, Ready
from facedit.compose.making import make
from facedit.compose.models import Models, load_models
from facedit.compose.near import alone, span_of
from facedit.compose.output_sound import OutputSound
from facedit.compose.plans import PlannedEdit, plan_words, voices_of
from facedit.compose.preview import EditTake, write_take
from facedit.compose.results import Result, copied, describe, result_of, take_files
from facedit.compose.source_words import source_transcript, word_edits
from facedit.compose.speeches import make_speech
from facedit.compose.verbs import Speech, edit_job, generate_job, planned_sound, sync_job
from facedit.errors import UsageError
from facedit.media.info import VideoInfo
from facedit.media.probe import probe
from facedit.media.rendering import Rendering
from facedit.options import EditRequest, Run
from facedit.progress import OnProgress, StageClock
from facedit.report.run_report import Figure
from facedit.speech.whisper_words import Recogniser
from facedit.types import Transcript

Adapt = Callable[
    [Models, Sequence[TrackedWindow], Run, StageClock], tuple[Models, dict[str, Figure]]
]
"""Fits models to a clip where the options ask for it, and says for the report what came of it."""


class Session:
    """What is known of a clip, held between edits and takes; close it, or use it in a ``with``.

    Probe, words, face tracks, mouths, the voice that suits the speaker, new words that were spoken
    and loaded networks are found when they are first needed and held, mouths within a bound. One
    call works at a time; others, of whatever thread, wait for it.

    Args:
        source: A video, or for ``generate`` a picture too. It must not change meanwhile.
        run: Options of everything that is made, unless others are given.
        footage: For ``generate``: another video of the same person.
        picture_only: For ``generate``: take one picture of a video and nothing else.
        on_progress: Told of every step of every stage.
        cancel: Once set, the call at work stops within a second, leaves no unfinished file and
            raises ``Cancelled``; what was found stays. Clear it to go on.
        adapt: Fits the models to the clip where ``run.adapt`` asks for it.

    Raises:
        UsageError: If there is footage, and nothing but the picture shall be used.

    Attributes:
        run: The options.
    """

    def __init__(
        self,
        source: Path,
        run: Run | None = None,
        *,
        footage: Path | None = None,
        picture_only: bool = False,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
        adapt: Adapt | None = None,
    ) -> None:
        if picture_only and footage is not None:
            raise UsageError("--picture-only and --footage contradict each other: leave one out.")
        self.run = run or Run()
        self._clock = StageClock(on_progress, cancel)
        self._clip = self._opened(Path(source))
        self._footage = None if footage is None else self._opened(footage)
        self._picture_only = picture_only
        self._adapt = adapt
        self._jobs = HeldJobs()
        self._busy = RLock()

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of all that is held; a session that is used on finds it again."""
        with self._busy:
            self._jobs.clear()
            self._clock.close()
            for clip in (self._clip, self._footage):
                if clip is not None:
                    clip.forget()

    @property
    def info(self) -> VideoInfo:
        """What is known of the video; ``BadMedia`` if it is none."""
        return self._clip.info

    def transcript(
        self, file: Path | None = None, language: str | None = None, by: Recogniser | None = None
    ) -> Transcript:
        """Find the words of the video, once.

        Args:
            file: Its transcript, or a file of the bare words, if there is one.
            language: Language code; recognised if None.
            by: What recognises the words; Whisper base if None.

        Returns:
            Words with times. (``BadTranscript`` if they are not what is said, or nobody speaks.)
        """
        with self._busy:
            return source_transcript(self._clip, file, language, by)

    def plan(self, request: EditRequest, transcript: Transcript | None = None) -> PlannedEdit:
        """Find the words, make the new ones' sound and lay the output out in time.

        Args:
            request: What shall change.
            transcript: The words of the video, instead of the request's file or of recognition.

        Returns:
            The plan, with the sound of every edit in ``snippets``. ``render`` makes it as often as
            it is given. (``FaceditError`` if the input or the request is bad.)
        """
        with self._busy:
            if not self.info.has_sound:
                probe(self._clip.path, need_sound=True)  # says so
            if request.script is None:
                by = Recogniser(request.model, request.hotwords)
                found = transcript or self.transcript(request.transcript, request.language, by)
                planned = plan_words(self._clip, found, word_edits(found, request), request)
                return replace(planned, run=self.run)
            asked, file = request, request.script
            script = scripts.load_script(file, self._clip.path)
            request, run = scripts.with_script_options(script, request, self.run)
            joints = scripts.moved_joints(script)
            planned = plan_words(
                self._clip,
                script.transcript,
                script.edits,
                request,
                joints,
                scripts.own_options(script, asked, self.run),
                file.parent,
            )
            return replace(planned, run=run)

    def sound(self, planned: PlannedEdit) -> OutputSound:
        """Return what the output of a plan will sound like, before any picture is made.

        Args:
            planned: From ``plan``.

        Returns:
            The sound; ``window(start_s, end_s)`` reads a stretch, in seconds of the output.
        """
        with self._busy:
            return planned_sound(self._clip, planned)

    def speak(
        self, text: str | None = None, *, recording: Path | None = None, voice: str = "auto"
    ) -> Speech:
        """Make speech for ``sync`` and ``generate``.

        Args:
            text: The words, to be spoken by ``voice``.
            recording: The speech, instead of a text.
            voice: A voice; ``auto`` is the nearest to the speaker of the video.

        Returns:
            The speech. (``FaceditError`` if the recording is bad or nothing can be spoken.)

        Raises:
            UsageError: If both a recording and a text are given, or neither.
        """
        if (recording is None) == (text is None):
            raise UsageError("say what is spoken: either a SPEECH file or --text.")
        with self._busy, self._clock.stage("speech"):
            return make_speech(self._footage or self._clip, text, recording, voice)

    def render(
        self,
        planned: PlannedEdit,
        output: Path,
        *,
        run: Run | None = None,
        save_script: Path | None = None,
        written: Callable[[Rendering], Rendering] | None = None,
    ) -> Result:
        """Make the video of a plan.

        Args:
            planned: From ``plan``. Given again, only what other options change is done anew.
            output: The edited video; further takes go beside it.
            run: Options; the plan's own if None.
            save_script: Where to save the edit script, if anywhere.
            written: Changes how the pictures and the sound of the output are written.

        Returns:
            The outputs and the report. (``FaceditError`` if an output is no good, or a face is
            missing.)
        """
        run, request = run or planned.run, planned.request
        inputs = (request.speech, request.transcript, request.script)
        with self._writing(output, run, inputs, save_script) as outputs:
            if not planned.edits and all(file.suffix == self._clip.path.suffix for file in outputs):
                result = copied(self._clip.path, outputs, run)
            else:
                ready = self._edit(planned, run)
                rendering = self._jobs.rendering(planned, run, output)
                if written is not None:
                    rendering = written(rendering)
                reports = make(ready, rendering, outputs)
                result = result_of(describe(planned), outputs, reports, run, voices_of(planned))
            if save_script is not None:
                self.save_script(planned, save_script, run=run)
        return result

    def take(
        self, planned: PlannedEdit, edit: int, preview: Path, *, seed: int, run: Run | None = None
    ) -> EditTake:
        """Make a take of one edit, and of it only what lies around: something to look at.

        ``render`` of a plan whose edits have their seeds (``planned.with_seed``) shows the same.

        Args:
            planned: From ``plan``.
            edit: Number of the edit.
            preview: A small ``.mp4`` of it; one that is there is replaced.
            seed: Seed of its motion.
            run: Options; the plan's own if None.

        Returns:
            The take. (``FaceditError`` if a face is missing.)
        """
        run = run or planned.run
        check_run(replace(run, provenance=False), (), (self._clip.path,))
        apart, number = alone(planned.with_seed(edit, seed), edit)
        with self._busy:
            try:
                return write_take(self._edit(apart, run), span_of(apart.plan, number), preview)
            finally:
                self._clock.seconds.clear()

    def sync(self, speech: Speech, output: Path, *, run: Run | None = None) -> Result:
        """Put new speech over the same pictures.

        Args:
            speech: From ``speak``, no longer than the video.
            output: The new video; further takes go beside it.
            run: Options; the session's if None.

        Returns:
            The outputs and the report. (``FaceditError`` if an input or an output is bad.)
        """
        run = run or self.run
        with self._writing(output, run) as outputs:
            ready = self._prepared(speech, run, lambda: sync_job(self._clip, speech, run))
            reports = make(ready, self._jobs.rendering(speech, run, output), outputs)
        new, old = speech.sound.duration_s, self.info.duration_s
        summary = f"{new:.2f} s of new speech over {old:.2f} s of pictures."
        return result_of(summary, outputs, reports, run)

    def generate(self, speech: Speech, output: Path, *, run: Run | None = None) -> Result:
        """Let the face of a picture, or of the calmest picture of a video, speak.

        Args:
            speech: From ``speak``.
            output: The new video; further takes go beside it.
            run: Options; the session's if None.

        Returns:
            The outputs and the report. (``FaceditError`` if an input or an output is bad.)
        """
        run = run or self.run
        footage = None if self._footage is None else self._footage.path
        with self._writing(output, run, (footage,)) as outputs:
            ready = self._prepared(
                speech,
                run,
                lambda: generate_job(self._clip, self._footage, speech, run, self._picture_only),
            )
            reports = make(ready, self._jobs.rendering(speech, run, output), outputs)
        summary = f"{speech.sound.duration_s:.2f} s of {self._clip.path.name} speaking."
        choices = () if speech.choice is None else (speech.choice,)
        return result_of(summary, outputs, reports, run, choices)

    def save_script(self, planned: PlannedEdit, file: Path, *, run: Run | None = None) -> None:
        """Save a plan, with its own options if none are given, to be changed by hand and rerun."""
        scripts.save_script(file, self._clip.path, self.info, planned, run or planned.run)

    def _opened(self, path: Path) -> Clip:
        return Clip(path, self._clock, allow_truncated=self.run.allow_truncated, keep=True)

    @contextmanager
    def _writing(
        self,
        output: Path,
        run: Run,
        inputs: tuple[Path | None, ...] = (),
        script: Path | None = None,
    ) -> Iterator[tuple[Path, ...]]:
        """Name the outputs of a run that has the session to itself."""
        outputs = take_files(output, run.takes)
        check_run(run, outputs, (self._clip.path, *inputs), script=script)
        with self._busy:
            yield outputs
            self._clock.seconds.clear()

    def _edit(self, planned: PlannedEdit, run: Run) -> Ready:
        return self._prepared(planned, run, lambda: edit_job(self._clip, planned, run))

    def _prepared(self, of: PlannedEdit | Speech, run: Run, job: Callable[[], Job]) -> Ready:
        """Return what the takes of one plan or speech have in common; the last few are held."""
        return self._jobs.prepared(of, run, job, lambda found: self._models(found, run))

    def _models(
        self, windows: Sequence[TrackedWindow], run: Run
    ) -> tuple[Models, dict[str, Figure]]:
        """Load the networks of a run, fitted to the clip where that is asked for."""

        def load() -> Models:
            with self._clock.stage("loading models"):
                return load_models(run)

        models = self._clip.once(
            ("models", run.weights, run.speaker, run.renderer, run.device), load
        )
        if self._adapt is None:
            return models, {}
        return self._adapt(models, windows, run, self._clock)
