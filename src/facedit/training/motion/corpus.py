"""The data of an experiment: what is learnt from, what it is validated on, the untrained model."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facedit.dataset.masks import KINDS
from facedit.dataset.prepared import ClipRow, Meta, read_clip, read_meta
from facedit.errors import UsageError
from facedit.evaluation.meter import find_meter
from facedit.lip_sync.sync_weights import SyncModel
from facedit.model.checkpoint import MotionModel, load_model, weights_path
from facedit.model.config import ModelConfig, preset
from facedit.model.dit import DiT
from facedit.model.normalise import SpeechProjection
from facedit.model.warm_start import grown
from facedit.model.windows import LONGEST_WINDOW, WINDOW
from facedit.speech.encoders.encoders import layers_in
from facedit.training.motion.data import Dataset, chosen_rows, load_dataset
from facedit.training.motion.motion_config import MotionExperiment, MotionOptimConfig
from facedit.training.motion.sampler import Batch, Sampler
from facedit.training.motion.scaling import fit_projection, motion_scale
from facedit.training.motion.sync_term import embed_clips, load_sync_for
from facedit.training.motion.validate import Validator
from facedit.types import Float32
from facedit.weights.fetch import sha256_of

log = logging.getLogger(__name__)

LOSS_BATCHES = 6
"""Steps whose batches a validation takes the loss of, for each kind of mask."""


@dataclass(frozen=True)
class Corpus:
    """Everything a run learns from and is validated on.

    Attributes:
        meta: Describes the dims.
        learn: Clips to learn from.
        held: Rows held out.
        model: Untrained model with its speech projection and motion scale.
        sync: The sync network, if the loss asks for it.
    """

    meta: Meta
    learn: Dataset
    held: list[ClipRow]
    model: MotionModel
    sync: SyncModel | None = None


def load_corpus(config: MotionExperiment) -> Corpus:
    """Load the data of an experiment and build its untrained model."""
    data = config.data
    folder = Path(data.folder)
    meta = read_meta(folder)
    learn, held = chosen_rows(data)
    model = initial_model(config, meta, learn)
    packed = load_dataset(folder, learn, model.projection, voices=data.voices > 0)
    sync = load_sync_for(meta) if config.optim.sync > 0 else None
    if sync is not None:
        packed = replace(packed, embedded=embed_clips(sync, folder, learn))
    log.info("%d clips to learn from, %d held out", len(learn), len(held))
    return Corpus(meta, packed, held, model, sync)


def initial_model(config: MotionExperiment, meta: Meta, learn: list[ClipRow]) -> MotionModel:
    """Return the model that a run begins with: that of ``run.init``, or random weights.

    A new model's speech projection is fitted on the clips to learn from. Raises BadWeights if the
    file is none; UsageError if its weights are for other motion or speech, or of another size.
    """
    if config.run.init:
        return _loaded(config, meta)
    data = config.data
    projection = fit_projection(
        (read_clip(Path(data.folder), row.sha256).speech for row in learn),
        meta.encoder,
        data.speech_dims,
        data.whiten,
        layers_in(meta.encoder),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.run.seed)
        net = DiT(_shape(config, meta, projection))
    return MotionModel(
        net=net,
        projection=projection,
        motion_scale=motion_scale(meta, data.least_scale),
        encoder=meta.encoder,
        space=meta.space,
        dim_names=meta.dim_names,
        window=_window(config),
    )


def _window(config: MotionExperiment, least: int = WINDOW) -> int:
    """Return the longest window that is learnt from, or as much as weights draw at once anyway."""
    return min(max(least, *(pool.window for pool in config.data.pools)), LONGEST_WINDOW)


def _shape(config: MotionExperiment, meta: Meta, projection: SpeechProjection) -> ModelConfig:
    changes: dict[str, Any] = dict(config.model)
    size = str(changes.pop("preset", "base"))
    dims = {"motion_dims": len(meta.dim_names), "speech_dims": len(projection.offset)}
    return preset(size, **dims, speech_layers=projection.layers, **changes)


def _loaded(config: MotionExperiment, meta: Meta) -> MotionModel:
    """Load the weights to begin with."""
    path = weights_path(config.run.init)
    model = load_model(path)
    if model.encoder != meta.encoder or model.dim_names != meta.dim_names:
        raise UsageError(
            f"{path} was made for {model.encoder} and {model.space}; {config.data.folder} holds "
            f"{meta.encoder} and {meta.space}."
        )
    net = grown(model.net, _shape(config, meta, model.projection), config.run.seed)
    log.info("begins with %s (sha256 %s)", path, sha256_of(path))
    window = _window(config, model.window)
    return replace(model, net=net, window=window, notes={"init": sha256_of(path)})


def loss_weights(optim: MotionOptimConfig, meta: Meta) -> torch.Tensor:
    """Return the weight of each motion dim in the loss, shape (D,)."""
    weights = np.ones(len(meta.dim_names), np.float32)
    for name in ("lips", "face", "head"):
        weights[meta.groups[name]] = getattr(optim, f"{name}_weight")
    return torch.from_numpy(weights)


def make_sampler(packed: Dataset, corpus: Corpus, config: MotionExperiment, seed: int) -> Sampler:
    """Return a sampler of clips with the pools, augmentation and masks of an experiment."""
    scale: Float32 = corpus.model.motion_scale
    return Sampler(
        packed, corpus.meta, scale, config.data, config.masks, config.optim.frames_per_step, seed
    )


def make_validator(
    config: MotionExperiment, corpus: Corpus, weights: torch.Tensor
) -> Validator | None:
    """Build the validator over the held-out clips; None without any."""
    if not corpus.held or not config.run.validate_every:
        return None
    folder = Path(config.data.folder)
    by_corpus: dict[str, list[ClipRow]] = defaultdict(list)
    for row in corpus.held:
        by_corpus[row.corpus].append(row)
    clips = {
        name: [read_clip(folder, row.sha256) for row in _spread(rows, config.run.validate_clips)]
        for name, rows in by_corpus.items()
    }
    batches, meta = _held_batches(config, corpus, by_corpus.keys()), corpus.meta
    return Validator(clips, batches, meta, find_meter(meta), config.optim, weights)


def _held_batches(
    config: MotionExperiment, corpus: Corpus, corpora: Collection[str]
) -> list[Batch]:
    """Draw batches of the held-out clips, as they are, for each kind of mask."""
    packed = load_dataset(Path(config.data.folder), corpus.held, corpus.model.projection)
    pools = tuple(
        replace(pool, corpora=found)
        for pool in config.data.pools
        if (found := tuple(name for name in pool.corpora if name in corpora))
    )
    plain = replace(
        config.data, pools=pools, mirror=0.0, amplitude=0.0, people=0.0, stretch=0.0, foreign=0.0,
        speech_noise=0.0, voices=0.0,
    )  # fmt: skip
    batches = []
    for kind in KINDS:
        masks = replace(config.masks, **{name: float(name == kind) for name in KINDS})
        only = replace(config, data=plain, masks=masks)
        sampler = make_sampler(packed, corpus, only, 1)
        batches += [batch for step in range(LOSS_BATCHES) for batch in sampler.draw(step)]
    return batches


def _spread(rows: Sequence[ClipRow], most: int) -> list[ClipRow]:
    """Pick a number of rows at most, evenly spread."""
    picked = np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)
    return [rows[index] for index in picked]
