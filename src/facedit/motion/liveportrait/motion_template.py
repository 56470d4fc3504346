"""Motion templates of LivePortrait's tool: a clip's motion as a ``.pkl``, read without trust.

A template is a pickle of a dict: ``n_frames``, ``output_fps`` and ``motion``, per frame a dict of
float32 arrays: ``scale`` (1, 1), ``R`` (1, 3, 3; ``R_d`` in older files), ``exp`` (1, 21, 3) and
``t`` (1, 3). A pickle is a program: only what arrays are made of is let through, nothing is run.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facedit.errors import BadMedia, NoFace
from facedit.inputs import check_input
from facedit.media.output import whole_or_nothing
from facedit.motion.liveportrait.kalman import smoothed
from facedit.motion.liveportrait.keypoints import KEYPOINTS, nearest_rotation
from facedit.motion.liveportrait.seen import Reading
from facedit.types import Float32

SUFFIX = ".pkl"

_MOST_BYTES, _MOST_FRAMES = 500_000_000, 1_000_000
_SHAPES = {"scale": (1,), "R": (3, 3), "exp": (KEYPOINTS, 3), "t": (3,)}
_LARGEST = 1e3
"""Numbers beyond this are no motion in units of the crop."""


@dataclass(frozen=True, slots=True)
class MotionTemplate:
    """A clip's motion.

    Attributes:
        frame_rate: Frames per second.
        expression: Offsets of the keypoints, shape (T, 21, 3).
        rotation: Of the head, shape (T, 3, 3).
        translation: In the clip's mean crop, shape (T, 3).
        scale: Shape (T, 1).
    """

    frame_rate: float
    expression: Float32
    rotation: Float32
    translation: Float32
    scale: Float32

    @classmethod
    def of(cls, seen: Float32, frame_rate: float) -> MotionTemplate:
        """Make a template of what the space ``liveportrait`` saw.

        Args:
            seen: Of every frame, shape (T, ``ROW``), NaN where there is no face.
            frame_rate: Frames per second.

        Returns:
            The template; a frame without a face is as the one before it.

        Raises:
            NoFace: If no frame has a face.
        """
        known = np.flatnonzero(np.isfinite(seen).all(axis=1))
        if not len(known):
            raise NoFace(f"none of {len(seen)} frames shows the face.")
        before = np.maximum(np.searchsorted(known, np.arange(len(seen)), side="right") - 1, 0)
        reading = Reading.of(seen[known[before]])
        mean = Reading.of(seen[known].mean(axis=0, keepdims=True))
        place = reading.translation(mean)
        return cls(frame_rate, reading.expression, reading.rotation, place, reading.scale)

    def smoothed(self, noise: float) -> MotionTemplate:
        """Smooth expression and rotation over time, as ``kalman.smoothed`` does."""
        rotation = torch.from_numpy(smoothed(self.rotation, noise))
        return replace(
            self,
            expression=smoothed(self.expression, noise).astype(np.float32),
            rotation=np.asarray(nearest_rotation(rotation).numpy(), np.float32),
        )

    def arrays(self) -> dict[str, Float32]:
        """Return the arrays by what the official files call them."""
        return {
            "scale": self.scale, "R": self.rotation, "exp": self.expression, "t": self.translation
        }  # fmt: skip


def write_template(path: Path, template: MotionTemplate, *, force: bool = False) -> None:
    """Write a template as the official tool does, whole or not at all.

    ``OutputExists`` is raised if there is a file and ``force`` is not set.
    """
    arrays = {name: np.ascontiguousarray(part, "<f4") for name, part in template.arrays().items()}
    motion = [
        {name: part[frame : frame + 1].copy() for name, part in arrays.items()}
        for frame in range(len(template.scale))
    ]
    data = {"n_frames": len(motion), "output_fps": template.frame_rate, "motion": motion}
    with whole_or_nothing(path, force) as part:
        part.write_bytes(pickle.dumps(data, protocol=4))


def read_template(path: Path) -> MotionTemplate:
    """Read a template; newer ones' further entries are left alone.

    Args:
        path: The file; nothing in it is run.

    Returns:
        The template.

    Raises:
        BadMedia: If it is no such file.
    """
    if check_input(path, "motion template") > _MOST_BYTES:
        raise BadMedia(f"{path.name} is larger than {_MOST_BYTES // 10**6} MB: no motion template.")
    try:
        with path.open("rb") as file:
            data = _ArraysOnly(file).load()
        return _template(data)
    except (
        pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError,
        AttributeError, ImportError, OverflowError, MemoryError, RecursionError,
    ) as error:  # fmt: skip
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise BadMedia(f"{path.name} is no motion template of LivePortrait: {reason}") from error


class _ArraysOnly(pickle.Unpickler):
    """Lets NumPy's arrays and numbers through and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what arrays are made of; UnpicklingError for anything else."""
        home = module.replace("numpy._core", "numpy.core")
        if (home, name) in (("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray")):
            return np.ndarray if name == "ndarray" else _empty
        if (home, name) == ("numpy.core.multiarray", "scalar"):
            return _scalar
        if (home, name) == ("numpy", "dtype"):
            return _number_type
        if (home, name) == ("numpy.core.numeric", "_frombuffer"):  # of protocol 5
            return _from_buffer
        if (module, name) == ("_codecs", "encode"):  # how protocol 2 holds bytes
            return _latin
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no array")


def _empty(kind: object, shape: object, code: object) -> np.ndarray:
    """Stand for NumPy's ``_reconstruct``: an empty array, whose state comes next."""
    del kind, shape, code
    return np.ndarray((0,), np.uint8)


def _number_type(code: str, *_: object) -> np.dtype:
    found = np.dtype(code)
    if found.kind not in "fiu" or found.hasobject:
        raise pickle.UnpicklingError(f"it holds {found}, which are no numbers")
    return found


def _scalar(kind: np.dtype, data: bytes) -> float:
    return float(np.frombuffer(data, kind, 1)[0])


def _from_buffer(data: bytes, kind: np.dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    return np.frombuffer(data, kind).reshape(shape, order="F" if order == "F" else "C")


def _latin(text: str, encoding: str) -> bytes:
    return text.encode("latin-1" if encoding == "latin1" else "ascii")


def _template(data: Mapping[str, Any]) -> MotionTemplate:
    frames: Sequence[Mapping[str, Any]] = data["motion"]
    rate = float(data.get("output_fps", 25))
    if not isinstance(frames, list) or not 0 < len(frames) <= _MOST_FRAMES or not 0 < rate <= 1000:
        raise ValueError(f"{len(frames)} frames at {rate} a second.")
    parts = {}
    for name, shape in _SHAPES.items():
        rows = [frame["R_d" if name == "R" and "R" not in frame else name] for frame in frames]
        stacked = np.stack([np.asarray(row, np.float32).reshape(shape) for row in rows])
        if not (np.abs(stacked) < _LARGEST).all():
            raise ValueError(f"{name} holds numbers that are no motion.")
        parts[name] = stacked
    return MotionTemplate(rate, parts["exp"], parts["R"], parts["t"], parts["scale"])


def write_arrays(path: Path, template: MotionTemplate, *, force: bool = False) -> None:
    """Write a template as npz, under the official names and with ``fps``, whole or not at all."""
    arrays: dict[str, Any] = {**template.arrays()}
    with whole_or_nothing(path, force) as part, part.open("wb") as file:
        np.savez_compressed(file, fps=template.frame_rate, **arrays)
