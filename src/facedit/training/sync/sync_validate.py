"""How well the sync network judges clips that it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facedit.lip_sync.distance import mean_distances, score
from facedit.lip_sync.sync_weights import SyncModel
from facedit.training.motion.data import Dataset
from facedit.types import Float32

SPANS = (8, 14, 20, 40)
"""Lengths of the stretches that are judged, in motion frames."""


def sync_figures(model: SyncModel, data: Dataset) -> dict[str, float]:
    """Judge clips, their speech projected as the model's, whole, in stretches, with other sound.

    By corpus: mean distance, mean confidence, share of clips and of stretches in the middle whose
    offset is within one frame, and the mean distance under the next clip's sound.
    """
    figures: dict[str, float] = {}
    for corpus in sorted({row.corpus for row in data.rows}):
        clips = [data.clip(i) for i, row in enumerate(data.rows) if row.corpus == corpus]
        motion = [model.embed_motion(data.motion[clip]) for clip in clips]
        speech = [model.embed_projected(data.speech[clip]) for clip in clips]
        found = _figures(motion, speech)
        figures |= {f"{corpus}/{name}": float(value) for name, value in found.items()}
    return figures


def _figures(motion: Sequence[Float32], speech: Sequence[Float32]) -> dict[str, np.floating]:
    """Judge the clips of one corpus by their embeddings, each of shape (T, E)."""
    distance, confidence, offset = _judged(motion, speech)
    figures = {
        "distance": distance.mean(),
        "confidence": confidence.mean(),
        "within_1": (abs(offset) <= 1).mean(),
    }
    for span in SPANS:
        long = [i for i, one in enumerate(motion) if len(one) >= span + 10]
        if long:
            _, _, offset = _judged([motion[i] for i in long], [speech[i] for i in long], span)
            figures[f"within_1_of_{span}"] = (abs(offset) <= 1).mean()
    if len(motion) > 1:
        figures["distance_foreign"] = _judged(motion, [*speech[1:], speech[0]])[0].mean()
    return figures


def _judged(
    motion: Sequence[Float32], speech: Sequence[Float32], span: int | None = None
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Score clips, or stretches in their middle; distance, confidence, offset, shape (3, N).

    NaN, 0 and a large offset where there is none.
    """
    rows = []
    for lips, heard in zip(motion, speech, strict=True):
        frames = min(len(lips), len(heard))
        start = 0 if span is None else max((frames - span) // 2, 0)
        counts = np.zeros(frames, bool)
        counts[start : None if span is None else start + span] = True
        found = score(mean_distances(lips[:frames], heard[:frames], counts), int(counts.sum()))
        rows.append(
            (np.nan, 0, 1000) if found is None else (found.distance, found.confidence, found.offset)
        )
    return np.array(rows, np.float64).T
