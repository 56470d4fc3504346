"""``facedit evaluate``: hidden spans of real clips, drawn by the model and by what it must beat."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch

from facedit.dataset.clip_rows import counted
from facedit.dataset.prepared import ClipRow, Meta, PreparedClip, read_clip, read_meta, read_rows
from facedit.device import choose_device, device_of
from facedit.errors import OutputExists, UsageError
from facedit.evaluation.baselines import Pair, Ridge, RidgeFit
from facedit.evaluation.behaviour.heard import Heard
from facedit.evaluation.behaviour.run_studies import Footage, hear_clips, run_studies
from facedit.evaluation.behaviour.study import Row, Study
from facedit.evaluation.evaluate_options import (
    CLOSURES,
    PROTOCOLS,
    ROUNDING,
    SPANS_PART,
    STILLNESS,
    STUDIES,
    EvaluateOptions,
)
from facedit.evaluation.evaluation import Evaluation, tables
from facedit.evaluation.fills import Fill, Sounds, methods, with_another_clip
from facedit.evaluation.hidden_spans import LipMeter, score_clips
from facedit.evaluation.lip_sums import figures, hidden_frames, paired_gain
from facedit.evaluation.meter import meter_of
from facedit.model.checkpoint import MotionModel, load_model, weights_path
from facedit.speech.encoders.encoders import encoder_of
from facedit.types import Float64
from facedit.weights.fetch import require

log = logging.getLogger(__name__)

BASELINES = ("line", "hold", "ridge", "ridge, own corpus")
RIDGE_STRENGTH = 0.1
MIN_OWN_FRAMES = 5_000
"""Fewest training frames of a corpus for a ridge of its own."""

MIN_CLIPS = 20
"""Fewest clips of a corpus for a table of its own."""

OTHERS = "others"

FILE_JSON, FILE_TABLE = "evaluation.json", "evaluation.md"


def evaluate(data: Path, output: Path, options: EvaluateOptions | None = None) -> Evaluation:
    """Measure a model on clips it has not learnt from.

    Spans of each clip are hidden, one at a time, and drawn from the clip's own sound, by the model
    at its default settings, at temperature 0 (its mean, like for like with ridge) and with another
    clip's sound; and by the baselines, ridge regression being fitted to the training split.

    ``data``: folder made by ``facedit prepare``; ``output``: folder for ``evaluation.json`` and
    ``evaluation.md``. ``OutputExists`` if it holds an evaluation and ``force`` is off;
    ``UsageError`` if the data has no clips of the split, or other features than the weights.
    """
    options = options or EvaluateOptions()
    if (output / FILE_JSON).exists() and not options.force:
        raise OutputExists(f"{output / FILE_JSON} exists: use --force or another -o.")
    if options.footage is not None:
        require("core")
    begun = time.monotonic()
    model = load_model(options.weights, choose_device(options.device))
    meta, rows = read_meta(data), read_rows(data)
    chosen = _chosen(data, model, meta, rows, options)
    ridges = fit_ridges(data, [row for row in rows if row.split == "train"], model)
    meter = meter_of(meta)
    listens = {CLOSURES, ROUNDING, STILLNESS} & set(options.parts)
    footage = Footage.find(options.footage if listens else None, options.transcripts)
    wanted = [part for part in options.parts if part in STUDIES]
    table: list[Row] = []
    gains: list[Row] = []
    behaviour: dict[str, dict[str, list[Row]]] = {}
    for corpus, members in chosen.items():
        clips = [read_clip(data, row.sha256) for row in members]
        fills = methods(model, ridges["all"], ridges.get(corpus, ridges["all"]), options.seed)
        fills = with_another_clip(fills, clips)
        for where, sums in _spans(clips, fills, meter, options):
            _add(table, gains, {"corpus": corpus} | where, sums)
        if wanted:
            device = device_of(model.net)
            heard = _heard(data, members, clips, footage, meta.encoder, device)
            # A name of a speaker may be used by several corpora.
            speakers = [f"{row.corpus}/{row.speaker}" for row in members]
            study = Study.of(clips, heard, speakers, fills, meter, meta, device)
            study = replace(study, window=model.window)
            behaviour[corpus] = run_studies(study, wanted)
    result = Evaluation(
        weights=weights_path(options.weights).stem,
        split=options.split,
        sampler=model.sampler,
        clips={corpus: len(members) for corpus, members in chosen.items()},
        rows=table,
        gains=gains,
        behaviour=behaviour,
        seconds=time.monotonic() - begun,
    )
    output.mkdir(parents=True, exist_ok=True)
    (output / FILE_JSON).write_text(json.dumps(asdict(result), indent=1))
    (output / FILE_TABLE).write_text(tables(result))
    return result


def _chosen(
    data: Path, model: MotionModel, meta: Meta, rows: Sequence[ClipRow], options: EvaluateOptions
) -> dict[str, list[ClipRow]]:
    """Group the clips to measure; ``UsageError`` if there are none or the weights don't fit."""
    if (model.space, model.encoder, model.dim_names) != (meta.space, meta.encoder, meta.dim_names):
        raise UsageError(
            f"{data} holds {meta.space} with {meta.encoder}; the weights need {model.space} with "
            f"{model.encoder}: prepare it with this version."
        )
    chosen = group_clips([r for r in rows if r.split == options.split], options.most_clips)
    if not chosen:
        raise UsageError(
            f"{data} holds no clips of the split {options.split!r}; it holds "
            f"{counted(row.split for row in rows)}. Name one of these with --split, or prepare "
            "from a manifest whose column 'split' says 'dev' where clips are to be measured."
        )
    return chosen


