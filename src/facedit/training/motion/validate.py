"""Figures and pictures of the motion model on clips it does not learn from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from facedit.dataset.prepared import Meta, PreparedClip
from facedit.device import device_of, inference
from facedit.evaluation.hidden_spans import Gap, LipMeter, score_clips
from facedit.evaluation.lip_sums import FIGURES
from facedit.face.regions import OUTER_LIPS
from facedit.model.checkpoint import MotionModel
from facedit.model.infill import Task, infill_batch
from facedit.motion.identity import Identity
from facedit.render.geometry import CROP
from facedit.render.mouth_inputs import draw_raster
from facedit.training.engine import Validation
from facedit.training.motion.flow_task import draw_task, task_loss
from facedit.training.motion.motion_config import MotionOptimConfig
from facedit.training.motion.sampler import Batch
from facedit.types import Float32, Float64, UInt8

SPAN = 14
"""Frames of a hidden span."""

STEPS = 5
"""Euler steps: half of those of an edit."""

SEED = 20_000
SAMPLES = 6
"""Clips that are shown as drawn, about; at least one of each corpus."""
SHOWN = ("opening_r", "opening_rel", "width_r", "width_rel", "speed", "jump")

_SIZE, _EYES = 96, 130.0
"""Side of a picture of lips, and the outer-eye distance in it."""


@dataclass(frozen=True)
class Validator:
    """Validates a model.

    Attributes:
        clips: Clips by corpus.
        batches: Fixed batches for the loss, without augmentation, of one kind of mask each.
        meta: Describes the dims.
        meter: Measures lips; None of a motion space that cannot be measured.
        optim: Loss settings.
        dim_weights: Weight per motion dim.
    """

    clips: dict[str, list[PreparedClip]]
    batches: list[Batch]
    meta: Meta
    meter: LipMeter | None
    optim: MotionOptimConfig
    dim_weights: Tensor

    def validate(self, model: MotionModel) -> Validation:
        """Return the loss by kind of mask, the lips' figures by corpus, and lips as drawn."""
        figures, meter = self._losses(model), self.meter
        if meter is None:
            return Validation(figures, {})
        shown = max(1, SAMPLES // max(len(self.clips), 1))
        rows: list[UInt8] = []
        for corpus, clips in self.clips.items():
            scores, drawn = draw_spans(model, clips, meter)
            if scores:
                total = np.sum(scores, axis=0)
                figures |= {f"{corpus}_{name}": float(FIGURES[name](total)) for name in SHOWN}
            for gap, motion in drawn[:shown]:
                clip, (start, stop) = clips[gap.number], gap.span
                joined = np.where(gap.hidden, motion, clip.motion)
                around = slice(start - 1, stop + 1)
                pair = np.stack([clip.motion[around], joined[around]])
                rows.append(lip_rows(meter, pair, clip.identity))
        return Validation(figures, {"lips": np.concatenate(rows)} if rows else {})

    def _losses(self, model: MotionModel) -> dict[str, float]:
        sums: dict[str, list[float]] = defaultdict(list)
        generator = torch.Generator().manual_seed(SEED)
        weights = self.dim_weights.to(device_of(model.net))
        with inference():
            for batch in self.batches:
                task = draw_task(batch, self.optim, generator, drop=False)
                loss = task_loss(model.net, task, weights, self.optim.smoothness, bf16=False)
                sums[batch.kinds[0]].append(float(loss.velocity))
        return {f"loss_{kind}": float(np.mean(losses)) for kind, losses in sums.items()}


def draw_spans(
    model: MotionModel, clips: Sequence[PreparedClip], meter: LipMeter
) -> tuple[list[Float64], list[tuple[Gap, Float32]]]:
    """Draw a hidden span in the middle of each clip as in an edit, at temperature 0.

    Returns sums per clip that is long enough, as of ``span_sums``, and the spans with their motion.
    """
    settings = replace(model.sampler, steps=STEPS).at_temperature(0.0)
    drawn: list[tuple[Gap, Float32]] = []

    def draw(gaps: Sequence[Gap]) -> list[Float32]:
        tasks = [Task(gap.motion, gap.hidden, clips[gap.number].speech, gap.number) for gap in gaps]
        results = infill_batch(model, tasks, settings)
        drawn.extend(zip(gaps, results, strict=True))
        return results

    return score_clips(clips, draw, meter, SPAN, "lips", reverse_kept=True), drawn


def lip_rows(meter: LipMeter, motion: Float32, neutral: Float32) -> UInt8:
    """Show lips of consecutive frames without head pose, a row for each of some motions.

    Motions have the shape (M, K, D), the picture (M S, K S, 3): lips red, their opening green.
    """
    count, frames, dims = motion.shape
    identity = Identity(neutral)
    faces = _EYES * meter.space.decode_shape(motion.reshape(-1, dims), identity)
    middle = faces[:frames, list(OUTER_LIPS)].mean(axis=(0, 1))
    tiles = [draw_raster(face - middle + CROP / 2, _SIZE) for face in faces]
    grid = np.stack(tiles).reshape(count, frames, _SIZE, _SIZE, 3).transpose(0, 2, 1, 3, 4)
    return grid.reshape(count * _SIZE, frames * _SIZE, 3)
