"""What a training of the motion model is told beside what every training is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedit.dataset.masks import MaskConfig
from facedit.errors import UsageError
from facedit.training.experiment import ClipsConfig, Experiment, OptimConfig, RunConfig


@dataclass(frozen=True, slots=True)
class MotionClipsConfig(ClipsConfig):
    """What the motion model learns from, and how it is varied.

    Attributes:
        least_scale: Least factor on standardised dims that hardly move the face; 1 leaves z-scores.
        amplitude: Standard deviation of the logarithm of a random factor on lips and face.
        people: Strength of a random linear map of the lips, new for each window: the same words as
            another person's lips would move (``sampler.speaker_perturbation``); 0 for none.
        foreign: Chance that dims which a mask keeps throughout run backwards in masked frames: in
            an edit they are as shot, to other words, and must not be leant on.
        speech_noise: Standard deviation of the noise on projected speech.
        voices: Chance that a window has another voice (``facedit prepare --voices``).
    """

    least_scale: float = 0.25
    amplitude: float = 0.1
    people: float = 0.0
    foreign: float = 0.0
    speech_noise: float = 0.15
    voices: float = 0.0


@dataclass(frozen=True, slots=True)
class MotionOptimConfig(OptimConfig):
    """How the motion model is learnt.

    Attributes:
        frames_per_step: Motion frames in a step's batch, about.
        accumulate: Parts in which each process computes its share of a step, one after the other:
            less memory, the same step.
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

    lr: float = 1.5e-3
    frames_per_step: int = 1024
    accumulate: int = 1
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

        ``UsageError`` if one is out of range.
        """
        OptimConfig.__post_init__(self)
        if self.frames_per_step < 8 or self.accumulate < 1:
            raise UsageError(f"frames_per_step must be from 8, accumulate at least 1: {self}.")
        if self.sync < 0 or self.sync_from < 0:
            raise UsageError(f"sync is {self.sync} from {self.sync_from}: neither may be negative.")
        if not all(0 <= chance <= 1 for chance in (self.drop_speech, self.drop_context)):
            raise UsageError(f"drop_speech and drop_context must lie in 0 .. 1: {self}.")


@dataclass(frozen=True, slots=True)
class MotionRunConfig(RunConfig):
    """Where and how a run of the motion model lives.

    Attributes:
        init: Weights to begin with, a file or a name such as ``default``; "" for random ones.
            Their size and speech projection stay.
        bf16: Compute in bfloat16 where autocast allows it.
        compile: Compile the network with ``torch.compile``, where a compiler is found.
        validate_clips: Most clips per corpus in a validation.
    """

    init: str = ""
    bf16: bool = False
    compile: bool = False
    validate_clips: int = 30


@dataclass(frozen=True, slots=True)
class MotionExperiment(Experiment):
    """A whole experiment.

    Attributes:
        data: What is learnt from.
        masks: What is to be drawn.
        model: ``preset`` and any field of ``ModelConfig`` that differs from it.
    """

    run: MotionRunConfig
    optim: MotionOptimConfig
    data: MotionClipsConfig
    masks: MaskConfig = field(default_factory=MaskConfig)
    model: dict[str, object] = field(default_factory=lambda: {"preset": "base"})
