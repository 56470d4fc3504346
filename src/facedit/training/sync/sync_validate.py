"""How well the sync network judges clips that it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.lip_sync.distance import mean_distances, score
from facedit.lip_sync.sync_weights import SyncModel
from facedit.training.motion.data import Dataset
from facedit.types import Float32

SPANS = (8, 14, 20, 40)
"""Lengths of the stretches that are judged, in motion frames."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A clip's embeddings.

    Attributes:
        motion: Shape (T, E).
        speech: Shape (T, E).
    """

    motion: Float32
    speech: Float32


def embed_clips(model: SyncModel, data: Dataset, clips: Sequence[int]) -> list[Embedded]:
    """Embed clips, their speech projected as the model's."""
    return [
        Embedded(
            model.embed_motion(data.motion[data.clip(index)]),
            model.embed_projected(data.speech[data.clip(index)]),
        )
        for index in clips
    ]


def sync_figures(model: SyncModel, data: Dataset) -> dict[str, float]:
    """Judge clips, their speech projected as the model's, whole, in stretches, with other sound.

    By corpus: mean distance, mean confidence, share of clips and of stretches in the middle whose
    offset is within one frame, and the mean distance under the next clip's sound.
    """
    figures: dict[str, float] = {}
    for corpus in sorted({row.corpus for row in data.rows}):
        clips = [i for i, row in enumerate(data.rows) if row.corpus == corpus]
        embedded = embed_clips(model, data, clips)
        figures |= {f"{corpus}/{name}": value for name, value in clip_figures(embedded).items()}
    return figures


def clip_figures(clips: Sequence[Embedded]) -> dict[str, float]:
    """Judge the clips of one corpus, by name as in ``sync_figures``."""
    whole = [judged(clip, clip.speech, len(clip.motion)) for clip in clips]
    figures = {
        "distance": float(np.mean([one[0] for one in whole])),
        "confidence": float(np.mean([one[1] for one in whole])),
        "within_1": float(np.mean([abs(one[2]) <= 1 for one in whole])),
    }
    for span in SPANS:
        parts = [judged(clip, clip.speech, span) for clip in clips if len(clip.motion) >= span + 10]
        if parts:
            figures[f"within_1_of_{span}"] = float(np.mean([abs(one[2]) <= 1 for one in parts]))
    if len(clips) > 1:
        strange = [
            judged(clip, other.speech, len(clip.motion))
            for clip, other in zip(clips, [*clips[1:], clips[0]], strict=True)
        ]
        figures["distance_foreign"] = float(np.mean([one[0] for one in strange]))
    return figures


def judged(clip: Embedded, speech: Float32, span: int) -> tuple[float, float, int]:
    """Score a stretch in the middle of a clip: distance, confidence and offset.

    NaN, 0 and a large offset where there is none; embedded speech is cut to the clip's length.
    """
    frames = min(len(clip.motion), len(speech))
    counts = np.zeros(frames, bool)
    start = max((frames - span) // 2, 0)
    counts[start : start + span] = True
    found = score(mean_distances(clip.motion[:frames], speech[:frames], counts), int(counts.sum()))
    return (
        (np.nan, 0.0, 1000) if found is None else (found.distance, found.confidence, found.offset)
    )
