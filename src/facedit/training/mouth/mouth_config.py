"""What a training of the mouth network is told: a TOML file with ``kind = "mouth"``."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedit.render.network import MouthNetworkConfig
from facedit.training.experiment import Experiment, OptimConfig, RunConfig


@dataclass(frozen=True, slots=True)
class MouthRunConfig(RunConfig):
    """Where and how a run lives.

    Attributes:
        init: Weights file to start from; empty for weights drawn from the seed.
    """

    init: str = ""


@dataclass(frozen=True, slots=True)
class BakeConfig:
    """What training pictures are cut from, once; needed only where they are missing.

    Attributes:
        data: Folder of clips with ``manifest.csv``; "" if the pictures are there.
        tracks: Folder of their tracks, made by ``facedit prepare``.
        clips: Most clips of each corpus.
        every: Keep one frame of so many, per corpus.
    """

    data: str = ""
    tracks: str = ""
    clips: int = 2000
    every: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SampleMix:
    """Shares of the kinds of samples.

    Attributes:
        no_reference: Share with copies of the base as references (the still picture).
        donor: Share with references of another speaker, tone-matched.
        random_reference: Share of the rest whose references are drawn at random.
        max_turn: Frames whose head is turned further, in radians, are left out: in profile the
            landmarks are guesses.
        corpora: Weight of each corpus; clips of a corpus are drawn evenly.
        hold_out: Speakers never drawn, as ``corpus/speaker``; settings are judged on them.
    """

    no_reference: float = 0.35
    donor: float = 0.1
    random_reference: float = 0.15
    max_turn: float = 0.7
    corpora: dict[str, float] = field(default_factory=lambda: {"lrw_ar": 1.0})
    hold_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MouthClipsConfig(SampleMix):
    """What is learnt from: a folder of baked clips, and what they are cut from."""

    baked: str = ""
    bake: BakeConfig = field(default_factory=BakeConfig)


@dataclass(frozen=True, slots=True)
class MouthOptimConfig(OptimConfig):
    """How the mouth network is learnt; the rate falls along a line.

    Attributes:
        batch: Samples per step.
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
    """

    lr: float = 4e-4
    warmup: int = 100
    weight_decay: float = 0.01
    ema: float = 0.998
    batch: int = 8
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

    def rate(self, step: int) -> float:
        """Return the rate of a step: linear warm-up, constant, linear fall to zero."""
        up = (step + 1) / max(self.warmup, 1)
        down = (self.steps - step) / max(self.steps - self.decay_from, 1.0)
        return self.lr * min(1.0, up, down)


@dataclass(frozen=True, slots=True)
class MouthExperiment(Experiment):
    """A whole experiment: what is learnt from, and the size of the network."""

    run: MouthRunConfig
    optim: MouthOptimConfig
    data: MouthClipsConfig
    network: MouthNetworkConfig = field(default_factory=MouthNetworkConfig)
