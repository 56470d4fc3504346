"""FID and FVD of whole systems, from what was described item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facedit.bench.judges.judge_files import JudgeFiles
from facedit.bench.measures.frechet import frechet_distance
from facedit.bench.record import Record
from facedit.evaluation.measure import mean_of
from facedit.media.output import whole_or_nothing
from facedit.types import Float64
from facedit.weights.fetch import sha256_of

FOLDER = "described"
"""Folder of a run that holds the features, a file a video."""

NAMES = ("fid", "fvd")


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


def said(
    files: JudgeFiles, output: Path, systems: Sequence[str], records: Sequence[Record]
) -> tuple[str, ...]:
    """Say which files judged, what they make of real clips, and FID and FVD of every system."""
    lines = [f"{name}: {path.name}, {sha256_of(path)[:12]}" for name, path in files.paths.items()]
    title = {"fid": "FID", "fvd": "FVD"}
    if (path := files.paths.get("i3d")) is not None and path.name == "rgb_imagenet.pt":
        title["fvd"] = "Frechet distance on rgb_imagenet.pt (not FVD)"
    lines += _of_truth([record.sums for record in records if record.system == "truth"])
    for system in systems:
        for name, (value, count) in pooled(output, system).items():
            what = "pictures" if name == "fid" else "clips of 16 pictures"
            lines.append(f"{system}: {title[name]} {value:.2f} over {count} {what}")
    return tuple(lines)


_WORST_TRUE = {"lse_c": 3.0, "lse_d": 10.0}
"""Real clips in step have a larger confidence and a smaller distance in all published tables."""


def _of_truth(sums: Sequence[Mapping[str, tuple[float, ...]]]) -> list[str]:
    """Check the judges on the clips themselves: what they are to say of those is known."""
    totals = {
        key: np.sum([one[key] for one in sums if key in one], axis=0)
        for key in ("lse_c", "lse_d")
        if any(key in one for one in sums)
    }
    means = {key: float(mean_of(total)) for key, total in totals.items() if total[1]}
    if not means:
        return []
    text = ", ".join(f"{key.upper().replace('_', '-')} {mean:.2f}" for key, mean in means.items())
    confused = means.get("lse_c", np.inf) < _WORST_TRUE["lse_c"]
    if confused or means.get("lse_d", 0.0) > _WORST_TRUE["lse_d"]:
        text += ": SyncNet finds real clips out of step, so its figures mean nothing here"
    return [f"the clips themselves: {text}"]
