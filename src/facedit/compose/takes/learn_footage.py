"""The frames of a run that show the face moving, for renderers that learn from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from facedit.compose.frames.base import Base, TrackedWindow
from facedit.compose.frames.person import free_of
from facedit.compose.source.clip import Clip
from facedit.compose.source.models import Models
from facedit.progress import Tick
from facedit.render.footage import Footage
from facedit.render.renderers import LearnsFootage
from facedit.report.run_report import Figure
from facedit.types import Float32, Float64, UInt8

_FRAMES = 300
"""At most so many are looked at, spread over all."""


def after_footage(models: Models, base: Base) -> tuple[Models, dict[str, Figure]]:
    """Let the renderer learn from the video of the face, if it does and there is one.

    Args:
        models: The learned parts.
        base: The pictures underneath, tracked.

    Returns:
        The parts to draw with, and figures for the report.
    """
    if not isinstance(models.renderer, LearnsFootage):
        return models, {}
    if (moving := base.moving()) is None:
        renderer, figures = models.renderer.learnt(models.space, None)
        return replace(models, renderer=renderer), {**figures}
    clip, windows = moving
    shown = [_shown(window) for window in windows]
    count = sum(len(times) for times, _ in shown)
    step = max(-(-count // _FRAMES), 1)
    chosen = [(times[::step], landmarks[::step]) for times, landmarks in shown]
    with clip.clock.stage("learning from footage", sum(len(t) for t, _ in chosen)) as tick:
        footage = Footage(_key(clip, chosen), lambda: _looks(clip, chosen, tick))
        renderer, figures = models.renderer.learnt(models.space, footage)
    return replace(models, renderer=renderer), {**figures}


def _shown(window: TrackedWindow) -> tuple[Float64, Float32]:
    """Return times and landmarks of the frames with a face that nothing covers."""
    track = free_of(window.track, window.covers)
    seen = np.isfinite(track.landmarks[:, 0, 0])
    return track.times_s[seen], track.landmarks[seen]


def _looks(
    clip: Clip, chosen: list[tuple[Float64, Float32]], tick: Tick
) -> Iterator[tuple[UInt8, Float32]]:
    done = 0
    for times, landmarks in chosen:
        if not len(times):
            continue
        at = {float(time_s): row for row, time_s in enumerate(times)}
        for frame in clip.frames(float(times[0]), float(times[-1]) + 1e-3):
            if frame.time_s in at:
                yield frame.rgb(), landmarks[at[frame.time_s]]
                tick(done := done + 1)


def _key(clip: Clip, chosen: list[tuple[Float64, Float32]]) -> str:
    if not clip.keep:
        return ""
    digest = hashlib.sha256(clip.sha256.encode())
    for times, landmarks in chosen:
        digest.update(np.ascontiguousarray(times).data)
        digest.update(np.ascontiguousarray(landmarks).data)
    return digest.hexdigest()
