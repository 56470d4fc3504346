"""What ``facedit adapt`` is worth: half of a speaker's clips teach, the other half are measured.

``python benchmarks/adaptation.py PREPARED [--corpus lrw_ar] [--split dev] [--weights default]``
prints a table for docs/journal/training.md. Spans of 14 frames, lips hidden, face and head of
other words, 5 steps, temperature 0; intervals by bootstrap over clips, differences paired.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedit.dataset.prepared import ClipRow, read_clip, read_meta, read_rows
from facedit.evaluation.hidden_spans import EDGE, LipMeter
from facedit.evaluation.lip_sums import FIGURES, paired_gain
from facedit.model.checkpoint import load_model
from facedit.motion.mesh_space import MeshSpace
from facedit.training.adapt.motion import judged
from facedit.training.adapt.motion_parts import pack
from facedit.training.adapt.motion_tune import tune
from facedit.training.adapt.tune_options import TuneOptions
from facedit.training.motion.validate import SPAN, draw_spans
from facedit.types import Float64
from facedit.units import MOTION_FPS

FEWEST = 8
"""Fewest clips of a speaker."""

SHOWN = ("opening_r", "opening_rel", "width_r", "width_rel")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--corpus", default="lrw_ar")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--speakers", nargs="*", help="only these")
    parser.add_argument("--weights", default="default")
    parser.add_argument("--steps", type=int, default=TuneOptions().steps)
    args = parser.parse_args()
    model, meta = load_model(args.weights), read_meta(args.prepared)
    meter = LipMeter(MeshSpace.named(meta.space), meta.groups, meta.effects)
    speakers: dict[str, list[ClipRow]] = defaultdict(list)
    for row in read_rows(args.prepared):
        if (row.corpus, row.split) == (args.corpus, args.split):
            speakers[row.speaker].append(row)
    print("| speaker | learnt from | measured | " + " | ".join(SHOWN) + " | gain |")
    print("|---|---|---|" + "---|" * (len(SHOWN) + 1), flush=True)
    before: list[Float64] = []
    after: list[Float64] = []
    for name, rows in sorted(speakers.items()):
        if len(rows) < FEWEST or (args.speakers and name not in args.speakers):
            continue
        rows.sort(key=lambda row: row.file)
        half = len(rows) // 2
        learn = [read_clip(args.prepared, row.sha256) for row in rows[:half]]
        held = [read_clip(args.prepared, row.sha256) for row in rows[half:]]
        held = [clip for clip in held if len(clip.motion) >= SPAN + 2 * EDGE]
        options = replace(TuneOptions(), steps=args.steps)
        tuned = tune(model, pack(learn, model.projection), meta, options).model
        first, second = (draw_spans(m, held, meter)[0] for m in (model, tuned))
        seconds = sum(len(clip.motion) for clip in learn) / MOTION_FPS
        print(_line(name, f"{half} clips, {seconds:.0f} s", first, second), flush=True)
        before += first
        after += second
    print(_line("all", "", before, after))


def _line(name: str, taught: str, before: list[Float64], after: list[Float64]) -> str:
    """Format the figures before and after."""
    cells = [name, taught, f"{len(before)} clips"]
    for figure in SHOWN:
        first, second = (float(FIGURES[figure](np.sum(s, axis=0))) for s in (before, after))
        gap = paired_gain(after, before, figure)
        cells.append(f"{first:.3f} -> {second:.3f} [{gap.low:+.3f}, {gap.high:+.3f}]")
    return "| " + " | ".join([*cells, f"{judged(before, after).gain:+.1%}"]) + " |"


if __name__ == "__main__":
    main()
