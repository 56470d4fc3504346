"""What is asked for of an open clip: refused before any work if it cannot end well, then made."""

from __future__ import annotations

from pathlib import Path

from facedit.compose.session.checks import check_run
from facedit.compose.session.results import Result, take_files
from facedit.compose.session.session import Session
from facedit.compose.takes.express import check_wishes
from facedit.compose.words.asked_voice import asked_voice
from facedit.options import EditRequest, GenerateRequest


def edit_in(
    session: Session, request: EditRequest, output: Path, save_script: Path | None = None
) -> Result:
    """Change words, with the session's options.

    Args:
        session: The video.
        request: What shall change.
        output: The edited video; further takes go beside it.
        save_script: Where to save the edit script, if anywhere.

    Returns:
        The outputs and the report. (``FaceditError`` if the input or the request is bad.)
    """
    run = session.run
    inputs = (
        session.source, *request.speech, request.transcript, request.script, request.footage,
    )  # fmt: skip
    outputs = take_files(output, run.takes)
    check_run(run, outputs, inputs, script=save_script, voice=asked_voice(request))
    return session.render(session.plan(request), output, save_script=save_script)


def sync_in(session: Session, speech: Path, output: Path) -> Result:
    """Put new speech over the same pictures, with the session's options.

    Args:
        session: The video.
        speech: The new sound, no longer than the video.
        output: The new video; further takes go beside it.

    Returns:
        The outputs and the report. (``FaceditError`` if an input is bad.)
    """
    run = session.run
    check_wishes(run, "sync")
    check_run(run, take_files(output, run.takes), (session.source, speech))
    return session.sync(session.speak(recording=speech), output)


def generate_in(session: Session, request: GenerateRequest, output: Path) -> Result:
    """Make a talking face, with the session's options.

    Args:
        session: The picture or video, opened with the request's ``footage`` and ``picture_only``.
        request: What the face shall say.
        output: The new video; further takes go beside it.

    Returns:
        The outputs and the report. (``FaceditError`` if an input is bad.)
    """
    run, text, voice = session.run, request.text, asked_voice(request)
    inputs = (session.source, request.speech, request.footage)
    check_wishes(run, "generate")
    check_run(run, take_files(output, run.takes), inputs, voice=None if text is None else voice)
    speech = session.speak(text, recording=request.speech, voice=voice)
    return session.generate(speech, output)
