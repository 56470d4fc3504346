"""Report what voices.py judged: means over people with 95 % intervals, and against ``auto``.

python benchmarks/voice_table.py ROWS.jsonl...
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from facedit.evaluation.stats import draw_clips, interval

SYSTEMS = ("as shot", "hibari", "auto", "own", "recolouring", "units")
MEASURES = ("campplus", "resemblyzer", "lost", "quality", "level step dB", "pitch step semitones",
            "usual level", "usual pitch", "usual line", "usual floor", "floor step dB",
            "floor of the clip dB", "usual spectral floor", "spectral floor step dB",
            "spectral floor of the clip dB")  # fmt: skip
KINDS = {"sentences": ("sentence 1", "sentence 2"), "exchange": ("exchange",),
         "own word": ("own word",), "all": ()}  # fmt: skip


def report(rows: list[dict[str, object]]) -> None:
    """Print per kind of edit, measure and system the mean over people, and against ``auto``."""
    rows = [row for row in rows if row["made"]]
    for kind, edits in KINDS.items():
        mine = [row for row in rows if not edits or row["edit"] in edits]
        print(f"\n{kind}")
        for name in MEASURES:
            table = {
                system: _by_clip([row for row in mine if row["system"] == system], name)
                for system in SYSTEMS
            }
            for system, column in table.items():
                if column:
                    _print(name, system, column)
            for system in ("own", "recolouring", "units"):
                base = table["auto"]
                shared = {k: v - base[k] for k, v in table[system].items() if k in base}
                if shared:
                    _print(name, f"{system} less auto", shared)
                    worse = sum(value < 0 for value in shared.values())
                    print(" " * 40, f"less in {worse} of {len(shared)}")


def _by_clip(rows: list[dict[str, object]], name: str) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for row in rows:
        value = row.get(name)
        if isinstance(value, (int, float)):
            values.setdefault(str(row["clip"]), []).append(float(value))
    return {clip: float(np.mean(found)) for clip, found in values.items()}


def _print(name: str, title: str, column: dict[str, float]) -> None:
    values = np.array(list(column.values()))
    draws = draw_clips(len(values), 2000, 0)
    low, high = interval(draws @ values / draws.sum(axis=1))
    print(f"{name:22} {title:22} {values.mean():7.3f}  {low:.3f} to {high:.3f}  of {len(values)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="+")
    files = parser.parse_args().rows
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    report([json.loads(line) for line in lines])


if __name__ == "__main__":
    main()
