"""Fit the benchmark's ridge baseline to the training split.

python benchmarks/fit_ridge.py PREPARED -o src/facedit/weights/ridge.safetensors

PREPARED is a folder made by ``facedit prepare``. The ridge hears the same projected speech as the
shipped motion model, 5 frames to each side; corpora with enough frames get a map of their own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from facedit.dataset.prepared import read_rows
from facedit.evaluation.baselines import save_ridges
from facedit.evaluation.evaluate import fit_ridges
from facedit.model.checkpoint import load_model


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    model = load_model()
    rows = [row for row in read_rows(arguments.data) if row.split == "train"]
    maps = fit_ridges(arguments.data, rows, model)
    save_ridges(arguments.output, model.projection, maps)
    print(f"{arguments.output}: {', '.join(maps)} from {len(rows)} clips")


if __name__ == "__main__":
    main()
