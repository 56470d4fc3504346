"""``facedit evaluate``: hidden spans of real clips, drawn by the model and by what it must beat."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from facedit.bench.baselines import Pair, Ridge, RidgeFit, hold, line
from facedit.bench.evaluation import Evaluation, tables
from facedit.bench.lip_sums import Figure, figures, paired_gain
from facedit.bench.spans import Gap, LipMeter, score_clips
from facedit.errors import OutputExists, UsageError
from facedit.model.checkpoint import MotionModel, load_model, weights_path
from facedit.model.infill import Task, infill_batch
from facedit.model.sample import SamplerSettings
from facedit.motion.space import MotionSpace
from facedit.training.data import ClipRow, PreparedClip, read_clip, read_meta, read_rows
from facedit.types import Bool, Float32, Float64

log = logging.getLogger(__name__)

SPANS = (8, 14, 20)
PROTOCOLS = {
    "edit": ("lips", True),
    "lips": ("lips", False),
    "all dims": ("all_dims", False),
}
"""What is hidden, and whether face and head are shown as shot to other words: in an edit they are,
and a method that reads the old words from them would look better than it is."""

BASELINES = ("line", "hold", "ridge", "ridge, own corpus")
RIDGE_STRENGTH = 0.1
MIN_OWN_FRAMES = 5_000
"""Fewest training frames of a corpus for a ridge of its own."""

MIN_CLIPS = 20
"""Fewest clips of a corpus for a table of its own."""

OTHERS = "others"

FILE_JSON, FILE_TABLE = "evaluation.json", "evaluation.md"


@dataclass(frozen=True, slots=True)
class Sounds:
    """Speech features of clips.

    Attributes:
        clips: The clips.
    """

    clips: Sequence[PreparedClip]

    def of(self, gap: Gap, wrong: bool) -> Float32:
        """Return the sound of a gap's clip (T, C), or as much of the next clip's middle."""
        own = self.clips[gap.number].speech
        if not wrong:
            return own
        other = self.clips[(gap.number + 1) % len(self.clips)].speech
        start = max((len(other) - len(own)) // 2, 0)
        taken: Float32 = other[(start + np.arange(len(own))) % len(other)]
        return taken


Fill = Callable[[Sounds, Sequence[Gap]], list[Float32]]
"""Fills the gaps of clips, given their sounds."""


def evaluate(
    data: Path,
    output: Path,
    *,
    weights: str | Path = "default",
    seed: int = 0,
    force: bool = False,
    split: str = "dev",
    spans: Sequence[int] = SPANS,
    protocols: Sequence[str] = tuple(PROTOCOLS),
    most_clips: int | None = None,
) -> Evaluation:
    """Measure a model on clips it has not learnt from.

    Spans in the middle of each clip are hidden and drawn from the clip's own sound, by the model
    at its default settings, at temperature 0 (its mean, like for like with ridge) and with another
    clip's sound; and by the baselines, ridge regression being fitted to the training split.

    Args:
        data: Folder made by ``facedit prepare``.
        output: Folder for ``evaluation.json`` and ``evaluation.md``.
        weights: Name of shipped weights, or a file.
        seed: Seed of the sampler.
        force: Replace an earlier evaluation.
        split: Which clips are measured.
        spans: Frames to hide.
        protocols: Keys of ``PROTOCOLS``.
        most_clips: Most clips per corpus; all if None.

    Returns:
        The figures.

    Raises:
        OutputExists: If the output holds an evaluation and ``force`` is off.
        UsageError: If the folder has no clips of the split, or other features than the weights.
    """
    if (output / FILE_JSON).exists() and not force:
        raise OutputExists(f"{output / FILE_JSON} exists: use --force or another -o.")
    begun = time.monotonic()
    model, meta = load_model(weights), read_meta(data)
    if (model.space, model.encoder, model.dim_names) != (meta.space, meta.encoder, meta.dim_names):
        raise UsageError(
            f"{data} holds {meta.space} with {meta.encoder}; the weights need {model.space} with "
            f"{model.encoder}: prepare it with this version."
        )
    rows = read_rows(data)
    chosen = group_clips([row for row in rows if row.split == split], most_clips)
    if not chosen:
        raise UsageError(f"{data} has no clips of the split {split!r}.")
    ridges = fit_ridges(data, [row for row in rows if row.split == "train"], model)
    meter = LipMeter(MotionSpace.load(), meta.groups, meta.effects)
    table: list[dict[str, Any]] = []
    gains: list[dict[str, Any]] = []
    for corpus, members in chosen.items():
        clips = [read_clip(data, row.sha256) for row in members]
        own = ridges.get(corpus, ridges["all"])
        fills = methods(model, ridges["all"], own, seed)
        for protocol in protocols:
            dim_set, foreign = PROTOCOLS[protocol]
            for span in spans:
                sums = {
                    name: score_clips(
                        clips,
                        partial(fill, Sounds(clips)),
                        meter,
                        meta,
                        span,
                        dim_set,
                        foreign=foreign,
                    )
                    for name, fill in fills.items()
                }
                if not sums["line"]:
                    continue
                where = {"corpus": corpus, "dims": protocol, "span": span}
                where |= {"clips": len(sums["line"])}
                table += [
                    where | {"method": name, "figures": _plain(figures(found))}
                    for name, found in sums.items()
                ]
                gains += [where | gain for gain in _gains(sums)]
                log.info("%s %s %d done", corpus, protocol, span)
    result = Evaluation(
        weights=weights_path(weights).stem,
        split=split,
        sampler=model.sampler,
        clips={corpus: len(members) for corpus, members in chosen.items()},
        rows=table,
        gains=gains,
        seconds=time.monotonic() - begun,
    )
    output.mkdir(parents=True, exist_ok=True)
    (output / FILE_JSON).write_text(json.dumps(result.to_dict(), indent=1))
    (output / FILE_TABLE).write_text(tables(result))
    return result


def methods(model: MotionModel, ridge: Ridge, own: Ridge, seed: int) -> dict[str, Fill]:
    """Return every method that is measured.

    Args:
        model: The model.
        ridge: Ridge regression fitted to all corpora.
        own: Ridge regression fitted to the clips' own corpus, where it is large enough.
        seed: Seed of the sampler.

    Returns:
        Methods by name.
    """

    def by(settings: SamplerSettings, *, wrong: bool = False) -> Fill:
        def fill(sounds: Sounds, gaps: Sequence[Gap]) -> list[Float32]:
            tasks = [
                Task(gap.motion, gap.hidden, sounds.of(gap, wrong), seed + gap.number)
                for gap in gaps
            ]
            return infill_batch(model, tasks, settings)

        return fill

    def by_ridge(chosen: Ridge, *, wrong: bool = False) -> Fill:
        def fill(sounds: Sounds, gaps: Sequence[Gap]) -> list[Float32]:
            return [
                chosen.fill(gap.motion, gap.hidden, model.projection(sounds.of(gap, wrong)))
                for gap in gaps
            ]

        return fill

    def by_motion(rule: Callable[[Float32, Bool], Float32]) -> Fill:
        return lambda sounds, gaps: [rule(gap.motion, gap.hidden) for gap in gaps]

    plain = replace(model.sampler, speech_guidance=1.0, context_guidance=1.0)
    return {
        "model": by(model.sampler),
        "model, mean (T=0)": by(replace(plain, temperature=0.0)),
        "model, sample (T=1)": by(replace(plain, temperature=1.0)),
        "model, wrong sound": by(model.sampler, wrong=True),
        "line": by_motion(line),
        "hold": by_motion(hold),
        "ridge": by_ridge(ridge),
        "ridge, own corpus": by_ridge(own),
        "ridge, wrong sound": by_ridge(own, wrong=True),
    }


def fit_ridges(data: Path, rows: Sequence[ClipRow], model: MotionModel) -> dict[str, Ridge]:
    """Fit ridge regression to the training split.

    Args:
        data: Folder made by ``facedit prepare``.
        rows: Training clips.
        model: Its speech projection is used, so that model and ridge hear the same.

    Returns:
        Ridges by corpus with enough frames, and ``all``.

    Raises:
        UsageError: If there are no training clips.
    """
    if not rows:
        raise UsageError(f"{data} has no training clips to fit the ridge baseline to.")
    frames: dict[str, int] = {}
    for row in rows:
        frames[row.corpus] = frames.get(row.corpus, 0) + row.frames

    def clips(corpora: Collection[str]) -> Iterator[Pair]:
        for row in rows:
            if row.corpus in corpora:
                clip = read_clip(data, row.sha256)
                yield model.projection(clip.speech), clip.motion

    large = [corpus for corpus, count in frames.items() if count >= MIN_OWN_FRAMES]
    fits = {corpus: RidgeFit().add(clips((corpus,))) for corpus in large}
    rest = RidgeFit().add(clips(frames.keys() - set(large)))
    fits["all"] = rest.merged(fits.values())
    return {name: fit.solve(RIDGE_STRENGTH) for name, fit in fits.items()}


def group_clips(rows: Sequence[ClipRow], most: int | None) -> dict[str, list[ClipRow]]:
    """Group clips by corpus; corpora of a few clips are pooled, for alone they say nothing.

    Args:
        rows: The clips.
        most: Most clips per group, evenly spread; all if None.

    Returns:
        Clips by the name of their corpus, or ``others``.
    """
    counts = Counter(row.corpus for row in rows)
    found: dict[str, list[ClipRow]] = {}
    for row in rows:
        small = counts[row.corpus] < MIN_CLIPS and len(counts) > 1
        found.setdefault(OTHERS if small else row.corpus, []).append(row)
    if most is None:
        return found
    return {
        name: [members[i] for i in np.linspace(0, len(members) - 1, most).astype(int)]
        if len(members) > most
        else members
        for name, members in found.items()
    }


def _gains(sums: dict[str, list[Float64]]) -> list[dict[str, Any]]:
    names = ("opening_r", "opening_rel", "width_r", "width_rel")
    return [
        {"method": ours, "against": theirs, "figure": name}
        | asdict(paired_gain(sums[ours], sums[theirs], name))
        for ours in ("model", "model, mean (T=0)")
        for theirs in BASELINES
        for name in names
    ]


def _plain(found: dict[str, Figure]) -> dict[str, dict[str, float]]:
    return {name: asdict(figure) for name, figure in found.items()}
