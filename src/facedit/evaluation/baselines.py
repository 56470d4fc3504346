"""What the model must beat: a line, a held frame, and ridge regression from the speech."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from facedit.errors import BadWeights
from facedit.media.output import whole_or_nothing
from facedit.model.normalise import SpeechProjection
from facedit.tensors import read_tensors
from facedit.types import Bool, Float32, Float64

Pair = tuple[Float32, Float32]
"""Speech (T, S) and motion (T, D) of a clip."""


def line(motion: Float32, hidden: Bool) -> Float32:
    """Fill hidden entries (T, D) by straight lines between their kept neighbours.

    Entries of a dim that is hidden throughout become 0.
    """
    out = motion.copy()
    frames = np.arange(len(motion))
    for dim in np.flatnonzero(hidden.any(axis=0)):
        gap = hidden[:, dim]
        if gap.all():
            out[:, dim] = 0
        else:
            out[gap, dim] = np.interp(frames[gap], frames[~gap], motion[~gap, dim])
    return out


def hold(motion: Float32, hidden: Bool) -> Float32:
    """Fill hidden entries (T, D) with the last kept value before them, or the first one.

    Entries of a dim that is hidden throughout become 0.
    """
    out = np.where(hidden, 0, motion).astype(np.float32)
    frames = np.arange(len(motion))
    for dim in np.flatnonzero(hidden.any(axis=0)):
        kept = np.flatnonzero(~hidden[:, dim])
        if len(kept):
            last = kept[np.clip(np.searchsorted(kept, frames, side="right") - 1, 0, None)]
            out[:, dim] = motion[last, dim]
    return out


def stack_window(speech: Float32, reach: int) -> Float32:
    """Put each frame's neighbours beside it, (T, (2 reach + 1) S); the ends are repeated."""
    index = np.arange(len(speech))[:, None] + np.arange(-reach, reach + 1)
    rows: Float32 = speech[index.clip(0, len(speech) - 1)].reshape(len(speech), -1)
    return rows


@dataclass(frozen=True, slots=True)
class Ridge:
    """A linear map from a window of speech, ``reach`` frames to each side, to centred motion.

    ``matrix`` has the shape ((2 reach + 1) S, D).
    """

    matrix: Float32
    offset: Float32
    reach: int

    def predict(self, speech: Float32) -> Float32:
        """Predict centred motion (T, D) from speech (T, S)."""
        out: Float32 = stack_window(speech, self.reach) @ self.matrix + self.offset
        return out

    def fill(self, motion: Float32, hidden: Bool, speech: Float32) -> Float32:
        """Fill hidden entries (T, D) by the prediction, moved along a ramp to meet both ends.

        The prediction's error at the kept neighbours, interpolated over the span, is taken off.
        """
        guess = self.predict(speech)
        return np.where(hidden, guess + line(motion - guess, hidden), motion).astype(np.float32)


_CLIPS_AT_ONCE = 64

ALL = "all"
REACH = "reach"


def batched(items: Iterable[Pair], size: int) -> Iterator[list[Pair]]:
    """Cut a stream into lists of at most ``size`` items, in order."""
    stream = iter(items)
    while group := list(islice(stream, size)):
        yield group


class RidgeFit:
    """Collects clips, then solves ridge regression for any strength."""

    def __init__(self, reach: int = 5) -> None:
        self.reach = reach
        self._count = 0
        self._sums: tuple[Float64, Float64, Float64, Float64] | None = None

    def add(self, clips: Iterable[Pair]) -> RidgeFit:
        """Add projected speech (T, S) and motion (T, D) of clips; motion is centred here."""
        for group in batched(clips, _CLIPS_AT_ONCE):
            x = np.concatenate([stack_window(speech, self.reach) for speech, _ in group])
            y = np.concatenate([motion - motion.mean(axis=0) for _, motion in group])
            new = (
                x.sum(axis=0, dtype=np.float64),
                y.sum(axis=0, dtype=np.float64),
                (x.T @ x).astype(np.float64),
                (x.T @ y).astype(np.float64),
            )
            if self._sums is None:
                self._sums = new
            else:
                for total, part in zip(self._sums, new, strict=True):
                    total += part
            self._count += len(x)
        return self

    def merged(self, others: Iterable[RidgeFit]) -> RidgeFit:
        """Return a fit over this one's clips and those of others."""
        whole = RidgeFit(self.reach)
        filled = [fit for fit in (self, *others) if fit._sums is not None]
        if filled:
            parts = [fit._sums for fit in filled if fit._sums is not None]
            x, y, xx, xy = (np.sum(part, axis=0) for part in zip(*parts, strict=True))
            whole._sums, whole._count = (x, y, xx, xy), sum(fit._count for fit in filled)
        return whole

    def solve(self, strength: float) -> Ridge:
        """Solve for a penalty per frame of data; ``ValueError`` if no clip was added."""
        if self._sums is None:
            raise ValueError("no clip was added")
        mean_x, mean_y = self._sums[0] / self._count, self._sums[1] / self._count
        xx = self._sums[2] / self._count - np.outer(mean_x, mean_x)
        xy = self._sums[3] / self._count - np.outer(mean_x, mean_y)
        matrix = np.linalg.solve(xx + strength * np.eye(len(xx)), xy)
        offset = mean_y - mean_x @ matrix
        return Ridge(matrix.astype(np.float32), offset.astype(np.float32), self.reach)


def save_ridges(path: Path, projection: SpeechProjection, maps: dict[str, Ridge]) -> None:
    """Write fitted ridges, by corpus and ``all``, as one safetensors file."""
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
    """Read what ``save_ridges`` wrote: the speech projection, and the maps by corpus.

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
