"""Compare runs: hidden spans of 14 frames, up to four a clip, motion only, paired by clip.

python benchmarks/ablations.py PREPARED CONTROL.safetensors OTHER.safetensors …

Clips are those of the dev split, or with --hold-out CONFIG the ones that this training holds out
(to choose by). Each run is drawn at temperature 0.3 without guidance and settling, lips hidden,
face and head of other words (the protocol ``edit`` of ``facedit evaluate``). Brackets: 95 %
bootstrap over clips of the difference to the first run. FILE@FOLDER takes the same clips
from another prepared folder, for a run that hears other features.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from facedit.dataset.prepared import ClipRow, PreparedClip, read_clip, read_meta, read_rows
from facedit.evaluation.baselines import Ridge
from facedit.evaluation.evaluate import group_clips
from facedit.evaluation.fills import Sounds, methods
from facedit.evaluation.hidden_spans import LipMeter, score_clips
from facedit.evaluation.lip_sums import figures, paired_gain
from facedit.model.checkpoint import load_model
from facedit.motion.mesh_space import MeshSpace
from facedit.training.motion.data import split_rows
from facedit.training.start import read_config

SPAN, MOST = 14, 4
NAMES = ("opening_r", "opening_rel", "width_r", "width_rel", "speed", "jump", "velocity_jump")


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", nargs="+", metavar="FILE[@FOLDER]")
    parser.add_argument("--hold-out", type=Path, metavar="CONFIG")
    parser.add_argument("--temperature", type=float, default=0.3)
    arguments = parser.parse_args()
    meta = read_meta(arguments.data)
    meter = LipMeter(MeshSpace.load(), meta.groups, meta.effects)
    rows = chosen_rows(read_rows(arguments.data), arguments.hold_out)
    print("| clips | run | " + " | ".join(NAMES) + " |\n|---|---|" + "---|" * len(NAMES))
    for corpus, members in group_clips(rows, None).items():
        first = None
        taken: dict[Path, list[PreparedClip]] = {}
        for named in arguments.weights:
            path, _, folder = named.partition("@")
            source = Path(folder or arguments.data)
            if source not in taken:
                taken[source] = [read_clip(source, row.sha256) for row in members]
            clips = taken[source]
            model = load_model(path)
            plain = replace(model.sampler, speech_guidance=1.0, settle=0.0)
            model = replace(model, sampler=plain.at_temperature(arguments.temperature))
            unused = Ridge(np.zeros((1, 1), np.float32), np.zeros(1, np.float32), 0)
            fill = methods(model, unused, unused, 0)["model"]
            method = partial(fill, Sounds.of_clips(clips))
            sums = score_clips(clips, method, meter, SPAN, "lips", reverse_kept=True, most=MOST)
            found = figures(sums)
            cells = []
            for figure in NAMES:
                cell = f"{found[figure].value:.3f}"
                if first is not None:
                    gain = paired_gain(sums, first, figure)
                    cell += f" ({gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}])"
                cells.append(cell)
            first = sums if first is None else first
            print(
                f"| {corpus} ({len(clips)}) | {Path(path).parent.name} | "
                + " | ".join(cells)
                + " |"
            )


def chosen_rows(rows: list[ClipRow], hold_out: Path | None) -> list[ClipRow]:
    """Take the dev split, or what a training holds out."""
    if hold_out is None:
        return [row for row in rows if row.split == "dev"]
    data = read_config(hold_out).data
    return split_rows(rows, data.hold_out_speakers, data.hold_out_every, data.hold_out_corpora)[1]


if __name__ == "__main__":
    main()
