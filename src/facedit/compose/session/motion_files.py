"""The motion of a video, or of a motion template, as a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from facedit.compose.session.results import Result
from facedit.device import choose_device
from facedit.errors import UsageError
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.media.info import VideoInfo
from facedit.media.output import check_output
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.motion.export import blendshape_weights, jitter, motion_table, write_motion
from facedit.motion.liveportrait.motion_template import (
    SUFFIX,
    MotionTemplate,
    read_template,
    write_arrays,
    write_template,
)
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.space import seen_in, space_named
from facedit.options import MOTION_SUFFIXES, MotionOptions
from facedit.progress import StageClock, Tick
from facedit.types import UInt8
from facedit.weights.fetch import require


def write_motion_of(
    source: Path, output: Path, options: MotionOptions, clock: StageClock
) -> Result:
    """Write the motion of a video, or a motion template in another form.

    Args:
        source: The video, or a template of LivePortrait.
        output: A file of ``MOTION_SUFFIXES``, or a template.
        options: Whose motion.
        clock: Times the stages.

    Returns:
        The output. (``FaceditError`` if the input is bad.)

    Raises:
        UsageError: If the output is none of them, or a template shall become a CSV.
    """
    kind = output.suffix.lower()
    if kind not in (*MOTION_SUFFIXES, SUFFIX):
        raise UsageError(f"{output.name}: motion is written as .csv, .glb, .npz or {SUFFIX}.")
    check_output(output, options.force, [source])
    if options.smooth is not None and SUFFIX not in (kind, source.suffix.lower()):
        raise UsageError(f"--smooth is for LivePortrait's motion, read or written as {SUFFIX}.")
    if source.suffix.lower() == SUFFIX:
        return _converted(source, output, options)
    choice = FaceChoice.parse(options.face)
    require("face_landmarker.task")
    info = probe(source)
    landmarker = Landmarker()
    with clock.stage("tracking", info.frame_count) as tick:
        frames = ((frame.time_s, frame.rgb()) for frame in read_frames(source, info=info))
        tracked = track_face(frames, choice, landmarker=landmarker, progress=tick)
        track = smooth_track(tracked)
    seen = int(np.isfinite(track.landmarks[:, 0, 0]).sum())
    summary = f"{output}: motion of {seen} of {len(track.times_s)} frames."
    details: dict[str, float] = {"frames": len(track.times_s), "with_face": seen}
    if kind == SUFFIX:
        with clock.stage("LivePortrait's motion", info.frame_count) as tick:
            pictures = _shown(source, info, tick)
            found = seen_in(space_named("liveportrait", choose_device()), track, pictures)
        template = MotionTemplate.of(found, float(info.frame_rate))
        if options.smooth is not None:
            template = template.smoothed(options.smooth)
        write_template(output, template, force=options.force)
    else:
        table = clock.apart(lambda: motion_table(track, MeshSpace.load(), landmarker))
        write_motion(output, table, force=options.force)
        raw = clock.apart(lambda: jitter(blendshape_weights(tracked, landmarker)))
        details |= {"jitter": jitter(table.blendshapes), "tracker_jitter": raw}
        summary += f" They tremble by {details['jitter']:.4f}, as tracked by {raw:.4f}."
    return Result((output,), None, summary, details)


def _shown(source: Path, info: VideoInfo, tick: Tick) -> Iterator[UInt8]:
    """Stream the pictures of a video, and say how many."""
    for number, frame in enumerate(read_frames(source, info=info), 1):
        yield frame.rgb()
        tick(number)


def _converted(source: Path, output: Path, options: MotionOptions) -> Result:
    """Write a motion template of LivePortrait in another form."""
    if output.suffix.lower() not in (".npz", SUFFIX):
        raise UsageError(f"{output.name}: a motion template is written as .npz or .pkl.")
    template = read_template(source)
    if options.smooth is not None:
        template = template.smoothed(options.smooth)
    write = write_arrays
    if output.suffix.lower() == SUFFIX:
        write = write_template
    write(output, template, force=options.force)
    count = len(template.scale)
    return Result((output,), None, f"{output}: motion of {count} frames.", {"frames": count})
