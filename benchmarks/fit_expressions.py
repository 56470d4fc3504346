"""Fit what an expression adds to mesh motion, to the training split, and say what it reaches.

    python benchmarks/fit_expressions.py PREPARED [-o src/facedit/motion/expressions.safetensors]

PREPARED is a folder made by ``facedit prepare``, with its tracks. Within each clip the motion is
regressed on the landmarker's blendshape scores: an expression's own, beside those of speech and of
the lids, so that a smile does not open the jaw because people laugh while they speak. Expressions
go into the file whose motion, added to clips of the development split, makes the landmarker see at
least ``ENOUGH`` of what was asked.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from facedit.dataset.prepared import read_rows
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.face.landmarker import Landmarker
from facedit.motion.expressions import FILE, KIND, PARTS
from facedit.motion.mesh_space import MeshSpace
from facedit.types import Float32

UPPER = ("brow", "eye")
SPEECH = (
    "jawOpen", "mouthPucker", "mouthFunnel", "mouthClose", "mouthRollLower", "mouthRollUpper",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "mouthShrugLower", "mouthShrugUpper", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft",
    "eyeLookUpLeft",
)  # fmt: skip
ENOUGH = 0.5
ASKED = 0.4
MOST = 99.9
"""Percentile of a score's rise over its clip's mean: the most that is asked for."""
CLIPS, FRAMES = 170, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=FILE)
    args = parser.parse_args()
    space, landmarker = MeshSpace.load(), Landmarker()
    motion, scores = rises(clips_of(args.data, "train"), args.data, space, landmarker)
    dev = [track(args.data, sha256) for sha256 in clips_of(args.data, "dev")[:24]]
    tensors, most = {}, {}
    print("| expression | most | asked | reached, mean | least | clips' own deviation |")
    print("|---|---|---|---|---|---|")
    for name, parts in PARTS.items():
        columns = [BLENDSHAPE_NAMES.index(part) for part in parts]
        added = direction(motion, scores, columns, space)
        limit = float(np.percentile(scores[:, columns].mean(axis=1), MOST))
        asked = min(ASKED, limit)
        found = [reached(space, landmarker, one, asked * added, columns) for one in dev]
        kept = np.mean(found) >= ENOUGH * asked
        print(
            f"| {name} | {limit:.2f} | {asked:.2f} | {np.mean(found):.2f} | {min(found):.2f} | "
            f"{scores[:, columns].mean(axis=1).std():.2f} |{'' if kept else ' not kept'}"
        )
        if kept:
            tensors[name], most[name] = added.astype(np.float32), round(limit, 2)
    header = {
        "kind": KIND,
        "space": space.name,
        "most": json.dumps(most),
        "licence": str(space.metadata["licence"]),
    }
    save_file(tensors, args.output, metadata=header)
    print(f"{args.output}: {', '.join(tensors)}")


def clips_of(data: Path, split: str) -> list[str]:
    """Choose clips of many people: few of LRW-AR, of a second each, and GRID, of one kind."""
    rows = [row for row in read_rows(data) if row.split == split]
    chance = random.Random(0)
    chance.shuffle(rows)
    rows.sort(key=lambda row: row.corpus.startswith(("grid", "lrw")))
    return [row.sha256 for row in rows[: 2 * CLIPS]]


def track(data: Path, sha256: str) -> Float32:
    """Read some landmarks of a clip."""
    with np.load(data / "tracks" / f"{sha256}.npz") as found:
        landmarks = found["landmarks"]
    seen = landmarks[np.isfinite(landmarks).all(axis=(1, 2))]
    return seen[:: max(len(seen) // FRAMES, 1)]


def rises(
    clips: Sequence[str], data: Path, space: MeshSpace, landmarker: Landmarker
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return motion and scores of frames, each less its clip's mean."""
    motion, scores = [], []
    for sha256 in clips:
        seen = track(data, sha256)
        identity = space.identity(seen, np.ones(len(seen), np.float32))
        values = space.encode(seen, identity).astype(float)
        shapes = np.array([landmarker.blendshapes(one) for one in seen], float)
        motion.append(values - values.mean(axis=0))
        scores.append(shapes - shapes.mean(axis=0))
    return np.concatenate(motion), np.concatenate(scores)


def direction(
    motion: NDArray[np.float64], scores: NDArray[np.float64], columns: list[int], space: MeshSpace
) -> NDArray[np.float64]:
    """Regress motion on an expression's mean score and on what it shall not bring along."""
    names = [BLENDSHAPE_NAMES[column] for column in columns]
    others = set(SPEECH) - set(names)
    beside = scores[:, [BLENDSHAPE_NAMES.index(name) for name in sorted(others)]]
    design = np.column_stack([scores[:, columns].mean(axis=1), beside])
    added, *_ = np.linalg.lstsq(design, motion, rcond=1e-6)
    upper = names[0].startswith(UPPER)
    dims = [space.groups["face"]] if upper else [space.groups["lips"], space.groups["face"]]
    kept = np.zeros(space.dims)
    for part in dims:
        kept[part] = added[0, part]
    return kept


def reached(
    space: MeshSpace,
    landmarker: Landmarker,
    seen: Float32,
    added: NDArray[np.float64],
    columns: list[int],
) -> float:
    """Return by how much a clip's mean score rises where motion is added."""
    identity = space.identity(seen, np.ones(len(seen), np.float32))
    values = space.encode(seen[::8], identity)
    both = [space.decode(values + shift, identity) for shift in (0.0, added.astype(np.float32))]
    before, after = (
        np.array([landmarker.blendshapes(one)[columns] for one in frames]) for frames in both
    )
    return float((after - before).mean())


if __name__ == "__main__":
    main()
