"""What anyone would try first: hold the lips, draw a line, or fit speech to lips by ridge."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from facedit.bench.systems.system import InfillTask, System
from facedit.errors import BadWeights
from facedit.evaluation.baselines import Ridge, hold, line
from facedit.media.output import whole_or_nothing
from facedit.model.normalise import SpeechProjection
from facedit.tensors import read_tensors
from facedit.types import Float32
from facedit.weights.fetch import sha256_of

RIDGE_FILE = "ridge.safetensors"
ALL = "all"
REACH = "reach"


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
    """Predict motion linearly from speech, tied to the kept motion on both sides.

    ``path``: its weights; the shipped ones by default.
    """
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


def save_ridges(path: Path, projection: SpeechProjection, maps: dict[str, Ridge]) -> None:
    """Write fitted ridges as one safetensors file.

    ``maps``: maps by corpus, and ``all``.
    """
    tensors: dict[str, NDArray[np.generic]] = {
        "speech.matrix": projection.matrix.astype(np.float16),
        "speech.offset": projection.offset.astype(np.float32),
    }
    for name, fitted in maps.items():
        tensors[f"{name}.matrix"] = fitted.matrix.astype(np.float16)
        tensors[f"{name}.offset"] = fitted.offset.astype(np.float32)
    reach = str(next(iter(maps.values())).reach)
    licence = "research use only (CC BY-NC 4.0)"
    header = {"kind": "facedit-ridge-1", REACH: reach, "licence": licence}
    with whole_or_nothing(path, force=True) as part:
        save_file(tensors, part, metadata=header)


def load_ridges(path: Path) -> tuple[SpeechProjection, dict[str, Ridge]]:
    """Read fitted ridges: the speech projection, and the maps by corpus.

    ``path``: a file written by ``save_ridges``.
    ``BadWeights`` if the file is damaged or holds something else.
    """
    try:
        header, found = read_tensors(path, "np")
        tensors = {name: value.astype(np.float32) for name, value in found.items()}
        reach = int(header[REACH])
        projection = SpeechProjection(tensors.pop("speech.matrix"), tensors.pop("speech.offset"))
        names = sorted({name.rsplit(".", 1)[0] for name in tensors})
        maps = {
            name: Ridge(tensors[f"{name}.matrix"], tensors[f"{name}.offset"], reach)
            for name in names
        }
        _ = maps[ALL]  # every clip can fall back on it
    except (KeyError, ValueError) as error:
        raise BadWeights(f"{path.name} holds no fitted ridges: {error}.") from error
    return projection, maps


def _repeated(motion: Float32, takes: int) -> Float32:
    """Return a motion as so many equal takes."""
    return np.repeat(motion[None], takes, axis=0).astype(np.float32)
