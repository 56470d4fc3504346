"""A training of the mouth network as its configuration file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from facedit.errors import UsageError
from facedit.fields import build
from facedit.render.network import MouthNetworkConfig
from facedit.training.mouth.mouth_data import SampleMix


@dataclass(frozen=True, slots=True)
class MouthTrainingConfig:
    """A whole experiment; every field can be set in the TOML file.

    Attributes:
        baked: Folder of baked clips.
        out: Folder for state, log and weights.
        steps: Number of steps.
        batch: Samples per step.
        seed: Seed of weights and samples.
        learning_rate: Peak of the learning rate.
        warmup: Steps of linear warm-up.
        decay: Last share of the steps over which the rate falls linearly to zero.
        weight_decay: AdamW weight decay.
        ema: Decay of the running mean of the weights that is shipped.
        lips: Weight of the mouth in the L1 loss.
        lips_alone: The same for samples without references.
        features: Weight of the feature loss.
        features_file: Weights of the feature trunk; empty for a Laplacian pyramid.
        window: Side of the window of feature and adversarial losses.
        adversarial: Gradient of the adversarial term relative to the rest.
        adversarial_from: Share of the steps after which the critic is trained.
        critic_ahead: Steps for which only the critic is trained, so that it knows what it says.
        critic_rate: Learning rate of the critic relative to the network's.
        temporal: Weight of the error of the change between two consecutive frames. Above 0 half as
            many pairs are drawn instead of single samples.
        residual_own: Share of the residual that counts where the references show the person
            themselves; the renderer shows 0 of it there.
        init: Weights file to start from; empty for weights drawn from the seed.
        save_every: Steps between saved states.
        mix: Shares of the kinds of samples.
        network: Size of the network.
    """

    baked: str
    out: str
    steps: int = 6000
    batch: int = 8
    seed: int = 7
    learning_rate: float = 4e-4
    warmup: int = 100
    decay: float = 0.3
    weight_decay: float = 0.01
    ema: float = 0.998
    lips: float = 5.0
    lips_alone: float = 1.0
    features: float = 0.1
    features_file: str = ""
    window: int = 64
    adversarial: float = 0.3
    adversarial_from: float = 0.4
    critic_ahead: int = 200
    critic_rate: float = 2.0
    temporal: float = 0.0
    residual_own: float = 1.0
    init: str = ""
    save_every: int = 200
    mix: SampleMix = field(default_factory=SampleMix)
    network: MouthNetworkConfig = field(default_factory=MouthNetworkConfig)


def config_from(table: Mapping[str, Any]) -> MouthTrainingConfig:
    """Build a configuration from a parsed TOML table.

    Args:
        table: Keys are the fields; ``mix`` (in it ``corpora``) and ``network`` are tables.

    Returns:
        The configuration.

    Raises:
        UsageError: If the corpora are no table. (Also if a key is unknown, missing or of a wrong
            kind.)
    """
    values = dict(table)
    for other in ("kind", "bake"):  # read by training/start.py
        values.pop(other, None)
    mix = values.get("mix")
    if isinstance(mix, dict):
        corpora = mix.get("corpora", {})
        if not isinstance(corpora, dict):
            raise UsageError("mouth training: mix: corpora must be a table.")
        values["mix"] = mix | {"corpora": [list(pair) for pair in sorted(corpora.items())]}
    config = build(MouthTrainingConfig, values, "mouth training")
    assert isinstance(config, MouthTrainingConfig)
    return config


def learning_rate(config: MouthTrainingConfig, step: int) -> float:
    """Return the rate of a step: linear warm-up, constant, linear fall to zero.

    Args:
        config: The experiment.
        step: Number of the step, from 0.

    Returns:
        The learning rate.
    """
    up = (step + 1) / max(config.warmup, 1)
    down = (config.steps - step) / max(config.decay * config.steps, 1.0)
    return config.learning_rate * min(1.0, up, down)
