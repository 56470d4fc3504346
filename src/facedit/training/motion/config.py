"""The training configuration: a TOML file that is the whole experiment, checked field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facedit.dataset.masks import MaskConfig
from facedit.errors import UsageError
from facedit.fields import build
from facedit.training.table import read_table


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """Clips that are drawn together, in windows of one length.

    Attributes:
        corpora: Names of corpora.
        share: Share of the frames of a step, before normalisation.
        window: Frames of a window; shorter clips are padded, longer ones cropped at random.
    """

    corpora: tuple[str, ...]
    share: float
    window: int

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            UsageError: If one is out of range.
        """
        if not self.corpora or self.share <= 0 or self.window < 8:
            raise UsageError(f"A pool needs corpora, a share above 0 and a window from 8: {self}.")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What is learnt from.

    Attributes:
        folder: Folder made by ``facedit prepare``; relative to the working directory.
        pools: How corpora are balanced; none for one pool of all that was prepared.
        hold_out_speakers: Speakers of the training split kept for validation.
        hold_out_every: Every n-th training clip of the other speakers of ``hold_out_corpora`` is
            kept for validation; 0 for none.
        hold_out_corpora: Corpora to which ``hold_out_every`` applies.
        speech_dims: Principal components kept of the encoder's features.
        whiten: 0 keeps the components' spread, 1 makes it equal.
        least_scale: Least factor on standardised dims that hardly move the face; 1 leaves z-scores.
        balance: Exponent on a speaker's frames in the draw: 1 as found, 0 all speakers alike.
        mirror: Chance that a window is shown mirrored.
        amplitude: Standard deviation of the logarithm of a random factor on lips and face.
        people: Strength of a random linear map of the lips, new for each window: the same words as
            another person's lips would move (``sampler.speaker_perturbation``); 0 for none.
        stretch: Largest relative change of speed; 0 for none.
        foreign: Chance that dims which a mask keeps throughout run backwards in masked frames: in
            an edit they are as shot, to other words, and must not be leant on.
        speech_noise: Standard deviation of the noise on projected speech.
        voices: Chance that a window has another voice (``facedit prepare --voices``).
    """

    folder: str
    pools: tuple[PoolConfig, ...] = ()
    hold_out_speakers: tuple[str, ...] = ()
    hold_out_every: int = 0
    hold_out_corpora: tuple[str, ...] = ()
    speech_dims: int = 128
    whiten: float = 0.5
    least_scale: float = 0.25
    balance: float = 0.5
    mirror: float = 0.5
    amplitude: float = 0.1
    people: float = 0.0
    stretch: float = 0.0
    foreign: float = 0.0
    speech_noise: float = 0.15
    voices: float = 0.0


@dataclass(frozen=True, slots=True)
class OptimConfig:
    """How it is learnt.

    Attributes:
        steps: Optimiser steps.
        frames_per_step: Motion frames in a step's batch, about.
        accumulate: Parts in which each process computes its share of a step, one after the other:
            less memory, the same step.
        lr: Peak learning rate of AdamW.
        warmup: Steps of linear warm-up.
        decay_from: Step from which the rate falls to 0 along a half cosine; constant before.
        weight_decay: Of AdamW, on matrices only.
        clip: Largest norm of the gradient.
        ema: Decay of the averaged weights (reached gradually).
        smoothness: Factor of the smoothness term.
        sync: Factor of the sync term (``sync_term.py``); 0 for none. A network trained with it must
            not be judged by the same sync network.
        sync_from: Step from which the sync term counts.
        drop_speech: Chance that a window's speech is dropped.
        drop_context: Chance that a window's kept motion is taken away (everything masked).
        lips_weight: Weight of the lip dims in the loss.
        face_weight: Weight of the upper face's dims.
        head_weight: Weight of the head's dims.
    """

    steps: int
    frames_per_step: int = 1024
    accumulate: int = 1
    lr: float = 1.5e-3
    warmup: int = 200
    decay_from: int = 0
    weight_decay: float = 0.03
    clip: float = 1.0
    ema: float = 0.999
    smoothness: float = 0.5
    sync: float = 0.0
    sync_from: int = 0
    drop_speech: float = 0.1
    drop_context: float = 0.1
    lips_weight: float = 1.0
    face_weight: float = 0.5
    head_weight: float = 0.5

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            UsageError: If one is out of range.
        """
        if self.steps < 1 or self.frames_per_step < 8 or self.lr <= 0 or self.clip <= 0:
            raise UsageError(f"steps, frames_per_step, lr and clip must be positive: {self}.")
        if self.accumulate < 1:
            raise UsageError(f"accumulate is {self.accumulate}; it must be at least 1.")
        if self.sync < 0 or self.sync_from < 0:
            raise UsageError(f"sync is {self.sync} from {self.sync_from}: neither may be negative.")
        chances = (self.drop_speech, self.drop_context, self.ema)
        if not all(0 <= chance <= 1 for chance in chances):
            raise UsageError(f"drop_speech, drop_context and ema must lie in 0 .. 1: {chances}.")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Where and how the run lives.

    Attributes:
        output: Folder of checkpoints and logs.
        init: Weights to begin with, a file or a name such as ``default``; "" for random ones.
            Their size and speech projection stay.
        seed: Seed of everything.
        threads: CPU threads of torch.
        bf16: Compute in bfloat16 where autocast allows it.
        compile: Compile the network with ``torch.compile``, where a compiler is found.
        log_every: Steps between log rows.
        save_every: Steps between checkpoints.
        validate_every: Steps between validations; 0 for none.
        validate_clips: Most clips per corpus in a validation.
    """

    output: str
    init: str = ""
    seed: int = 0
    threads: int = 1
    bf16: bool = False
    compile: bool = False
    log_every: int = 50
    save_every: int = 500
    validate_every: int = 1000
    validate_clips: int = 30


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """A whole experiment.

    Attributes:
        run: Where and how the run lives.
        data: What is learnt from.
        optim: How it is learnt.
        masks: What is to be drawn.
        model: ``preset`` and any field of ``ModelConfig`` that differs from it.
    """

    run: RunConfig
    data: DataConfig
    optim: OptimConfig
    masks: MaskConfig = field(default_factory=MaskConfig)
    model: dict[str, Any] = field(default_factory=lambda: {"preset": "base"})


def load_config(path: Path) -> TrainConfig:
    """Read a training configuration.

    Args:
        path: TOML file, or a shipped configuration's name; ``extends`` names another one from which
            it differs.

    Returns:
        The configuration. (``UsageError`` if the file cannot be read or a field is missing, unknown
        or of a wrong kind.)
    """
    config = build(TrainConfig, read_table(path), str(path))
    assert isinstance(config, TrainConfig)
    return config
