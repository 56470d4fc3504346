"""What is made of a clip that stays open: what follows pays only for what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from facedit.compose.frames.output_sound import OutputSound
from facedit.compose.session.checks import check_run
from facedit.compose.session.consents import with_consent
from facedit.compose.session.near import alone, span_of
from facedit.compose.session.open_clip import Adapt, OpenClip
from facedit.compose.session.preview import EditTake, write_take
from facedit.compose.session.results import Result, copied, describe, result_of, take_files
from facedit.compose.session.verbs import Speech, edit_job, generate_job, planned_sound, sync_job
from facedit.compose.takes.express import check_wishes, parse_wish
from facedit.compose.takes.job import Job, Ready
from facedit.compose.takes.making import make
from facedit.compose.words import scripts
from facedit.compose.words.asked_voice import asked_voice
from facedit.compose.words.plans import PlannedEdit, plan_words, voices_of
from facedit.compose.words.source_words import word_edits
from facedit.editing.edit_options import NONE
from facedit.media.probe import probe
from facedit.media.rendering import Rendering
from facedit.options import EditRequest, Run
from facedit.speech.recognition.whisper_words import Recogniser
from facedit.speech.voices.voice_interface import Engine
from facedit.types import Transcript

__all__ = ["Adapt", "Session"]


class Session(OpenClip):
    """What is made of an open clip: plans, sounds, takes, videos (``OpenClip`` says the rest)."""

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
                check_wishes(self.run, "edit")
                for _, expression in request.express:
                    parse_wish(expression)
                run = self._with_consent(self.run, [asked_voice(request)], request)
                by = Recogniser(request.model, request.hotwords)
                found = transcript or self.transcript(request.transcript, request.language, by)
                planned = plan_words(self._clip, found, word_edits(found, request), request)
                return replace(planned, run=run)
            asked, file = request, request.script
            script = scripts.load_script(file, self._clip.path)
            request, run = scripts.with_script_options(script, request, self.run)
            own = scripts.own_options(script, asked, self.run)
            check_wishes(run, "edit", own)
            asking = [asked_voice(request, options.voice) for options in (*own, NONE)]
            run = self._with_consent(run, asking, request)
            joints = scripts.moved_joints(script)
            planned = plan_words(
                self._clip,
                script.transcript,
                script.edits,
                request,
                joints,
                own,
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
        run = replace(run, consent=run.consent or planned.run.consent)
        inputs = (*request.speech, request.transcript, request.script, request.footage)
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

    def _with_consent(self, run: Run, voices: Sequence[str | Engine], request: EditRequest) -> Run:
        """Return the options with the speaker's consent, if a voice asks for it."""
        return with_consent(run, () if request.speech else voices, self._clip, request.footage)

    def _edit(self, planned: PlannedEdit, run: Run) -> Ready:
        return self._prepared(planned, run, lambda: edit_job(self._clip, planned, run))

    def _prepared(self, of: PlannedEdit | Speech, run: Run, job: Callable[[], Job]) -> Ready:
        """Return what the takes of one plan or speech have in common; the last few are held."""
        return self._jobs.prepared(of, run, job, lambda found: self._models(found, run))
