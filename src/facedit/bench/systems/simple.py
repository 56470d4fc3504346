"""What anyone would try first: hold the lips, draw a line, fit speech to lips, find like sound."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np

from facedit.bench.systems.retrieval import retrieve
from facedit.bench.systems.system import TRACKS, InfillTask, System
from facedit.evaluation.baselines import ALL, hold, line, load_ridges
from facedit.model.checkpoint import load_model
from facedit.types import Float32
from facedit.weights.fetch import sha256_of

RIDGE_FILE = "ridge.safetensors"


def held() -> System:
    """Hold the last kept lips over the span."""
    about = "the last kept lips, held; the head as shot"
    return _drawn_by("hold", about, lambda task, kept: hold(kept, task.mask), TRACKS)


def straight() -> System:
    """Join the kept lips on both sides by a straight line."""
    about = "a straight line between the kept lips on both sides"
    return _drawn_by("line", about, lambda task, kept: line(kept, task.mask))


def retrieval() -> System:
    """Retrieve the speaker's own matching mouth motion from the rest of the clip."""
    projection = load_model().projection
    about = "the speaker's own mouth motion from where the clip sounds alike"
    return _drawn_by("retrieval", about, lambda task, kept: retrieve(task, projection))


def ridge(path: Path | None = None) -> System:
    """Predict motion linearly from speech, tied to the kept motion on both sides."""
    path = path or Path(str(files("facedit"))) / "weights" / RIDGE_FILE
    projection, maps = load_ridges(path)

    def fill(task: InfillTask, kept: Float32) -> Float32:
        chosen = maps.get(task.corpus, maps[ALL])
        return chosen.fill(kept, task.mask, projection(task.speech))

    about = "ridge regression from 11 frames of speech (of the clip's own corpus where fitted)"
    return _drawn_by("ridge", about, fill, TRACKS, sha256_of(path)[:16])


def cut() -> System:
    """Make no new pictures: the last kept one stands still, then the clip jumps on."""
    about = "no fill: the last kept picture stands over the span; a deletion is a bare jump"
    return System("cut", about, "frozen", ("reconstruct", "edit"))


def truth() -> System:
    """Show the clip itself, encoded as all others are."""
    about = "the clip itself, encoded again: what measuring costs"
    return System("truth", about, "clip", ("reconstruct", "generate"))


def _drawn_by(
    name: str,
    about: str,
    rule: Callable[[InfillTask, Float32], Float32],
    tracks: tuple[str, ...] = ("reconstruct", "edit"),
    origin: str = "",
) -> System:
    """Make a system of a rule from a task and its kept motion; all of its takes are equal."""

    def draw(task: InfillTask, takes: int) -> Float32:
        motion = rule(task, np.nan_to_num(task.motion))
        return np.repeat(motion[None], takes, axis=0).astype(np.float32)

    return System(name, about, "rendered", tracks, draw, origin=origin)
