"""Tracks on disk: npz without pickles, written whole or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from facedit.errors import BadWeights
from facedit.media.output import whole_or_nothing
from facedit.types import FaceTrack


def save_track(path: Path, track: FaceTrack) -> None:
    """Write a track.

    Args:
        path: The file, replaced whole.
        track: The track.
    """
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


def load_track(path: Path) -> FaceTrack:
    """Read a track.

    Args:
        path: A file written by ``save_track``.

    Returns:
        The track.

    Raises:
        BadWeights: If the file is damaged or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return FaceTrack(
                stored["times_s"],
                stored["landmarks"],
                stored["confidence"],
                int(stored["width"]),
                int(stored["height"]),
                tuple(float(cut) for cut in stored["cuts"]),
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise BadWeights(f"{path.name} is no stored track: {error}") from error
