"""The verbs: each composes the stages into one run. The command line and Python call these."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np

from facedit.compose import scripts
from facedit.compose.base import TrackedWindow
from facedit.compose.job import Job, LoadModels, clip_facts, make, report_folder
from facedit.compose.models import Models, check_models, load_models
from facedit.compose.person import find_person, speaker_of
from facedit.compose.picture_base import picture_base
from facedit.compose.plans import PlannedEdit, plan_words, sound_notes, voices_of, whole_clip_plan
from facedit.compose.results import (
    Result,
    TranscriptResult,
    describe,
    plan_result,
    result_of,
    take_files,
)
from facedit.compose.sound import compose_sound, with_sound
from facedit.compose.spans import track_video
from facedit.compose.words import source_transcript, word_edits
from facedit.device import choose_device
from facedit.errors import BadTranscript, UsageError
from facedit.face.choice import FaceChoice
from facedit.inputs import read_text
from facedit.media.encode import container_of
from facedit.media.info import VideoInfo
from facedit.media.output import check_output, none_left_behind, whole_or_nothing
from facedit.media.probe import probe
from facedit.media.sound import read_speech_file, read_spoken
from facedit.options import EditRequest, Run
from facedit.progress import OnProgress, StageClock
from facedit.report.files import check_report, report_files
from facedit.report.run_report import Figure
from facedit.speech.voice import synthesise, voice_named
from facedit.speech.voice_choice import VoiceChoice, choose_voice
from facedit.training.adapt.adapting import adapted_models
from facedit.types import Transcript
from facedit.weights.fetch import require


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
        source: The video.
        request: What shall change.
        save_script: Where to save the edit script, if anywhere.
        run: Options.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The plan, without outputs. (``FaceditError`` if the input or the request is bad.)
    """
    run = run or Run()
    _check(run, (), [source], save_script, request.voice)
    clock = StageClock(on_progress, cancel)
    info, planned, request, run = _planned(source, request, run, clock)
    if save_script is not None:
        scripts.save_script(save_script, source, info, planned, request, run)
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
    """Change the words of a talking-face video.

    Args:
        source: The video.
        output: The edited video; further takes go beside it.
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
    run = run or Run()
    if output is None:
        raise UsageError("say where the edited video goes (-o OUT), or only --plan.")
    outputs = take_files(output, run.takes)
    given = (request.speech, request.transcript, request.script)
    inputs = [source, *(file for file in given if file is not None)]
    made = _check(run, outputs, inputs, save_script, request.voice)
    clock = StageClock(on_progress, cancel)
    info, planned, request, run = _planned(source, request, run, clock)
    if not planned.edits and all(file.suffix == source.suffix for file in outputs):
        with none_left_behind(made):
            result = _unchanged(source, outputs, run)
            if save_script is not None:
                scripts.save_script(save_script, source, info, planned, request, run)
        return result
    snippets = tuple(snippet.sound if snippet else None for snippet in planned.snippets)
    floors = tuple(snippet.floor if snippet else None for snippet in planned.snippets)
    spoken = [snippet.transcript.words if snippet else () for snippet in planned.snippets]
    voices = voices_of(planned)
    job = Job(
        verb="edit",
        source=clip_facts(info, info.frame_count),
        base=track_video(source, info, planned.plan, run, clock),
        sound=compose_sound(source, info, planned.plan, snippets, floors),
        transcript=planned.transcript,
        output_words=planned.plan.output_words(planned.transcript, spoken),
        voice="; ".join(map(str, voices)) or str(request.speech or "none"),
        run=run,
        clock=clock,
        notes=(*(choice.warning for choice in voices if choice.warning), *sound_notes(planned)),
    )
    with none_left_behind(made):
        reports = make(job, _models(run, clock), outputs)
        if save_script is not None:
            scripts.save_script(save_script, source, info, planned, request, run)
    return result_of(describe(planned), outputs, reports, run, voices)


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
    run = run or Run()
    outputs = take_files(output, run.takes)
    made = _check(run, outputs, [source, speech])
    clock = StageClock(on_progress, cancel)
    info = probe(source, allow_truncated=run.allow_truncated)
    new = read_speech_file(speech)
    plan = whole_clip_plan(info.duration_s, info.frame_rate, new.duration_s)
    if not info.has_sound:
        info = with_sound(info, new)
    job = Job(
        verb="sync",
        source=clip_facts(info, info.frame_count),
        base=track_video(source, info, plan, run, clock),
        sound=compose_sound(source, info, plan, (new,), crossfade_s=0.0),
        transcript=None,
        output_words=(),
        voice=speech.name,
        run=run,
        clock=clock,
    )
    with none_left_behind(made):
        reports = make(job, _models(run, clock), outputs)
    summary = f"{new.duration_s:.2f} s of new speech over {info.duration_s:.2f} s of pictures."
    return result_of(summary, outputs, reports, run)


def generate(
    face: Path,
    output: Path,
    *,
    speech: Path | None = None,
    text: str | None = None,
    voice: str = "auto",
    picture_only: bool = False,
    footage: Path | None = None,
    run: Run | None = None,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Result:
    """Make a talking face from one picture and speech.

    Args:
        face: A picture, or a video of the person: its most closed mouth's picture speaks, with the
            video's own mouths and in the way that the person speaks in it.
        output: The new video; further takes go beside it.
        speech: The speech.
        text: The words, to be spoken by ``voice``, instead of ``speech``.
        voice: Voice of ``text``; ``auto`` is the nearest to the speaker of a video.
        picture_only: Take one picture of a video and nothing else.
        footage: A video of the same person: its mouths and way of speaking are used.
        run: Options.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The outputs and the report. (``FaceditError`` if an input is bad.)

    Raises:
        UsageError: If both a recording and a text are given, or neither; or footage, and nothing
            but the picture shall be used.
    """
    run = run or Run()
    if picture_only and footage is not None:
        raise UsageError("--picture-only and --footage contradict each other: leave one out.")
    if (speech is None) == (text is None):
        raise UsageError("say what is spoken: either a SPEECH file or --text.")
    outputs = take_files(output, run.takes)
    inputs = [one for one in (face, speech, footage) if one is not None]
    made = _check(run, outputs, inputs, voice=voice if text is not None else None)
    clock = StageClock(on_progress, cancel)
    words: Transcript | None = None
    choices: tuple[VoiceChoice, ...] = ()
    with clock.stage("speech"):
        if speech is not None:
            sound = read_speech_file(speech)
        else:
            choices = (choose_voice(voice, speaker_of(footage or face, run)),)
            sound, words = synthesise(text or "", choices[0].voice)
    spoken_by = str(choices[0] if choices else speech)
    person = find_person(face, run, clock, picture_only=picture_only, footage=footage)
    said = words.text if words else spoken_by
    base = picture_base(person, sound, said, (footage or face).name)
    job = Job(
        verb="generate",
        source=clip_facts(base.info, 1, face, 0.0),
        base=base,
        sound=compose_sound(face, base.info, base.plan, (sound,), crossfade_s=0.0),
        transcript=words,
        output_words=words.words if words else (),
        voice=spoken_by,
        run=run,
        clock=clock,
        notes=tuple(choice.warning for choice in choices if choice.warning),
    )
    with none_left_behind(made):
        reports = make(job, _models(run, clock), outputs)
    summary = f"{sound.duration_s:.2f} s of {face.name} speaking."
    return result_of(summary, outputs, reports, run, choices)


def transcribe(
    source: Path,
    output: Path | None = None,
    *,
    language: str | None = None,
    text: Path | None = None,
    force: bool = False,
) -> TranscriptResult:
    """Recognise the words of a video or a sound, with their times.

    Args:
        source: The video or sound.
        output: Where to save them (JSON, SRT, VTT or TextGrid), if anywhere.
        language: Language code; recognised if None.
        text: A file of the words, if they are known: then they are only aligned.
        force: Replace the output.

    Returns:
        The words. (``FaceditError`` if the input is bad.)
    """
    from facedit.speech.align import align
    from facedit.speech.sound_cache import cached_transcript
    from facedit.speech.transcript_io import save_transcript, written_kind

    if output is not None:
        written_kind(output)
        check_output(output, force, [source] if text is None else [source, text])
    require("core")
    sound = read_spoken(source)
    if text is None:
        found = cached_transcript(sound, language)
    else:
        found = align(sound, read_text(text, "transcript", BadTranscript), language or "en")
    if output is not None:
        save_transcript(found, output, force=force)
    return TranscriptResult(found, output)


def export_motion(
    source: Path,
    output: Path,
    *,
    face: str | None = None,
    force: bool = False,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Result:
    """Export the facial motion of a video, with the 52 ARKit blendshape weights.

    Args:
        source: The video.
        output: A ``.csv`` or ``.npz`` file.
        face: Which face.
        force: Replace the output.
        on_progress: Told of every step of every stage.
        cancel: Once set, the run stops within a second and raises ``Cancelled``.

    Returns:
        The output. (``FaceditError`` if the input is bad.)

    Raises:
        UsageError: If the output is neither.
    """
    from facedit.face.landmarker import Landmarker
    from facedit.face.smooth import smooth_track
    from facedit.face.track import track_face
    from facedit.media.read import read_frames
    from facedit.motion.export import motion_table, write_motion
    from facedit.motion.mesh_space import MeshSpace

    if output.suffix.lower() not in (".csv", ".npz"):
        raise UsageError(f"{output.name}: motion is written as .csv or .npz.")
    check_output(output, force, [source])
    choice = FaceChoice.parse(face)
    require("face_landmarker.task")
    clock = StageClock(on_progress, cancel)
    info = probe(source)
    landmarker = Landmarker()
    with clock.stage("tracking", info.frame_count) as tick:
        frames = ((frame.time_s, frame.rgb()) for frame in read_frames(source, info=info))
        track = smooth_track(track_face(frames, choice, landmarker=landmarker, progress=tick))
    write_motion(output, motion_table(track, MeshSpace.load(), landmarker), force=force)
    seen = int(np.isfinite(track.landmarks[:, 0, 0]).sum())
    summary = f"{output}: motion of {seen} of {len(track.times_s)} frames."
    return Result((output,), None, summary, {"frames": len(track.times_s), "with_face": seen})


def _check(
    run: Run,
    outputs: tuple[Path, ...],
    inputs: list[Path],
    save_script: Path | None = None,
    voice: str | None = None,
) -> list[Path]:
    """Refuse before any work what cannot end well; return everything the run will make."""
    FaceChoice.parse(run.face)
    choose_device(run.device)
    check_models(run)
    require("core")
    if voice not in (None, "auto"):
        voice_named(voice)
    made: list[Path] = []
    for take, output in enumerate(outputs):
        folder = report_folder(output, run, take)
        check_output(output, run.force, inputs)
        container_of(output)
        check_report(folder, force=run.force)
        made += [output, *report_files(folder)]
    if save_script is not None:
        check_output(save_script, run.force, inputs)
        made.append(save_script)
    return made


def _planned(
    source: Path, request: EditRequest, run: Run, clock: StageClock
) -> tuple[VideoInfo, PlannedEdit, EditRequest, Run]:
    """Do what --plan and a real edit share: everything up to the layout in time."""
    info = probe(source, need_sound=True, allow_truncated=run.allow_truncated)
    if request.script is None:
        transcript = source_transcript(source, info, request, clock)
        edits = word_edits(transcript, request)
        return info, plan_words(source, info, transcript, edits, request, clock), request, run
    script = scripts.load_script(request.script, source)
    request, run = scripts.with_script_options(script, request, run)
    # Joints that were moved by hand count; the lengths come from the sounds as they are made now.
    joints = None
    if script.plan is not None:
        joints = tuple((fill.source_start_s, fill.source_end_s) for fill in script.plan.fills)
    planned = plan_words(source, info, script.transcript, script.edits, request, clock, joints)
    return info, planned, request, run


def _models(run: Run, clock: StageClock) -> LoadModels:
    """Return what loads the networks of a run, fitted to the clip where that is asked for."""

    def load(windows: Sequence[TrackedWindow]) -> tuple[Models, dict[str, Figure]]:
        with clock.stage("loading models"):
            learned = load_models(run)
        return adapted_models(learned, windows, run, clock)

    return load


def _unchanged(source: Path, outputs: tuple[Path, ...], run: Run) -> Result:
    """Nothing changes: the output is the source, byte for byte."""
    for output in outputs:
        with whole_or_nothing(output, run.force) as temporary:
            shutil.copyfile(source, temporary)
    summary = "The new words are the old ones: the output is a copy of the source."
    return Result(outputs, None, summary, {"unchanged": True})
