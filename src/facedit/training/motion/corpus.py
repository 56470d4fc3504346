"""The data of an experiment: what is learnt from, what it is validated on, the untrained model."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facedit.dataset.masks import KINDS, MaskConfig
from facedit.dataset.prepared import ClipRow, Meta, read_clip, read_meta, read_rows
from facedit.errors import UsageError
from facedit.lip_sync.sync_weights import SyncModel
from facedit.model.checkpoint import MotionModel, load_model, weights_path
from facedit.model.config import ModelConfig, preset
from facedit.model.dit import DiT
from facedit.training.motion.config import DataConfig, PoolConfig, TrainConfig
from facedit.training.motion.data import Dataset, load_dataset, pooled_rows, split_rows
from facedit.training.motion.sampler import Sampler
from facedit.training.motion.scaling import fit_projection, motion_scale
from facedit.training.motion.sync_term import embed_clips, load_sync_for
from facedit.training.motion.validate import Validator, make_validator
from facedit.types import Float32
from facedit.weights.fetch import sha256_of

log = logging.getLogger(__name__)

LONGEST_WINDOW = 100
"""Frames of a window where the configuration names no pools: 4 s."""


@dataclass(frozen=True)
class Corpus:
    """Everything a run learns from and is validated on.

    Attributes:
        meta: Describes the dims.
        learn: Clips to learn from.
        held: Rows held out.
        held_data: The same, loaded; None if nothing is held out.
        model: Untrained model with its speech projection and motion scale.
        sync: The sync network, if the loss asks for it.
    """

    meta: Meta
    learn: Dataset
    held: list[ClipRow]
    held_data: Dataset | None
    model: MotionModel
    sync: SyncModel | None = None


def with_pools(config: TrainConfig) -> TrainConfig:
    """Let an experiment that names no pools learn from all that was prepared.

    Args:
        config: The experiment.

    Returns:
        The experiment with one pool of all corpora, whose windows hold the longest clip up to
        ``LONGEST_WINDOW``; as it was if it names pools.
    """
    if config.data.pools:
        return config
    rows = read_rows(Path(config.data.folder))
    corpora = tuple(sorted({row.corpus for row in rows}))
    window = min(max(row.frames for row in rows), LONGEST_WINDOW)
    pool = PoolConfig(corpora, 1.0, window)
    return replace(config, data=replace(config.data, pools=(pool,)))


def load_corpus(config: TrainConfig) -> Corpus:
    """Load the data of an experiment and build its untrained model.

    Args:
        config: The experiment.

    Returns:
        Data and model.
    """
    data = config.data
    folder = Path(data.folder)
    meta = read_meta(folder)
    learn, held = split_rows(
        pooled_rows(folder, data.pools),
        data.hold_out_speakers,
        data.hold_out_every,
        data.hold_out_corpora,
    )
    model = initial_model(config, meta, learn)
    projection = model.projection
    packed = load_dataset(folder, learn, projection, voices=data.voices > 0)
    held_data = load_dataset(folder, held, projection) if held else None
    sync = load_sync_for(meta) if config.optim.sync > 0 else None
    if sync is not None:
        packed = replace(packed, embedded=embed_clips(sync, folder, learn))
    log.info("%d clips to learn from, %d held out", len(learn), len(held))
    return Corpus(meta, packed, held, held_data, model, sync)


def initial_model(config: TrainConfig, meta: Meta, learn: list[ClipRow]) -> MotionModel:
    """Return the model that a run begins with.

    Args:
        config: The experiment.
        meta: Describes the prepared data.
        learn: Clips to learn from: the speech projection of a new model is fitted on them.

    Returns:
        The weights of ``config.run.init``, or random ones. (``BadWeights`` if that file is none;
        ``UsageError`` if they were made for other motion or speech, or are not as large as
        ``config.model`` says.)
    """
    if config.run.init:
        return _loaded(config, meta)
    data = config.data
    projection = fit_projection(
        (read_clip(Path(data.folder), row.sha256).speech for row in learn),
        meta.encoder,
        data.speech_dims,
        data.whiten,
    )
    torch.manual_seed(config.run.seed)
    return MotionModel(
        net=DiT(_shape(config, meta, len(projection.offset))),
        projection=projection,
        motion_scale=motion_scale(meta, data.least_scale),
        encoder=meta.encoder,
        space=meta.space,
        dim_names=meta.dim_names,
    )


def _shape(config: TrainConfig, meta: Meta, speech_dims: int) -> ModelConfig:
    changes: dict[str, Any] = dict(config.model)
    size = str(changes.pop("preset", "base"))
    return preset(size, motion_dims=len(meta.dim_names), speech_dims=speech_dims, **changes)


def _loaded(config: TrainConfig, meta: Meta) -> MotionModel:
    """Load the weights to begin with."""
    path = weights_path(config.run.init)
    model = load_model(path)
    if model.encoder != meta.encoder or model.dim_names != meta.dim_names:
        raise UsageError(
            f"{path} was made for {model.encoder} and {model.space}; {config.data.folder} holds "
            f"{meta.encoder} and {meta.space}."
        )
    wanted = _shape(config, meta, len(model.projection.offset))
    if replace(model.net.config, dropout=wanted.dropout) != wanted:
        raise UsageError(f"{path} is of another size than [model] says: {model.net.config}.")
    net = DiT(wanted)
    net.load_state_dict(model.net.state_dict())
    log.info("begins with %s (sha256 %s)", path, sha256_of(path))
    return replace(model, net=net, notes={"init": sha256_of(path)})


def loss_weights(config: TrainConfig, meta: Meta) -> torch.Tensor:
    """Return the weight of each motion dim in the loss, shape (D,)."""
    weights = np.ones(len(meta.dim_names), np.float32)
    for name in ("lips", "face", "head"):
        weights[meta.groups[name]] = getattr(config.optim, f"{name}_weight")
    return torch.from_numpy(weights)


def make_sampler(
    packed: Dataset,
    corpus: Corpus,
    data: DataConfig,
    masks: MaskConfig,
    config: TrainConfig,
    seed: int,
) -> Sampler:
    """Return a sampler of an experiment's clips.

    Args:
        packed: Clips to draw from.
        corpus: Describes them.
        data: Pools and augmentation.
        masks: What is hidden.
        config: The experiment.
        seed: Seed.

    Returns:
        The sampler.
    """
    scale: Float32 = corpus.model.motion_scale
    return Sampler(packed, corpus.meta, scale, data, masks, config.optim.frames_per_step, seed)


def corpus_validator(
    config: TrainConfig, corpus: Corpus, weights: torch.Tensor
) -> Validator | None:
    """Build the validator over the held-out clips; None without any."""
    if corpus.held_data is None or not config.run.validate_every:
        return None
    there = {row.corpus for row in corpus.held}
    pools = tuple(
        replace(pool, corpora=found)
        for pool in config.data.pools
        if (found := tuple(name for name in pool.corpora if name in there))
    )
    plain = replace(
        config.data,
        pools=pools,
        mirror=0.0,
        amplitude=0.0,
        stretch=0.0,
        foreign=0.0,
        speech_noise=0.0,
        voices=0.0,
    )
    samplers = []
    for kind in KINDS:
        only = {name: float(name == kind) for name in KINDS}
        masks = replace(config.masks, **only)
        samplers.append(make_sampler(corpus.held_data, corpus, plain, masks, config, 1))
    return make_validator(
        Path(config.data.folder), corpus.held, config.run.validate_clips, samplers, corpus.meta,
        config.optim, weights,
    )  # fmt: skip
