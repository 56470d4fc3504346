"""Which of two is made? Spans of real clips beside the same drawn again, for a judge to answer.

python benchmarks/blind_pairs.py make BENCH RESULTS OUT [--pairs 24] [--seed N]
python benchmarks/blind_pairs.py score OUT

RESULTS comes from ``facedit bench run BENCH -o RESULTS --systems truth,ours --tracks reconstruct``:
both videos of a pair were encoded by the same encoder. ``make`` writes a sheet per pair, the lower
face in the order of the frames, row A above row B, and ``answers.csv``; which side is made is drawn
from the system's entropy and kept in a file that nobody reads by accident. Fill the column ``made``
with A or B, then ``score`` opens the key; it refuses while an answer is missing. 50 % is guessing.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
from math import comb
from pathlib import Path
from random import Random, SystemRandom

import cv2
import numpy as np

from facedit.bench.items import Item, read_bench
from facedit.bench.record import read_records
from facedit.errors import FaceditError, UsageError
from facedit.face.choice import FaceChoice
from facedit.face.distances import eye_distance
from facedit.face.landmarker import Landmarker
from facedit.face.regions import MOUTH_CORNERS
from facedit.face.track import track_face
from facedit.media.read import read_frames
from facedit.types import UInt8
from facedit.units import frame_time

FRAMES, COLUMNS, SIDE = 24, 12, 160
"""Frames of a strip, how many stand beside each other, and the side of one in pixels."""

AROUND = 5
"""Motion frames shown before and after the span."""

WIDE = 1.5
"""Side of what is shown of the face, in outer-eye distances; the mouth is its middle."""

KEY, ANSWERS = "key", "answers.csv"

SYSTEMS = ("truth", "ours")


def main() -> None:
    """Make the sheets, or score the answers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    make = verbs.add_parser("make")
    for name in ("bench", "results", "out"):
        make.add_argument(name, type=Path)
    make.add_argument("--pairs", type=int, default=24)
    make.add_argument("--seed", type=int, default=0, help="which items are shown")
    score = verbs.add_parser("score")
    score.add_argument("out", type=Path)
    arguments = parser.parse_args()
    if arguments.verb == "score":
        print(scored(arguments.out))
        return
    chosen = items_of(arguments.bench, arguments.results, arguments.pairs, arguments.seed)
    arguments.out.mkdir(parents=True)
    key: dict[str, list[str]] = {}
    for item in chosen:
        videos = {name: arguments.results / "videos" / name / f"{item.id}.mp4" for name in SYSTEMS}
        sides = list(SYSTEMS)
        SystemRandom().shuffle(sides)
        try:
            sheet = sheet_of([videos[name] for name in sides], videos["truth"], item.hidden_s)
        except FaceditError as error:
            print(f"{item.id} is left out: {error}")
            continue
        name = f"{len(key) + 1:02d}"
        cv2.imwrite(str(arguments.out / f"{name}.png"), sheet[..., ::-1])
        key[name] = [item.id, "AB"[sides.index("ours")]]
    (arguments.out / KEY).write_bytes(base64.b64encode(json.dumps(key).encode()))
    with (arguments.out / ANSWERS).open("w", newline="") as file:
        csv.writer(file).writerows([("pair", "made"), *((name, "") for name in key)])


def items_of(bench: Path, results: Path, count: int, seed: int) -> list[Item]:
    """Choose items that both systems made, of as many speakers as there are."""
    records = read_records(results / "records.jsonl")
    done = [{r.item for r in records if (r.system, r.status) == (s, "done")} for s in SYSTEMS]
    items = [item for item in read_bench(bench).items if item.id in done[0] & done[1]]
    Random(seed).shuffle(items)
    met: dict[str, int] = {}
    order: list[tuple[int, int]] = []
    for place, item in enumerate(items):
        met[item.clip.speaker] = met.get(item.clip.speaker, 0) + 1
        order.append((met[item.clip.speaker], place))
    return [items[place] for _, place in sorted(order)[:count]]


def sheet_of(pair: list[Path], truth: Path, hidden_s: tuple[float, float]) -> UInt8:
    """Draw the lower face over a span, from both videos of a pair by the truth's landmarks."""
    start_s, end_s = hidden_s[0] - frame_time(AROUND), hidden_s[1] + frame_time(AROUND)
    shots = [
        [(f.time_s, f.rgb()) for f in read_frames(video, max(start_s, 0.0), end_s)]
        for video in pair
    ]
    right = [(f.time_s, f.rgb()) for f in read_frames(truth, max(start_s, 0.0), end_s)]
    track = track_face(right, FaceChoice(), landmarker=Landmarker())
    found = track.landmarks[track.confidence > 0]
    side = int(np.median(eye_distance(found)) * WIDE)
    centres = track.landmarks[:, list(MOUTH_CORNERS), :2].mean(axis=1)
    shown = np.unique(np.linspace(0, len(right) - 1, min(FRAMES, len(right))).round().astype(int))
    rows = [
        np.hstack([_crop(shot[k][1], centres[k], side) for k in part])
        for part in (shown[i : i + COLUMNS] for i in range(0, len(shown), COLUMNS))
        for shot in shots
    ]
    width = COLUMNS * SIDE
    return np.vstack([np.pad(row, ((0, 8), (0, width - row.shape[1]), (0, 0))) for row in rows])


def _crop(picture: UInt8, centre: np.ndarray, side: int) -> UInt8:
    if not np.isfinite(centre).all():
        return np.zeros((SIDE, SIDE, 3), np.uint8)
    part = cv2.getRectSubPix(picture, (side, side), (float(centre[0]), float(centre[1])))
    return np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def scored(out: Path) -> str:
    """Compare the answers with the key; ``UsageError`` while one is missing."""
    key = json.loads(base64.b64decode((out / KEY).read_bytes()))
    with (out / ANSWERS).open(newline="") as file:
        answers = {row["pair"]: row["made"].strip().upper() for row in csv.DictReader(file)}
    if missing := [name for name in key if answers.get(name) not in ("A", "B")]:
        raise UsageError(f"Answer A or B first: {', '.join(missing)}.")
    right = [name for name, (_, made) in key.items() if answers[name] == made]
    share = len(right) / len(key)
    tail = sum(comb(len(key), k) for k in range(len(right), len(key) + 1)) / 2 ** len(key)
    lines = [
        f"{name} {item}: made {made}, answered {answers[name]}"
        for name, (item, made) in key.items()
    ]
    return "\n".join(
        [*lines, f"{len(right)} of {len(key)} found ({share:.0%}); by guessing p = {tail:.2f}"]
    )


if __name__ == "__main__":
    main()
