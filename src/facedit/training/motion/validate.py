"""Figures of a network on clips it does not learn from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from facedit.dataset.prepared import ClipRow, Meta, PreparedClip, read_clip
from facedit.device import device_of
from facedit.evaluation.hidden_spans import Gap, LipMeter, score_clips
from facedit.evaluation.lip_sums import FIGURES
from facedit.model.checkpoint import MotionModel
from facedit.model.infill import Task, infill_batch
from facedit.motion.identity import Identity
from facedit.motion.space import MotionSpace
from facedit.training.face_strip import FaceStrip, strip_frames
from facedit.training.motion.config import OptimConfig
from facedit.training.motion.flow_task import draw_task, task_loss
from facedit.training.motion.sampler import Batch, Sampler
from facedit.training.motion.samples import Sample
from facedit.types import Float32, SpeechFeatures

SPAN = 14
LOSS_BATCHES = 6
SEED = 20_000
SAMPLES = 6
"""Clips that are shown as drawn, about; at least one of each corpus."""
SHOWN = ("opening_r", "opening_rel", "width_r", "width_rel", "speed", "jump")


@dataclass(frozen=True, slots=True)
class Validation:
    """What a validation found.

    Attributes:
        figures: Figures by name, e.g. ``loss_short`` or ``lrw_ar_opening_r``.
        samples: A few clips as drawn.
    """

    figures: dict[str, float]
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Validator:
    """Validates a model.

    Attributes:
        clips: Clips by corpus.
        names: Names of the clips by corpus.
        batches: Fixed batches for the loss.
        meta: Describes the dims.
        meter: Measures lips.
        optim: Loss settings.
        dim_weights: Weight per motion dim.
    """

    clips: dict[str, list[PreparedClip]]
    names: dict[str, list[str]]
    batches: list[Batch]
    meta: Meta
    meter: LipMeter
    optim: OptimConfig
    dim_weights: Tensor

    def validate(self, model: MotionModel) -> Validation:
        """Return the loss by kind of mask and the lips' figures by corpus, drawn at temperature 0.

        Args:
            model: The model.

        Returns:
            Figures and samples.
        """
        out = self._losses(model)
        settings = replace(model.sampler, steps=5, temperature=0.0)
        shown = max(1, SAMPLES // max(len(self.clips), 1))
        samples: list[Sample] = []
        for corpus, clips in self.clips.items():
            drawn: list[tuple[Gap, Float32]] = []

            def draw(
                gaps: Sequence[Gap],
                clips: list[PreparedClip] = clips,
                drawn: list[tuple[Gap, Float32]] = drawn,
            ) -> list[Float32]:
                tasks = [
                    Task(gap.motion, gap.hidden, clips[gap.number].speech, gap.number)
                    for gap in gaps
                ]
                results = infill_batch(model, tasks, settings)
                drawn.extend(zip(gaps, results, strict=True))
                return results

            scores = score_clips(
                clips, draw, self.meter, self.meta, SPAN, "lips", reverse_kept=True
            )
            if scores:
                total = np.sum(scores, axis=0)
                out |= {f"{corpus}_{name}": float(FIGURES[name](total)) for name in SHOWN}
            for (gap, motion), score in list(zip(drawn, scores, strict=True))[:shown]:
                figures = {
                    name: float(FIGURES[name](score)) for name in ("opening_r", "opening_rel")
                }
                samples.append(self._sample(corpus, gap, motion, figures))
        return Validation(out, tuple(samples))

    def _sample(self, corpus: str, gap: Gap, drawn: Float32, figures: dict[str, float]) -> Sample:
        clip = self.clips[corpus][gap.number]
        joined = np.where(gap.hidden, drawn, clip.motion)
        return Sample(
            name=self.names[corpus][gap.number],
            corpus=corpus,
            truth=self.meter.measure(clip.motion, clip.identity)["opening"],
            drawn=self.meter.measure(joined, clip.identity)["opening"],
            span=gap.span,
            energy=SpeechFeatures.from_values(clip.speech, self.meta.encoder).energy,
            figures=figures,
            strip=self._strip(gap, joined, clip),
        )

    def _strip(self, gap: Gap, joined: Float32, clip: PreparedClip) -> FaceStrip:
        """Decode some of the faces as they were and as they were drawn."""
        frames = strip_frames(gap.span, len(joined))
        identity = Identity(clip.identity, 1.0, np.zeros(3), np.zeros(3))
        truth, drawn = (
            self.meter.space.decode_shape(motion[list(frames)], identity)
            for motion in (clip.motion, joined)
        )
        hidden = tuple(gap.span[0] <= frame < gap.span[1] for frame in frames)
        return FaceStrip(frames, hidden, truth, drawn)

    def _losses(self, model: MotionModel) -> dict[str, float]:
        sums: dict[str, list[float]] = defaultdict(list)
        generator = torch.Generator().manual_seed(SEED)
        weights = self.dim_weights.to(device_of(model.net))
        with torch.inference_mode():
            for batch in self.batches:
                task = draw_task(batch, self.optim, generator, drop=False)
                loss = task_loss(model.net, task, weights, self.optim.smoothness, bf16=False)
                sums[batch.kinds[0]].append(float(loss.velocity))
        return {f"loss_{kind}": float(np.mean(losses)) for kind, losses in sums.items()}


def make_validator(
    folder: Path,
    rows: Sequence[ClipRow],
    per_corpus: int,
    samplers: Sequence[Sampler],
    meta: Meta,
    optim: OptimConfig,
    dim_weights: Tensor,
) -> Validator:
    """Load validation clips.

    Args:
        folder: Folder made by ``facedit prepare``.
        rows: Clips that are not learnt from.
        per_corpus: Most clips per corpus, evenly spread over the rows.
        samplers: One per kind of mask, over the held-out clips, without augmentation.
        meta: Describes the dims.
        optim: Loss settings.
        dim_weights: Weight per motion dim.

    Returns:
        The validator.
    """
    by_corpus: dict[str, list[ClipRow]] = defaultdict(list)
    for row in rows:
        by_corpus[row.corpus].append(row)
    clips, names = {}, {}
    for corpus, found in by_corpus.items():
        picked = np.linspace(0, len(found) - 1, min(per_corpus, len(found))).round().astype(int)
        clips[corpus] = [read_clip(folder, found[i].sha256) for i in picked]
        names[corpus] = [found[i].file for i in picked]
    batches = [
        batch
        for sampler in samplers
        for step in range(LOSS_BATCHES)
        for batch in sampler.draw(step)
    ]
    meter = LipMeter(MotionSpace.named(meta.space), meta.groups, meta.effects)
    return Validator(clips, names, batches, meta, meter, optim, dim_weights)
