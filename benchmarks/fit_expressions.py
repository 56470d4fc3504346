"""Fit what an expression adds to mesh motion, to the training split, and say what it reaches.

    python benchmarks/fit_expressions.py PREPARED [-o src/facedit/motion/expressions.safetensors]

PREPARED is a folder made by ``facedit prepare``, with its tracks. Within each clip the motion is
regressed on the landmarker's blendshape scores: an expression's own, beside those of speech, lids
and gaze and the head's pose, so that a smile does not open the jaw because people laugh while they
speak, and raised brows do not turn the head. The upper face is laid on the eyes, which stay, and
fades out towards the hairline. One side of an expression is what moves on that side of both.
Expressions go into the file whose motion, added to clips of the development split, makes the
landmarker see at least ``ENOUGH`` of what was asked, and on the other side less than ``ASIDE`` of
that: a run looks how much of it a face needs.
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
from facedit.face.regions import IRISES
from facedit.motion.expressions import FILE, GAZES, KIND, PARTS
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace
from facedit.types import Float32

UPPER = ("brow", "eye")
SPEECH = (
    "jawOpen", "mouthPucker", "mouthFunnel", "mouthClose", "mouthRollLower", "mouthRollUpper",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "mouthShrugLower", "mouthShrugUpper", "eyeBlinkLeft", "eyeBlinkRight",
    *(part for parts in GAZES.values() for part in parts),
)  # fmt: skip
CORNERS, HAIRLINE = (33, 133, 362, 263), (10, 338, 297, 332, 284, 251, 109, 67, 103, 54, 21, 162)
FADED, ANCHORED = 0.3, 3.0
"""Share of its movement that is left at the hairline; weight of eyes that stay."""
PAIRS = (
    "mouthSmile", "mouthFrown", "mouthPress", "mouthStretch", "mouthDimple", "browOuterUp",
    "browDown", "eyeSquint", "eyeWide",
)  # fmt: skip
ALONE = ("browInnerUp", "mouthLeft", "mouthRight", "mouthShrugLower", "mouthShrugUpper")
MIDLINE = 0.1
"""Distance from the middle of the face, in outer-eye distances, from which it counts as a side."""
ENOUGH, ASIDE = 0.3, 0.5
ASKED = 0.4
LEAST = 0.08
"""Rise that people show at least of what goes into the file."""
MOST = 99.9
"""Percentile of a score's rise over its clip's mean: the most that is asked for."""
CLIPS, FRAMES = 170, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=FILE)
    args = parser.parse_args()
    space, landmarker = MeshSpace.load(), Landmarker()
    motion, scores, means = rises(clips_of(args.data, "train"), args.data, space, landmarker)
    dev = [track(args.data, sha256) for sha256 in clips_of(args.data, "dev")[:24]]
    sides = [f"{one}{side}" for one in PAIRS for side in ("Left", "Right")]
    tensors, most, usual = {}, {}, {}
    print("| expression | most | asked | reached, mean | least | other side | own deviation |")
    print("|---|---|---|---|---|---|---|")
    for name, parts in (PARTS | {one: (one,) for one in (*sides, *ALONE)}).items():
        columns = [BLENDSHAPE_NAMES.index(part) for part in parts]
        beside = [BLENDSHAPE_NAMES.index(mirrored(name))] if name in sides else []
        added = direction(motion, scores, sorted({*columns, *beside}), space)
        if beside:
            added = on_side(space, added, name.endswith("Left"))
        score = scores[:, columns].mean(axis=1)
        limit = float(np.percentile(score, MOST))
        asked = min(ASKED, limit)
        found = [reached(space, landmarker, one, asked * added) for one in dev]
        risen = [float(one[columns].mean()) for one in found]
        aside = float(np.mean([one[beside].mean() for one in found])) if beside else 0.0
        kept = np.mean(risen) >= ENOUGH * asked and aside <= ASIDE * np.mean(risen)
        kept = kept and limit >= LEAST
        print(
            f"| {name} | {limit:.2f} | {asked:.2f} | {np.mean(risen):.2f} | {min(risen):.2f} | "
            f"{aside:.2f} | {score.std():.2f} |{'' if kept else ' not kept'}",
            flush=True,
        )
        if kept:
            tensors[name], most[name] = added.astype(np.float32), round(limit, 2)
            usual[name] = round(float(np.median(means[:, columns].mean(axis=1))), 2)
    # A side that is learnt beside one that is not would only puzzle.
    for name in [one for one in tensors if one in sides and mirrored(one) not in tensors]:
        del tensors[name], most[name], usual[name]
    header = {
        "kind": KIND,
        "space": space.name,
        "most": json.dumps(most),
        "usual": json.dumps(usual),
        "licence": str(space.metadata["licence"]),
    }
    save_file(tensors, args.output, metadata=header)
    print(f"{args.output}: {', '.join(tensors)}")


def mirrored(part: str) -> str:
    """Return the blendshape of the other side."""
    if part.endswith("Left"):
        return part.removesuffix("Left") + "Right"
    return part.removesuffix("Right") + "Left" if part.endswith("Right") else part


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
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return motion and scores of frames, each less its clip's mean, and the clips' mean scores.

    Every second clip is mirrored: no side is favoured.
    """
    motion, scores, means = [], [], []
    for number, sha256 in enumerate(clips):
        seen = track(data, sha256)
        if number % 2:
            seen = space.mirrored(seen)
        identity = space.identity(seen, np.ones(len(seen), np.float32))
        values = space.encode(seen, identity).astype(float)
        shapes = np.array([landmarker.blendshapes(one) for one in seen], float)
        motion.append(values - values.mean(axis=0))
        scores.append(shapes - shapes.mean(axis=0))
        means.append(shapes.mean(axis=0))
    return np.concatenate(motion), np.concatenate(scores), np.array(means)


