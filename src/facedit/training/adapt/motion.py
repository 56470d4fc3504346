"""``facedit adapt``: a motion model for one speaker, kept only where it is better than the base."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from facedit.compose.source.weights import SPEAKER_KIND
from facedit.dataset.prepare import describe_space
from facedit.device import choose_device
from facedit.errors import BadWeights, NoGain
from facedit.evaluation.hidden_spans import LipMeter
from facedit.evaluation.lip_sums import FIGURES
from facedit.evaluation.meter import meter_of
from facedit.media.output import check_output, whole_or_nothing
from facedit.model.checkpoint import MotionModel, load_model, save_model, weights_path
from facedit.progress import OnProgress, StageClock
from facedit.scratch import scratch_folder
from facedit.training.adapt.motion_footage import Footage, find_footage, read_footage
from facedit.training.adapt.motion_parts import pack, part_footage
from facedit.training.adapt.motion_tune import Tuned, tune
from facedit.training.adapt.tune_options import AdaptOptions, TuneOptions
from facedit.training.motion.validate import draw_spans
from facedit.types import Float64
from facedit.units import MOTION_FPS
from facedit.weights.fetch import require, sha256_of
from facedit.weights.shipped import licence_of

LEAST_GAIN = 0.01
"""Share by which the error must fall for the tuned weights to be kept."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Errors of a hidden span over the truth's spread, before and after, on held-out speech.

    Attributes:
        opening_before: Error of the lip opening of the base.
        opening_after: The same of the tuned weights.
        width_before: Error of the mouth's width of the base.
        width_after: The same of the tuned weights.
        spans: Number of spans.
    """

    opening_before: float
    opening_after: float
    width_before: float
    width_after: float
    spans: int

    @property
    def gain(self) -> float:
        """Share by which the mean of both errors falls; negative if it rises."""
        before = self.opening_before + self.width_before
        return 1 - (self.opening_after + self.width_after) / before

    @property
    def better(self) -> bool:
        """Whether the tuned weights are kept: a fixed rule."""
        return self.gain >= LEAST_GAIN

    def __str__(self) -> str:
        """Return the figures for people."""
        return (
            f"opening {self.opening_before:.3f} -> {self.opening_after:.3f}, width "
            f"{self.width_before:.3f} -> {self.width_after:.3f} (error over spread, {self.spans} "
            "held-out spans)"
        )


@dataclass(frozen=True, slots=True)
class Adapted:
    """A speaker's weights.

    Attributes:
        output: Their file.
        steps: Steps of fine-tuning.
        minutes: Footage that was used, held-out parts included.
        clips: Clips that were used.
        judgement: Errors on held-out speech, before and after.
        skipped: Clips that were not used, and why.
        unlike: Clips that seem to show somebody else.
    """

    output: Path
    steps: int
    minutes: float
    clips: int
    judgement: Judgement
    skipped: tuple[str, ...]
    unlike: tuple[str, ...]

    def __str__(self) -> str:
        """Return the figures for people."""
        lines = [
            f"{self.output}: {self.steps} steps on {self.minutes:.1f} min of {self.clips} clips; "
            f"{self.judgement}."
        ]
        lines += [f"  not used: {reason}" for reason in self.skipped]
        if self.unlike:
            lines.append(f"  another face than in most clips? {', '.join(self.unlike)}")
        return "\n".join(lines)


def adapt(
    footage: Sequence[Path],
    output: Path,
    options: AdaptOptions | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> Adapted:
    """Fine-tune the motion model to one speaker, of videos and folders.

    A quarter of the footage is held out. The tuned weights, for ``--speaker``, are written only if
    hidden spans of it are drawn better than by the base, a set or a file of motion weights.
    Raises NoGain if the base is as good, BadWeights if it is a speaker's weights already, and the
    errors of ``find_footage``, ``read_footage``, ``part_footage`` and ``check_output``.
    """
    options = options or AdaptOptions()
    weights, work = options.weights, options.work
    base = weights_path(weights)
    sources = find_footage(footage)
    check_output(output, options.force, [*(source.path for source in sources), base])
    require("core")
    model = load_model(base, choose_device(options.device))
    if model.notes.get("kind") == SPEAKER_KIND:
        raise BadWeights(f"{base.name} is a speaker's weights: adapt the set it was made from.")
    meter = meter_of(describe_space(model.space, model.encoder))  # refuses before the work
    clock = StageClock(on_progress)
    with (
        scratch_folder() if work is None else nullcontext(work) as folder,
        clock.stage("tracking and hearing", len(sources)) as tick,
    ):
        found = read_footage(sources, folder, model, tick)
    tuned, verdict = _tuned(model, found, meter, options.tune, clock)
    frames = sum(len(clip.motion) for clip in found.clips)
    minutes = frames / MOTION_FPS / 60
    notes = {
        "kind": SPEAKER_KIND,
        "base": weights if base.stem == weights else f"{weights} ({base.stem})",
        "base_sha256": sha256_of(base),
        "licence": licence_of(base),
        "clips": len(found.clips),
        "minutes": round(minutes, 3),
        "steps": tuned.steps,
        "options": asdict(options.tune),
        "held_out": asdict(verdict),
    }
    with whole_or_nothing(output, options.force) as part:
        save_model(replace(tuned.model, notes=notes), part)
    return Adapted(
        output, tuned.steps, minutes, len(found.clips), verdict, found.skipped, found.unlike
    )


def _tuned(
    model: MotionModel, found: Footage, meter: LipMeter, options: TuneOptions, clock: StageClock
) -> tuple[Tuned, Judgement]:
    """Fine-tune on most of the footage and judge on the rest; NoGain if the base is as good."""
    meta = describe_space(model.space, model.encoder)
    parts = part_footage(found.clips)
    before, _ = draw_spans(model, parts.held, meter)
    with clock.stage("fine-tuning", options.steps) as tick:
        tuned = tune(model, pack(parts.learn, model.projection), meta, options, tick)
    verdict = judged(before, draw_spans(tuned.model, parts.held, meter)[0])
    if not verdict.better:
        raise NoGain(
            f"the base weights are as good for this speaker, nothing is written: {verdict}"
        )
    return tuned, verdict


def judged(before: Sequence[Float64], after: Sequence[Float64]) -> Judgement:
    """Compare two models by their sums on the same spans, as of ``draw_spans``."""
    first, second = np.sum(before, axis=0), np.sum(after, axis=0)
    opening, width = FIGURES["opening_rel"], FIGURES["width_rel"]
    return Judgement(
        float(opening(first)), float(opening(second)), float(width(first)), float(width(second)),
        len(before),
    )  # fmt: skip
