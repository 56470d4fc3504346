"""Which of several takes is the best: told by their motion, before any of them is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.compose.frames.canvas import Canvas
from facedit.compose.source.models import Models
from facedit.compose.takes.job import Ready
from facedit.compose.takes.lip_closures import close_lips
from facedit.compose.takes.seam_measures import motion_jumps
from facedit.lip_sync.distance import REACH, mean_distances
from facedit.lip_sync.sync_weights import SyncModel, load_sync
from facedit.runs import runs
from facedit.types import Float32


@dataclass(frozen=True, slots=True, order=True)
class TakeFaults:
    """What is wrong with a take; that of two is better which has less of the first that differs.

    Attributes:
        parted: Sounds m, b and p on which its lips were not drawn closed.
        jumps: Seams at which it steps further than the clip does by itself.
        unsynced: How far its lips are from the sound of the same moment, in [0, 2].
    """

    parted: int
    jumps: int
    unsynced: float


def best_first(ready: Ready, infilled: Sequence[Float32]) -> tuple[int, ...]:
    """Order takes, the best first; of equal ones the earlier.

    Args:
        ready: What they have in common.
        infilled: Motion of every take on each canvas, shape (takes, T, D).

    Returns:
        Numbers of the takes.
    """
    net = sync_network(ready.models)
    faults: list[TakeFaults] = []
    for take in range(len(infilled[0])):
        parted = jumps = 0
        apart: list[float] = []
        for canvas, moments, heard, drawn in zip(
            ready.canvases, ready.closures, ready.speech, infilled, strict=True
        ):
            motion, closed = close_lips(ready.models.space, canvas, drawn[take], moments)
            parted += closed.spoken - closed.drawn
            jumps += _jumps(canvas, motion)
            if net is not None:
                apart.append(_unsynced(net, canvas, motion, heard))
        known = [one for one in apart if np.isfinite(one)]
        faults.append(TakeFaults(parted, jumps, float(np.mean(known)) if known else 0.0))
    return tuple(sorted(range(len(faults)), key=faults.__getitem__))


def sync_network(models: Models) -> SyncModel | None:
    """Return the sync network if it sees the models' motion and hears through their encoder."""
    net = load_sync()
    fits = (net.space, net.encoder) == (models.motion.space, models.motion.encoder)
    return net if fits else None


def _jumps(canvas: Canvas, motion: Float32) -> int:
    """Count the seams at which motion steps further than the clip does by itself."""
    hidden = np.asarray(canvas.mask.any(axis=1))
    seams = [edge for span in runs(hidden) for edge in span if 0 < edge < len(motion)]
    return sum(motion_jumps(canvas, motion, edge)[0].is_usual is False for edge in seams)


def _unsynced(net: SyncModel, canvas: Canvas, motion: Float32, speech: Float32) -> float:
    """Return the mean distance of the lips that were drawn from their sound; NaN if unknown."""
    counts = np.asarray(canvas.mask.any(axis=1))
    embedded = net.embed_motion(motion), net.embed_speech(speech)
    return float(mean_distances(*embedded, counts)[REACH])
