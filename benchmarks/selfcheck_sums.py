"""Writes tests/bench/selfcheck_sums.npz: what the measures say of disturbed dev clips.

The tests of the self-check break measures by changing these sums. No footage is in them.

    python benchmarks/selfcheck_sums.py benchmarks/dev CLIPS tests/bench/selfcheck_sums.npz
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from facedit.bench.items import read_bench
from facedit.bench.selfcheck.disturb import DISTURBANCES
from facedit.bench.selfcheck.run_selfcheck import measure_pairs, pairs_of
from facedit.scale.workers import Workers

LEFT_OUT = ("frechet", "frechet_dt")
"""Sums of Gaussians: 650 numbers an item, more than all others together."""


def write_sums(items: Sequence[Mapping[str, Mapping[str, Sequence[float]]]], path: Path) -> None:
    """Write sums by key, shape (disturbances, items, n), NaN where there are none."""
    names = [one.name for one in DISTURBANCES]
    lengths = {
        key: len(sums) for item in items for name in names for key, sums in item[name].items()
    }
    tables = {}
    for key, length in sorted(lengths.items()):
        if key not in LEFT_OUT:
            nothing = [float("nan")] * length
            rows = [[item[name].get(key, nothing) for item in items] for name in names]
            tables[key] = np.array(rows, np.float32)
    np.savez_compressed(path, **tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--items", type=int, default=16)
    parser.add_argument("--workers", default="1")
    options = parser.parse_args()
    bench = read_bench(options.bench)
    pairs = pairs_of(bench, options.items, bench.seed)
    measured, failed = measure_pairs(pairs, options.clips, Workers.parse(options.workers))
    for item, reason in failed.items():
        print(f"{item}: {reason}")
    write_sums(list(measured.values()), options.output)


if __name__ == "__main__":
    main()
