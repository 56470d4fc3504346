"""Tell by eye which of two spectrograms holds an edit: a judge that is no network.

python benchmarks/blind_spectrograms.py make SOUNDS FOLDER [--only recolouring-new units-own]
python benchmarks/blind_spectrograms.py score FOLDER ANSWERS

``make`` draws the sentences that ``voices.py --sounds`` kept, each as shot and edited, one above
the other in an order drawn by lot and without a mark of the joint, and hides the key in FOLDER.
Answers are letters, ``a`` (above) or ``b`` (below) for the one that is edited, in the order of the
pictures; ``score`` tells the share that is right and the chance of as many by guessing.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import cv2
import numpy as np

from facedit.media.sound import read_speech_file
from facedit.report.spectrogram import spectrogram

KEY = ".key.json"


def make(sounds: Path, folder: Path, only: list[str], most: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(file for kind in only for file in sounds.glob(f"*-{kind}.edited.wav"))
    key = {}
    for number, place in enumerate(random.permutation(len(files))[:most], 1):
        edited = files[place]
        shot = edited.with_name(edited.name.replace(".edited.", ".as-shot."))
        pair = [spectrogram(read_speech_file(file)) for file in (edited, shot)]
        above = int(random.integers(2))
        key[f"{number:02}"] = {"edited": "ab"[above], "file": edited.name}
        if above:
            pair.reverse()
        width = max(one.shape[1] for one in pair)
        rows = [np.pad(one, ((0, 12), (0, width - one.shape[1]), (0, 0))) for one in pair]
        picture = cv2.resize(np.concatenate(rows), None, fx=2, fy=2)
        cv2.imwrite(str(folder / f"{number:02}.png"), np.ascontiguousarray(picture[..., ::-1]))
    (folder / KEY).write_text(json.dumps(key, indent=1), encoding="utf-8")
    print(f"{len(key)} of {len(files)} pairs in {folder}")


def score(folder: Path, answers: str) -> None:
    key = json.loads((folder / KEY).read_text(encoding="utf-8"))
    right = [one["edited"] == answer for one, answer in zip(key.values(), answers, strict=True)]
    count, good = len(right), sum(right)
    chance = sum(math.comb(count, k) for k in range(good, count + 1)) / 2**count
    print(f"{good} of {count} right; as many by guessing: {chance:.2f}")
    for one, hit in zip(key.values(), right, strict=True):
        print("seen" if hit else "not seen", one["file"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    making, scoring = verbs.add_parser("make"), verbs.add_parser("score")
    making.add_argument("sounds", type=Path)
    making.add_argument("folder", type=Path)
    making.add_argument("--only", nargs="+", default=["recolouring-new", "units-own"])
    making.add_argument("--most", type=int, default=20)
    making.add_argument("--seed", type=int, default=0)
    scoring.add_argument("folder", type=Path)
    scoring.add_argument("answers")
    options = parser.parse_args()
    if options.verb == "make":
        make(options.sounds, options.folder, options.only, options.most, options.seed)
    else:
        score(options.folder, options.answers)


if __name__ == "__main__":
    main()
