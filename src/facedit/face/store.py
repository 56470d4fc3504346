"""Tracks on disk: npz without pickles, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facedit.errors import BadWeights
from facedit.media.output import whole_or_nothing
from facedit.tensors import read_arrays
from facedit.types import FaceTrack


def save_track(path: Path, track: FaceTrack) -> None:
    """Write a track; the file is replaced whole."""
    # The scratch file is the caller's own: two workers may store the same clip at once.
    with whole_or_nothing(path, force=True) as part, part.open("wb") as file:
        np.savez(
            file,
            times_s=track.times_s,
            landmarks=track.landmarks,
            confidence=track.confidence,
            width=track.width,
            height=track.height,
            cuts=np.array(track.cuts, np.float64),
        )


_ARRAYS = ("times_s", "landmarks", "confidence", "width", "height", "cuts")


def load_track(path: Path) -> FaceTrack:
    """Read what ``save_track`` wrote; BadWeights if it is damaged or something else."""
    stored: dict[str, Any] = read_arrays(path, _ARRAYS, BadWeights)
    try:
        return FaceTrack(
            stored["times_s"],
            stored["landmarks"],
            stored["confidence"],
            int(stored["width"]),
            int(stored["height"]),
            tuple(float(cut) for cut in stored["cuts"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadWeights(f"{path.name} is no stored track: {error}") from error