def _heard(
    data: Path,
    rows: Sequence[ClipRow],
    clips: Sequence[PreparedClip],
    footage: Footage,
    encoder: str,
    device: torch.device,
) -> list[Heard | None]:
    """Hear the clips whose footage was given."""
    if not footage.sources:
        return [None] * len(clips)
    return hear_clips(data, rows, clips, footage, encoder_of(encoder, device))


def _spans(
    clips: Sequence[PreparedClip],
    fills: Mapping[str, Fill],
    meter: LipMeter,
    options: EvaluateOptions,
) -> Iterator[tuple[Row, dict[str, list[Float64]]]]:
    """Hide spans and sum up how well each method draws them: what was hidden, sums by method."""
    sounds = Sounds.of_clips(clips)
    wanted = product(options.protocols, options.spans) if SPANS_PART in options.parts else ()
    for protocol, span in wanted:
        dim_set, reverse_kept = PROTOCOLS[protocol]
        sums = {
            name: score_clips(
                clips, partial(fill, sounds), meter, span, dim_set,
                reverse_kept=reverse_kept, most=options.spans_per_clip,
            )
            for name, fill in fills.items()
        }  # fmt: skip
        if sums["line"]:
            yield {"dims": protocol, "span": span}, sums
        log.info("%s %d done", protocol, span)


def _add(
    table: list[Row],
    gains: list[Row],
    where: Row,
    sums: dict[str, list[Float64]],
) -> None:
    """Add the figures of each method, and of the model over each baseline."""
    where = where | {"clips": len(sums["line"]), "frames": hidden_frames(sums["line"])}
    for name, by_clip in sums.items():
        plain = {key: asdict(figure) for key, figure in figures(by_clip).items()}
        table.append(where | {"method": name, "figures": plain})
    names = ("opening_r", "opening_rel", "width_r", "width_rel")
    for ours, theirs, name in product(("model", "model, mean (T=0)"), BASELINES, names):
        gain = asdict(paired_gain(sums[ours], sums[theirs], name))
        gains.append(where | {"method": ours, "against": theirs, "figure": name} | gain)


def fit_ridges(data: Path, rows: Sequence[ClipRow], model: MotionModel) -> dict[str, Ridge]:
    """Fit ridge regression to the training split: by corpus with enough frames, and ``all``.

    ``UsageError`` if there are no training clips.
    """
    if not rows:
        raise UsageError(
            f"{data} holds no clips of the split 'train', to which ridge regression is fitted: "
            "prepare more clips, or say 'train' in the manifest's column 'split'."
        )
    frames: Counter[str] = Counter()
    for row in rows:
        frames[row.corpus] += row.frames

    def clips(corpora: Collection[str]) -> Iterator[Pair]:
        for row in rows:
            if row.corpus in corpora:
                clip = read_clip(data, row.sha256)
                yield model.projection.mean(clip.speech), clip.motion

    large = [corpus for corpus, count in frames.items() if count >= MIN_OWN_FRAMES]
    fits = {corpus: RidgeFit().add(clips((corpus,))) for corpus in large}
    rest = RidgeFit().add(clips(frames.keys() - set(large)))
    fits["all"] = rest.merged(fits.values())
    return {name: fit.solve(RIDGE_STRENGTH) for name, fit in fits.items()}


def group_clips(rows: Sequence[ClipRow], most: int | None) -> dict[str, list[ClipRow]]:
    """Group clips by corpus; corpora of a few clips are pooled, for alone they say nothing.

    ``most``: most clips per group, evenly spread; all if None.
    """
    counts = Counter(row.corpus for row in rows)
    found: dict[str, list[ClipRow]] = {}
    for row in rows:
        small = counts[row.corpus] < MIN_CLIPS and len(counts) > 1
        found.setdefault(OTHERS if small else row.corpus, []).append(row)
    for name, members in found.items():
        if most is not None and len(members) > most:
            found[name] = [members[i] for i in np.linspace(0, len(members) - 1, most).astype(int)]
    return found
