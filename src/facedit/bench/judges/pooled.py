"""FID and FVD of whole systems, from what was described item by item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facedit.bench.measures.frechet import frechet_distance
from facedit.media.output import whole_or_nothing
from facedit.types import Float64

FOLDER = "described"
"""Folder of a run that holds the features, a file a video."""

NAMES = {"fid": "FID", "fvd": "FVD"}


def store(output: Path, system: str, item: str, found: dict[str, Float64]) -> None:
    """Keep the features of a video."""
    folder = output / FOLDER / system
    folder.mkdir(parents=True, exist_ok=True)
    with whole_or_nothing(folder / f"{item}.npz", force=True) as part, part.open("wb") as file:
        arrays: dict[str, Any] = {name: one.astype(np.float32) for name, one in found.items()}
        np.savez_compressed(file, **arrays)


def pooled(output: Path, system: str) -> dict[str, tuple[float, int]]:
    """Return FID and FVD of a system, each with the number of pictures or clips of its side.

    Both are biased upwards when these are few: they compare systems on the same items, and with
    published figures only at published numbers.
    """
    kept: dict[str, list[Float64]] = {}
    for path in sorted((output / FOLDER / system).glob("*.npz")):
        with np.load(path) as file:
            for name in file.files:
                kept.setdefault(name, []).append(file[name])
    found = {}
    for name in NAMES:
        sides = [
            np.concatenate(kept.get(f"{name}_{side}", [np.zeros((0, 1))]))
            for side in ("made", "own")
        ]
        if min(len(side) for side in sides) > 1:
            found[name] = (frechet(*sides), len(sides[0]))
    return found


def frechet(made: Float64, own: Float64) -> float:
    """Return the squared Fréchet distance of Gaussians fitted to features (n, d), n > 1."""
    one, other = (
        (side.mean(0), np.cov(side.astype(np.float64), rowvar=False)) for side in (made, own)
    )
    return float(frechet_distance(*one, *other))
