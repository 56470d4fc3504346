"""The result of an evaluation and its tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

from facedit.evaluation.behaviour.study import Row
from facedit.evaluation.behaviour.study_tables import behaviour_tables
from facedit.evaluation.fills import OF_ANOTHER_CLIP
from facedit.evaluation.lip_sums import FIGURES
from facedit.model.sampler_settings import SamplerSettings
from facedit.report.page_kit import markdown_table


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        sampler: Default sampler settings of the weights.
        rows: One per corpus, span, dims and method, with its figures.
        gains: Model minus each baseline, paired by clip.
        behaviour: Rows of each study of ``behaviour``, by corpus and study.
    """

    weights: str
    split: str
    sampler: SamplerSettings
    clips: dict[str, int]
    rows: list[Row]
    gains: list[Row]
    behaviour: dict[str, dict[str, list[Row]]]
    seconds: float

    def __str__(self) -> str:
        """Return the tables for people."""
        return tables(self)


def tables(result: Evaluation) -> str:
    """Format an evaluation as Markdown: a table per corpus and protocol, then the studies."""
    sampler = result.sampler
    parts = [
        f"# {result.weights} on the {result.split} split\n",
        f"Defaults: {sampler.steps} steps, temperature {sampler.temperature}, speech guidance "
        f"{sampler.speech_guidance}. Brackets: 95 % bootstrap over clips. r: correlation over "
        "hidden frames, each clip's lips relative to its kept frames' mean; rel: mean absolute "
        "error over the truth's standard deviation; speed, jump, vjump: over the truth's.\n",
    ]
    keys = [(row["corpus"], row["dims"]) for row in result.rows]
    for corpus, dims in dict.fromkeys(keys):
        members = [r for r in result.rows if (r["corpus"], r["dims"]) == (corpus, dims)]
        parts.append(f"\n## {corpus}, {members[0]['clips']} clips, protocol: {dims}\n")
        if result.clips[corpus] == 1:
            left = ", ".join(f"'{name}'" for name in OF_ANOTHER_CLIP)
            parts.append(f"Left out, and intervals too, because there is one clip only: {left}.\n")
        heads = [name for name in FIGURES if not name.endswith("_mae")]
        lines = [
            [f"{row['span']} ({row['frames']})", row["method"]]
            + [_cell(row["figures"][name], name) for name in heads]
            for row in members
        ]
        parts.append(markdown_table(["span (frames in all)", "method", *heads], lines))
    return "\n".join(parts) + "\n" + behaviour_tables(result.behaviour)


def _cell(figure: dict[str, float], name: str) -> str:
    if not math.isfinite(figure["value"]):
        return "-"
    text = f"{figure['value']:.3f}" if name.endswith(("_r", "_rel")) else f"{figure['value']:.2f}"
    # All draws of one clip are that clip: no interval.
    if name.endswith(("_r", "_rel")) and figure["low"] < figure["high"]:
        text += f" [{figure['low']:.2f}, {figure['high']:.2f}]"
    return text
