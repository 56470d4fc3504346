"""Makes a talking video of one picture, or of a picture of a video."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facedit import __version__
from facedit.compose.job import clip_facts, marked, report_folder
from facedit.compose.person import Shown, borrow, look, shown_canvas, shown_speech, watch
from facedit.compose.picture_notes import picture_notes
from facedit.compose.plans import REFERENCE_S
from facedit.compose.seam_measures import lip_curve, shrunk
from facedit.compose.sound import stretches
from facedit.compose.spans import load_models
from facedit.compose.still import still_targets
from facedit.compose.weights import choose_weights
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.media.still import is_image
from facedit.media.write import VideoWriter
from facedit.model.infill import infill
from facedit.options import Run
from facedit.render.blink import blink_schedule, closure_at
from facedit.render.still import StillAnimator
from facedit.report.files import write_report
from facedit.report.progress import StageClock
from facedit.report.run_report import Figure, Picture, RunReport, SpanFacts, StageTime
from facedit.types import Float32, Sound, SpeechFeatures, Transcript, UInt8
from facedit.units import MOTION_FPS, first_frame_from, frame_time

SHOTS = 14
"""Pictures that the report shows."""


def make_portrait(
    face: Path,
    sound: Sound,
    words: Transcript | None,
    outputs: tuple[Path, ...],
    run: Run,
    clock: StageClock,
    voice: str,
    *,
    picture_only: bool = False,
    footage: Path | None = None,
    notes: tuple[str, ...] = (),
) -> tuple[RunReport, ...]:
    """Let one picture speak.

    Args:
        face: A picture, or a video of the person.
        sound: The speech.
        words: Its words, if known.
        outputs: A file per take.
        run: Options.
        clock: Times the stages.
        voice: Where the sound comes from, for the report.
        picture_only: Of a video too, use one picture and nothing else.
        footage: A video of the same person that shows the mouths and the way of speaking.
        notes: What the user should know, for the report.

    Returns:
        A report per take; they are written beside the outputs as well. (``NoFace`` if there is no
        face, ``AmbiguousFace`` if several could be meant.)
    """
    if footage is not None:
        shown = borrow(look(face, run, clock), watch(footage, run, clock))
    else:
        alone = picture_only or is_image(face)
        shown = look(face, run, clock) if alone else watch(face, run, clock)
    still = shown.still
    with clock.stage("loading models"):
        models = load_models(run)
    frames = max(first_frame_from(sound.duration_s), 1)
    region = run.region_of("generate")
    notes += picture_notes(models.space, still)
    canvas = shown_canvas(models.space, shown, frames, region)
    window = stretches(sound)
    with clock.stage("speech features"):
        heard = shown_speech(shown, canvas, window, models.encoder)
    with clock.stage("motion model"):
        drawn = infill(
            models.motion, canvas.values, canvas.mask, heard,
            seed=run.first_seed, takes=len(outputs), steps=run.steps,
        )  # fmt: skip
    energy = SpeechFeatures.from_values(heard, models.motion.encoder).energy
    times = np.array([frame_time(frame) for frame in range(frames)])
    height, width = still.rgb.shape[:2]
    info = new_video_info(width, height, MOTION_FPS, sound.rate, sound.samples.shape[1])
    mark = marked("generate", "synthetic face and motion throughout", run)
    assert models.mouth is not None
    animator = StillAnimator(still, models.mouth, shown.bank, own=bool(shown.bank), region=region)
    reports = []
    for take, (output, motion) in enumerate(zip(outputs, drawn, strict=True)):
        targets = still_targets(
            models.space, canvas, motion, still, region, borrowed=shown.borrowed
        )
        generator = np.random.default_rng(run.first_seed + take)
        closures = closure_at(times, blink_schedule(frame_time(frames), generator))
        shots = []
        wanted = set(np.linspace(0, frames - 1, SHOTS).astype(int))
        with (
            clock.stage("rendering and writing", frames) as tick,
            VideoWriter(output, info, force=run.force, metadata={"comment": mark}) as writer,
        ):
            for index, rgb in enumerate(animator.animate(targets, closures)):
                writer.write_frame(frame_from_rgb(rgb, times[index], info), times[index])
                writer.write_sound(window(times[index], frame_time(index + 1)))
                if index in wanted:
                    shots.append(Picture(_small(rgb, targets[index]), float(times[index]), "fill"))
                tick(index + 1)
        report = RunReport(
            verb="generate",
            version=__version__,
            source=clip_facts(info, 1, face, 0.0),
            output=clip_facts(info, frames, output, frame_time(frames)),
            transcript=words,
            output_words=words.words if words else (),
            spans=(
                SpanFacts(
                    0.0,
                    frame_time(frames),
                    "generate",
                    words.text if words else voice,
                    frames,
                    np.ones(frames, np.float32),
                    lip_curve(models.space, canvas, motion, energy),
                    tuple(shots),
                ),
            ),
            stages=tuple(StageTime(name, took) for name, took in clock.seconds.items()),
            figures={"seed": run.first_seed + take, "region": region}
            | told(shown, footage or face),
            provenance={"mark in the file": mark, "voice": voice} | choose_weights(run).facts(),
            warnings=notes,
        )
        write_report(report, report_folder(output, run, take), force=run.force)
        reports.append(report)
    return tuple(reports)


def speaker_of(video: Path, run: Run) -> Sound | None:
    """Return some seconds of a person's own voice.

    Args:
        video: The video.
        run: Options.

    Returns:
        The sound; None of a picture, or where there is none.
    """
    if is_image(video):
        return None
    info = probe(video, allow_truncated=run.allow_truncated)
    return read_sound(video, 0.0, 2 * REFERENCE_S, info=info) if info.has_sound else None


def told(shown: Shown, video: Path) -> dict[str, Figure]:
    """Say for the report what was taken from a video beside the picture.

    Args:
        shown: What is known of the person.
        video: The video.

    Returns:
        Figures by name; none of a picture.
    """
    if shown.bank is None:
        return {}
    context = None  # too little is seen or heard
    if shown.context is not None:
        start_s = frame_time(shown.context.first_frame)
        context = (start_s, start_s + frame_time(len(shown.context.landmarks)))
    return {"footage": video.name, "mouths": len(shown.bank), "way of speaking": context}


def _small(rgb: UInt8, landmarks: Float32) -> UInt8:
    """Cut the face out and shrink it for the report."""
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    margin = 0.2 * (high - low)
    left, top = np.maximum(low - margin, 0).astype(int)
    right, bottom = (high + margin).astype(int)
    return shrunk(rgb[top:bottom, left:right])
