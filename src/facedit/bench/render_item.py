"""Makes the video of one system for one item: the motion is the system's, the rest is shared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedit import __version__
from facedit.bench.prepared_item import Case
from facedit.bench.systems.system import System
from facedit.compose.pictures import Picture, SpanWork, output_pictures
from facedit.compose.still import still_targets
from facedit.editing.timeline import output_frames
from facedit.media.frame import Frame
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.read import read_frames
from facedit.media.write import VideoWriter, write_video
from facedit.render.blink import blink_schedule, closure_at
from facedit.render.network import MouthNetwork
from facedit.render.renderer import FaceRenderer
from facedit.render.still import StillAnimator
from facedit.report.progress import StageClock
from facedit.types import Float32, Sound
from facedit.units import MOTION_FPS, frame_time


@dataclass(frozen=True, slots=True)
class Made:
    """A video and what was drawn for it.

    Attributes:
        video: The file; None where the system makes no pictures.
        drawn: Motion of every take on the case's canvas, shape (takes, T, D); None if none was
            drawn.
    """

    video: Path | None
    drawn: Float32 | None


def make_video(
    case: Case, system: System, network: MouthNetwork, output: Path, takes: int, clock: StageClock
) -> Made:
    """Make the video of a system for an item, from its first take.

    Args:
        case: The item, ready.
        system: The system.
        network: The mouth network that renders all systems alike.
        output: The video, replaced if it exists.
        takes: Versions of the motion to draw, where takes differ.
        clock: Times the stages.

    Returns:
        The video and the motion.
    """
    drawn: Float32 | None = None
    if system.draw is not None:
        with clock.stage("drawing motion"):
            drawn = system.draw(case.task, takes if system.chance else 1)
    if system.pictures == "none":
        return Made(None, drawn)
    with clock.stage("rendering and writing"):
        if case.still is not None and system.pictures == "rendered" and drawn is not None:
            _write_still(case, drawn[0], network, output)
        else:
            info = case.info if system.pictures == "clip" else case.source_info
            frames = _pictures(case, system, drawn, network)
            write_video(
                output, info, frames, case.sound.blocks(), force=True, metadata={"comment": _mark()}
            )
    return Made(output, drawn)


def _pictures(
    case: Case, system: System, drawn: Float32 | None, network: MouthNetwork
) -> Iterator[Frame]:
    """Return the pictures of a system at their times."""
    if system.pictures == "clip":
        return read_frames(case.clip, info=case.info)
    if system.pictures == "frozen":
        return frozen(case)
    assert drawn is not None
    assert case.plan is not None
    assert case.paths is not None
    assert case.window is not None
    span = case.plan.picture_spans()[0]
    at_end = span.output_end_s >= case.plan.output_duration_s - 1e-6
    work = SpanWork(
        case.canvas,
        np.where(case.canvas.mask, drawn[0], case.canvas.values),
        case.window.track,
        FaceRenderer(case.window.bank, network),
        case.space,
        "lips",
        span.output_start_s,
        np.inf if at_end else span.output_end_s,
    )
    pictures: Iterable[Picture] = output_pictures(
        case.source, case.source_info, case.plan, case.paths, (work,)
    )
    return (picture.frame.at(picture.time_s) for picture in pictures)


def frozen(case: Case) -> Iterator[Frame]:
    """Show the last kept picture over a span, then jump on.

    Args:
        case: An item with a plan.

    Yields:
        Pictures at their times.
    """
    assert case.plan is not None
    # Nothing beside the fill is touched: no margin, no bridge.
    plan = replace(case.plan, margin_s=0.0, bridge_s=0.0)
    frames = list(read_frames(case.source, info=case.source_info))
    shown = list(output_frames(plan, [frame.time_s for frame in frames]))
    kept = [frame.source_index for frame in shown if frame.role != "fill"]
    last = kept[0] if kept else 0
    for frame in shown:
        if frame.role != "fill":
            last = frame.source_index
        yield frames[last].at(frame.output_time_s)


def _write_still(case: Case, motion: Float32, network: MouthNetwork, output: Path) -> None:
    """Let the one picture speak."""
    assert case.still is not None
    targets = still_targets(case.space, case.canvas, motion, case.still, "head")
    frames = len(targets)
    times = np.array([frame_time(frame) for frame in range(frames)])
    generator = np.random.default_rng(case.item.seed)
    closures = closure_at(times, blink_schedule(frame_time(frames), generator))
    height, width = case.still.rgb.shape[:2]
    info = new_video_info(width, height, MOTION_FPS, case.sound.rate, case.info.channels)
    animator = StillAnimator(case.still, network, region="head")
    with VideoWriter(output, info, force=True, metadata={"comment": _mark()}) as writer:
        for index, rgb in enumerate(animator.animate(targets, closures)):
            writer.write_frame(frame_from_rgb(rgb, times[index], info), times[index])
            sound: Sound = case.sound.window(times[index], frame_time(index + 1))
            writer.write_sound(sound)


def _mark() -> str:
    return f"facedit {__version__} bench: synthetic face, made for measuring"