def direction(
    motion: NDArray[np.float64],
    scores: NDArray[np.float64],
    columns: list[int],
    space: MeshSpace,
) -> NDArray[np.float64]:
    """Regress motion on an expression's mean score and on what it shall not bring along."""
    names = [BLENDSHAPE_NAMES[column] for column in columns]
    others = set(SPEECH) - set(names)
    beside = scores[:, [BLENDSHAPE_NAMES.index(name) for name in sorted(others)]]
    head = motion[:, space.groups["head"]]
    design = np.column_stack([scores[:, columns].mean(axis=1), beside, head])
    added, *_ = np.linalg.lstsq(design, motion, rcond=1e-6)
    kept = np.zeros(space.dims)
    kept[space.groups["face"]] = laid_on_eyes(space, added[0, space.groups["face"]])
    if not names[0].startswith(UPPER):
        kept[space.groups["lips"]] = added[0, space.groups["lips"]]
    return kept


def laid_on_eyes(space: MeshSpace, face: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the dims of the upper face that move all but the eyes, less towards the hairline."""
    points, effect = effects(space, "face")
    field = np.tensordot(face, effect, 1)
    still = np.isin(points, [*CORNERS, *IRISES])
    field -= field[np.isin(points, CORNERS)].mean(axis=0)
    field[still] = 0.0
    field[np.isin(points, HAIRLINE)] *= FADED
    return dims_of(effect, field, np.where(still, ANCHORED, 1.0))


def on_side(space: MeshSpace, added: NDArray[np.float64], left: bool) -> NDArray[np.float64]:
    """Return the dims that move one side of the face, the person's left or right, as all do."""
    kept = np.zeros(space.dims)
    for name in ("lips", "face"):
        points, effect = effects(space, name)
        field = np.tensordot(added[space.groups[name]], effect, 1)
        across = space.canonical[points, 0] * (1 if left else -1)
        share = 0.5 + 0.5 * np.sin(0.5 * np.pi * np.clip(across / MIDLINE, -1.0, 1.0))
        kept[space.groups[name]] = dims_of(effect, field * share[:, None], np.ones(len(points)))
    return kept


def effects(space: MeshSpace, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the points that a group of dims moves, and by what across and down, (dims, P, 2)."""
    group = space.groups[name]
    points = space.lower_points if name == "lips" else space.upper_points
    unit = np.zeros((group.stop - group.start + 1, space.dims), np.float32)
    unit[1:, group] = np.eye(group.stop - group.start)
    shapes = space.decode_shape(unit, Identity(space.canonical))[:, points, :2].astype(float)
    return points, shapes[1:] - shapes[0]


def dims_of(
    effect: NDArray[np.float64], field: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the dims that move points as a field (P, 2) does, as nearly as they can."""
    flat = (effect * weight[:, None]).reshape(len(effect), -1)
    found, *_ = np.linalg.lstsq(flat.T, (field * weight[:, None]).ravel(), rcond=None)
    return np.asarray(found)


def reached(
    space: MeshSpace, landmarker: Landmarker, seen: Float32, added: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return by how much a clip's mean scores rise where motion is added, shape (52,)."""
    identity = space.identity(seen, np.ones(len(seen), np.float32))
    values = space.encode(seen[::8], identity)
    both = [space.decode(values + shift, identity) for shift in (0.0, added.astype(np.float32))]
    before, after = (np.array([landmarker.blendshapes(one) for one in frames]) for frames in both)
    return (after - before).mean(axis=0)


if __name__ == "__main__":
    main()
