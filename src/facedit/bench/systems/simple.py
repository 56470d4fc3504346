"""What anyone would try first: hold the lips, draw a line, or fit speech to lips by ridge."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np

from facedit.bench.systems.system import InfillTask, System
from facedit.evaluation.baselines import ALL, hold, line, load_ridges
from facedit.types import Float32
from facedit.weights.fetch import sha256_of

RIDGE_FILE = "ridge.safetensors"


def held() -> System:
    """Hold the last kept lips over the span."""

    def draw(task: InfillTask, takes: int) -> Float32:
        return _repeated(hold(np.nan_to_num(task.motion), task.mask), takes)

    tracks = ("reconstruct", "edit", "generate")
    return System("hold", "the last kept lips, held; the head as shot", "rendered", tracks, draw)


def straight() -> System:
    """Join the kept lips on both sides by a straight line."""

    def draw(task: InfillTask, takes: int) -> Float32:
        return _repeated(line(np.nan_to_num(task.motion), task.mask), takes)

    about = "a straight line between the kept lips on both sides"
    return System("line", about, "rendered", ("reconstruct", "edit"), draw)


def cut() -> System:
    """Make no new pictures: the last kept one stands still, then the clip jumps on."""
    about = "no fill: the last kept picture stands over the span; a deletion is a bare jump"
    return System("cut", about, "frozen", ("reconstruct", "edit"))


def truth() -> System:
    """Show the clip itself, encoded as all others are."""
    about = "the clip itself, encoded again: what measuring costs"
    return System("truth", about, "clip", ("reconstruct", "generate"))


def ridge(path: Path | None = None) -> System:
    """Predict motion linearly from speech, tied to the kept motion on both sides."""
    path = path or Path(str(files("facedit"))) / "weights" / RIDGE_FILE
    projection, maps = load_ridges(path)

    def draw(task: InfillTask, takes: int) -> Float32:
        heard = projection(task.speech)
        chosen = maps.get(task.corpus, maps[ALL])
        return _repeated(chosen.fill(np.nan_to_num(task.motion), task.mask, heard), takes)

    about = "ridge regression from 11 frames of speech (of the clip's own corpus where fitted)"
    return System(
        "ridge", about, "rendered", ("reconstruct", "edit", "generate"), draw,
        origin=sha256_of(path)[:16],
    )  # fmt: skip


def _repeated(motion: Float32, takes: int) -> Float32:
    """Return a motion as so many equal takes."""
    return np.repeat(motion[None], takes, axis=0).astype(np.float32)
