"""The verbs: each composes the stages into one run. The command line and Python call these."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from facedit.compose.session.checks import check_run
from facedit.compose.session.curve_session import SUFFIX, CurveSession
from facedit.compose.session.requested import edit_in, generate_in, sync_in
from facedit.compose.session.results import Result, TranscriptResult, plan_result
from facedit.compose.session.session import Session
from facedit.compose.words.asked_voice import asked_voice
from facedit.errors import BadTranscript, UsageError
from facedit.inputs import read_text
from facedit.interchange.export_edit import ExportResult, export_edit
from facedit.interchange.export_options import ExportOptions
from facedit.interchange.otio_timeline import require_library
from facedit.interchange.own_subtitles import read_subtitles
from facedit.media.output import check_folder, check_output
from facedit.media.sound import read_spoken
from facedit.options import (
    MOTION_SUFFIXES,
    EditRequest,
    GenerateRequest,
    MotionOptions,
    Run,
    TranscribeOptions,
)
from facedit.progress import OnProgress, StageClock
from facedit.training.adapt.adapting import adapted_models
from facedit.types import Transcript
from facedit.weights.fetch import require


def open(
    source: Path,
    *,
    run: Run | None = None,
    footage: Path | None = None,
    picture_only: bool = False,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Session:
    """Open a clip for several edits or takes, which then pay only for what is new.

    Args:
        source: A video; for ``Session.generate`` a picture too.
        run: Options.
        footage: For ``Session.generate``: another video of the same person.
        picture_only: For ``Session.generate``: take one picture of a video and nothing else.
        on_progress: Told of every step of every stage.
        cancel: Once set, what the session is doing stops within a second and raises ``Cancelled``.

    Returns:
        The session, to be used in a ``with``. (``UsageError`` if footage and ``picture_only``
        contradict each other.)
    """
    return Session(
        source,
        run,
        footage=footage,
        picture_only=picture_only,
        on_progress=on_progress,
        cancel=cancel,
        adapt=adapted_models,
    )


def plan_edit(
    source: Path,
    request: EditRequest,
    *,
    save_script: Path | None = None,
    run: Run | None = None,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Result:
    """Say what an edit would change; render nothing.

    Args:
        source: The video, or a ``.csv`` take of the Live Link Face app.
        request: What shall change.
        save_script: Where to save the edit script, if anywhere.
        run: Options.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The plan, without outputs. (``FaceditError`` if the input or the request is bad.)
    """
    run = run or Run()
    check_run(run, (), (source,), script=save_script, voice=asked_voice(request))
    with _opened(source, request, run, on_progress, cancel) as session:
        planned = session.plan(request)
        if save_script is not None:
            session.save_script(planned, save_script)
    return plan_result(planned)


def edit(
    source: Path,
    output: Path | None,
    request: EditRequest,
    *,
    save_script: Path | None = None,
    run: Run | None = None,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Result:
    """Change the words of a talking-face video, or of a character's curves.

    Args:
        source: The video, or a ``.csv`` take of the Live Link Face app: its rows are kept as they
            are outside of the new words.
        output: The edited video; further takes go beside it. Of a take a ``.csv``, with its sound
            beside it.
        request: What shall change.
        save_script: Where to save the edit script, if anywhere.
        run: Options.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The outputs and the report. (``FaceditError`` if the input or the request is bad.)

    Raises:
        UsageError: If no output is named.
    """
    if output is None:
        raise UsageError("say where the edited video goes (-o OUT), or only --plan.")
    with _opened(source, request, run, on_progress, cancel) as session:
        if isinstance(session, CurveSession):
            return session.edit(request, output, save_script)
        return edit_in(session, request, output, save_script)


def _opened(
    source: Path,
    request: EditRequest,
    run: Run | None,
    on_progress: OnProgress | None,
    cancel: Event | None,
) -> Session:
    """Open what shall be edited: a take of curves by its suffix, else a video."""
    if source.suffix.lower() == SUFFIX:
        return CurveSession(source, request.audio, run, on_progress=on_progress, cancel=cancel)
    if request.audio is not None:
        raise UsageError("--audio is the sound of a .csv take; a video has its own.")
    return open(source, run=run, on_progress=on_progress, cancel=cancel)


def export(
    source: Path,
    folder: Path,
    request: EditRequest,
    options: ExportOptions | None = None,
    *,
    run: Run | None = None,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> ExportResult:
    """Change the words of a video and write the edit for other programs.

    Args:
        source: The video.
        folder: What it is written into: new or empty unless ``run.force``.
        request: What shall change.
        options: What the folder shall hold.
        run: Options.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        What was made. (``FaceditError`` if the input or the request is bad.)
    """
    run, options = run or Run(), options or ExportOptions()
    require_library()
    if options.subtitles is not None:
        read_subtitles(options.subtitles)
    check_folder(folder, force=run.force)
    check_run(run, (), (source,), voice=asked_voice(request))
    with open(source, run=run, on_progress=on_progress, cancel=cancel) as session:
        return export_edit(session, session.plan(request), folder, options)


def sync(
    source: Path,
    speech: Path,
    output: Path,
    *,
    run: Run | None = None,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Result:
    """Put new speech over the same pictures; the lips follow it, the head moves as shot.

    Args:
        source: The video.
        speech: The new sound, no longer than the video.
        output: The new video; further takes go beside it.
        run: Options.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The outputs and the report. (``FaceditError`` if an input is bad.)
    """
    with open(source, run=run, on_progress=on_progress, cancel=cancel) as session:
        return sync_in(session, speech, output)


def generate(
    face: Path | None,
    output: Path,
    request: GenerateRequest,
    *,
    run: Run | None = None,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Result:
    """Make a talking face from one picture and speech.

    Args:
        face: A picture, or a video of the person: its most closed mouth's picture speaks, with the
            video's own mouths and in the way that the person speaks in it. None, for motion alone:
            the mean face.
        output: The new video; further takes go beside it. Or a ``.csv``, ``.glb`` or ``.npz`` file:
            the motion alone, for a character.
        request: What the face shall say.
        run: Options.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The outputs and the report. (``FaceditError`` if an input is bad.)

    Raises:
        UsageError: If nobody's face shall be drawn.
    """
    if output.suffix.lower() in MOTION_SUFFIXES:
        from facedit.compose.session.performance import generate_motion

        return generate_motion(face, output, request, run or Run(), StageClock(on_progress, cancel))
    if face is None:
        raise UsageError("say whose face speaks: a picture, or a video of the person.")
    with open(
        face,
        run=run,
        footage=request.footage,
        picture_only=request.picture_only,
        on_progress=on_progress,
        cancel=cancel,
    ) as session:
        return generate_in(session, request, output)


def transcribe(
    source: Path,
    output: Path | None = None,
    options: TranscribeOptions | None = None,
    *,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> TranscriptResult:
    """Recognise the words of a video or a sound, with their times.

    Args:
        source: The video or sound.
        output: Where to save them (JSON, SRT, VTT or TextGrid), if anywhere.
        options: How they are recognised.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The words. (``FaceditError`` if the input is bad.)
    """
    from facedit.speech.recognition.align import align
    from facedit.speech.recognition.transcript_parts import joined, transcript_parts
    from facedit.speech.recognition.whisper_words import Recogniser
    from facedit.speech.text.transcript_io import save_transcript, written_kind

    options = options or TranscribeOptions()
    text, language = options.text, options.language
    if output is not None:
        written_kind(output)
        check_output(output, options.force, [source] if text is None else [source, text])
    require("core")
    clock = StageClock(on_progress, cancel)
    with clock.stage("recognising words", 100) as tick:

        def words() -> Transcript:
            sound = read_spoken(source)
            if text is None:
                chosen = Recogniser(options.model, options.hotwords)
                length_s = max(sound.duration_s, 1e-9)
                return joined(
                    transcript_parts(
                        [sound],
                        language,
                        chosen,
                        reached=lambda time_s: tick(round(100 * time_s / length_s)),
                    )
                )
            return align(sound, read_text(text, "transcript", BadTranscript), language or "en")

        found = clock.apart(words)
    if output is not None:
        save_transcript(found, output, force=options.force)
    return TranscriptResult(found, output)


def export_motion(
    source: Path,
    output: Path,
    options: MotionOptions | None = None,
    *,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Result:
    """Export the facial motion of a video: ARKit's blendshape weights, an animated mesh or arrays.

    Args:
        source: The video, or a motion template of LivePortrait, ``.pkl``.
        output: A ``.csv`` file as the Live Link Face app records, a ``.glb`` with an animated mesh,
            an ``.npz`` with all arrays; or ``.pkl``, a motion template for LivePortrait's tool,
            read by its official network.
        options: Whose motion.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The output. (``FaceditError`` if the input is bad, ``UsageError`` if the output is none of
        them, or a template shall become a CSV.)
    """
    from facedit.compose.session.motion_files import write_motion_of

    clock = StageClock(on_progress, cancel)
    return write_motion_of(source, output, options or MotionOptions(), clock)
