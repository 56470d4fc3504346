"""Speech as motion without pictures: for a character, or for a person who shall not be drawn."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from facedit.compose.frames.person import Person, find_person
from facedit.compose.frames.pictures import SpanWork
from facedit.compose.session.checks import check_run
from facedit.compose.session.consents import with_consent
from facedit.compose.session.results import Result, take_files
from facedit.compose.session.speeches import make_speech
from facedit.compose.session.verbs import Speech, person_job
from facedit.compose.source.clip import Clip
from facedit.compose.source.models import Models, load_models
from facedit.compose.takes.express import check_wishes
from facedit.compose.takes.job import prepare
from facedit.compose.takes.motions import draw_motions
from facedit.compose.words.asked_voice import asked_voice
from facedit.errors import UsageError
from facedit.face.closed_lids import turned_landmarks
from facedit.face.landmarker import Landmarker
from facedit.media.output import check_output
from facedit.media.sound import write_wav
from facedit.motion.export import MotionTable, blendshape_weights, jitter, write_motion
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace
from facedit.options import GenerateRequest, Run
from facedit.progress import StageClock
from facedit.render.blink import closure_at
from facedit.render.still_renderer import Still
from facedit.types import FaceTrack, Float32
from facedit.units import MOTION_FPS

NOTE = "synthetic facial motion by facedit, to the speech of"
"""Begins what a file says of itself."""

SIDE, EYES_PX = 512, 160.0
"""Side of the picture in which the mean face is thought to be, and its outer-eye distance."""


def nobody(space: MeshSpace) -> Person:
    """Return the mean neutral face of the motion space, as if somebody had been photographed."""
    middle = np.array([SIDE / 2, 0.4 * SIDE, 0.0])
    landmarks = (EYES_PX * space.canonical + middle).astype(np.float32)
    return Person(Still(np.zeros((SIDE, SIDE, 3), np.uint8), landmarks))


def mean_face(space: MeshSpace) -> Identity:
    """Return what is constant in the mean neutral face of the motion space."""
    return space.identity(nobody(space).still.landmarks[None], np.ones(1, np.float32))


def perform(
    person: Person | None, speech: Speech, models: Models, run: Run, clock: StageClock
) -> tuple[MotionTable, ...]:
    """Let a face speak, and return how it moves.

    The road of ``generate`` up to the landmarks: the same canvas, mask, model and closures.

    Args:
        person: Whose face; the mean face of the motion space if None.
        speech: What is said.
        models: The learned parts.
        run: Options; seed, takes, steps, region and articulation.
        clock: Times the stages.

    Returns:
        The motion of each take at 25 Hz, the best first.

    Raises:
        UsageError: If the weights move something else than landmarks.
    """
    space = models.space
    if not isinstance(space, MeshSpace):
        raise UsageError(f"weights of the motion space {space.name} give no blendshapes.")
    job = person_job(person or nobody(space), speech, run, clock)
    motions = draw_motions(prepare(job, lambda _: (models, {})), run.takes, unseen=True)
    landmarker = Landmarker()
    tables = []
    for take in range(run.takes):
        (work,), _ = motions.works(take)
        with clock.stage("blendshapes"):
            table = clock.apart(partial(_table, space, work, landmarker))
        shut_by = closure_at(table.track.times_s, work.blinks)
        if work.eyes is not None:
            shut_by = np.maximum(shut_by, work.eyes[-len(shut_by) :, :, 0].mean(axis=1))
        tables.append(replace(table, blinks=shut_by, note=f"{NOTE} {speech.spoken_by}"))
    return tuple(tables)


def generate_motion(
    face: Path | None, output: Path, request: GenerateRequest, run: Run, clock: StageClock
) -> Result:
    """Write how a face moves that speaks, and beside it what it says.

    Args:
        face: A picture or a video of the person; the mean face if None.
        output: The file of the first take, of one of ``MOTION_SUFFIXES``.
        request: What is said, and what of the person is used.
        run: Options.
        clock: Times the stages.

    Returns:
        The files. (``FaceditError`` if an input is bad.)
    """
    outputs = take_files(output, run.takes)
    given = [one for one in (face, request.speech, request.footage) if one is not None]
    voice = asked_voice(request)
    check_wishes(run, "generate")
    check_run(run, (), given, voice=None if request.text is None else voice)
    heard = output.with_suffix(".wav")
    for file in (*outputs, heard):
        if file != request.speech:
            check_output(file, run.force, given)
    clip, footage = (
        None if path is None else Clip(path, clock) for path in (face, request.footage)
    )
    with clock.stage("speech"):
        if request.text is not None and (speaker := footage or clip) is not None:
            run = with_consent(run, [voice], speaker)
        speech = make_speech(footage or clip, request.text, request.speech, voice)
    person = None
    if clip is not None:
        person = find_person(clip, run, picture_only=request.picture_only, footage=footage)
    with clock.stage("loading models"):
        models = load_models(run)
    tables = perform(person, speech, models, run, clock)
    for file, table in zip(outputs, tables, strict=True):
        write_motion(file, table, force=run.force)
    if heard != request.speech:
        write_wav(heard, speech.sound, force=run.force)
    frames = len(tables[0].values)
    summary = f"{output}: {frames} frames of motion, the sound in {heard.name}."
    details = {"frames": frames, "sound": str(heard), "jitter": jitter(tables[0].blendshapes)}
    return Result(outputs, None, summary, details)


def _table(space: MeshSpace, work: SpanWork, landmarker: Landmarker) -> MotionTable:
    """Describe the output's part of an infilled canvas."""
    values, identity = work.infilled[-work.canvas.first_frame :], work.canvas.identity
    pose = space.decode_pose(values, identity)
    track = FaceTrack(
        np.arange(len(values)) / MOTION_FPS,
        _turned(space.decode(values, identity), work.eyes),
        np.ones(len(values), np.float32),
        SIDE,
        SIDE,
    )
    weights = blendshape_weights(track, landmarker)
    return MotionTable(track, space, identity, values, pose.degrees(), weights)


def _turned(landmarks: Float32, eyes: Float32 | None) -> Float32:
    """Turn the eyes of a canvas's last frames (F, 478, 3); lids are told apart."""
    if eyes is None:
        return landmarks
    open_eyes = eyes[-len(landmarks) :] * np.array([0, 1, 1], np.float32)
    pairs = zip(landmarks, open_eyes, strict=True)
    return np.stack([turned_landmarks(*pair) for pair in pairs])
