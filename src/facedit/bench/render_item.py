"""Makes the video of one system for one item: the motion is the system's, the rest is shared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedit import __version__
from facedit.bench.prepared_item import Case, in_space
from facedit.bench.systems.system import System
from facedit.compose.frames.base import Take
from facedit.compose.frames.pictures import output_pictures
from facedit.editing.timeline import output_frames
from facedit.media.frame import Frame
from facedit.media.read import read_frames
from facedit.media.write import write_video
from facedit.media.write_options import WriteOptions
from facedit.motion.space import space_named
from facedit.progress import StageClock
from facedit.render.mouths import Mouths
from facedit.render.renderers import RENDERERS, Renderer
from facedit.types import LANDMARK_TERMS, Float32


@dataclass(frozen=True, slots=True)
class Made:
    """A video, if the system makes pictures, and the motion of every take on the case's canvas.

    ``drawn`` has the shape (takes, T, D); it is None if none was drawn.
    """

    video: Path | None
    drawn: Float32 | None


def make_video(
    case: Case, system: System, mouths: Mouths, output: Path, takes: int, clock: StageClock
) -> Made:
    """Make the video of a system for an item, from the first of ``takes`` of its motion.

    ``mouths`` draw all systems, but where their motion space has a renderer of its own; ``output``
    is replaced if it exists.
    """
    view = case
    if system.space != case.space.name:
        view = in_space(case, space_named(system.space, mouths.device))
    drawn: Float32 | None = None
    if system.draw is not None:
        with clock.stage("drawing motion"):
            drawn = system.draw(view.task, takes if system.chance else 1)
    if system.pictures == "none":
        return Made(None, _measured(case, view, drawn))
    with clock.stage("rendering and writing"):
        clip = system.pictures == "clip"
        info, sound = case.info if clip else case.base.info, case.sound.blocks()
        if case.still is not None and not clip:
            # A frame more than the clip, if its length is no whole number of frames.
            end_s = case.base.plan.output_duration_s
            sound = iter([case.sound.window(0.0, end_s).samples])
        frames = _pictures(view, system, drawn, mouths)
        comment = f"facedit {__version__} bench: synthetic face, made for measuring"
        write_video(output, info, frames, sound, WriteOptions(True, {"comment": comment}))
    return Made(output, _measured(case, view, drawn))


def _pictures(case: Case, system: System, drawn: Float32 | None, mouths: Mouths) -> Iterator[Frame]:
    """Return the pictures of a system at their times."""
    if system.pictures == "clip":
        return read_frames(case.clip, info=case.info)
    if system.pictures == "frozen":
        return frozen(case)
    assert drawn is not None
    motion = np.where(case.canvas.mask, drawn[0], case.canvas.values)
    base = case.base
    renderer: Renderer = mouths
    if mouths.terms != case.space.terms:
        renderer = RENDERERS.make(case.space.renderer, mouths.network, mouths.device)
    works = base.works(Take((case.canvas,), (motion,), case.space, renderer, case.item.seed))
    pictures = output_pictures(base.frames(), base.plan, base.paths, works)
    return (picture.frame.at(picture.time_s) for picture in pictures)


def _measured(case: Case, view: Case, drawn: Float32 | None) -> Float32 | None:
    """Say motion that was drawn in another space in the one that is measured; None if none can."""
    if view is case or drawn is None:
        return drawn
    if view.space.terms != LANDMARK_TERMS:
        return None
    canvas = case.canvas
    return np.stack(
        [
            np.where(
                canvas.mask,
                case.space.encode(view.space.decode(one, view.canvas.identity), canvas.identity),
                canvas.values,
            )
            for one in drawn
        ]
    )


def frozen(case: Case) -> Iterator[Frame]:
    """Show the last kept picture over a span, then jump on."""
    assert case.plan is not None
    # Nothing beside the fill is touched: no margin, no bridge.
    plan = replace(case.plan, margin_s=0.0, bridge_s=0.0)
    frames = list(read_frames(case.source, info=case.base.info))
    shown = list(output_frames(plan, [frame.time_s for frame in frames]))
    kept = [frame.source_index for frame in shown if frame.role != "fill"]
    last = kept[0] if kept else 0
    for frame in shown:
        if frame.role != "fill":
            last = frame.source_index
        yield frames[last].at(frame.output_time_s)
