"""Is it still the same person? Face embeddings of made-anew pictures against the clip's own.

The embedding is dlib's (``nets/face_embedding.py``). Each made-anew picture is compared with the
mean of the clip's own pictures, by cosine and by Euclidean distance (below 0.6 dlib takes two
faces for one person's). A person's own pictures differ too, with pose, light and expression: the
same comparison of each own picture with the mean of the others says how much is natural, and the
excess is what the system adds. These are not the figures of ArcFace-based measures.
"""

from __future__ import annotations

import math

import numpy as np

from facedit.bench.crops import spread
from facedit.bench.nets.face_embedding import FaceEmbedding
from facedit.bench.scene import Index, Scene
from facedit.evaluation.measure import Measure, mean_of, mean_sums
from facedit.evaluation.rows import has_face
from facedit.types import Float32, Float64

_FRAMES = 6
"""At most so many pictures a side, evenly spread."""

_FEWEST_OWN = 3
"""With fewer own pictures there is no natural variation to speak of."""


def cosines(embeddings: Float32, references: Float32) -> Float64:
    """Return the cosine of each embedding (n, 128) and its reference, ``a . b / (|a| |b|)``."""
    a, b = embeddings.astype(np.float64), np.asarray(references, np.float64)
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.asarray((a * b).sum(axis=-1) / np.maximum(lengths, 1e-12), np.float64)


def distances(embeddings: Float32, references: Float32) -> Float64:
    """Return the Euclidean distance of each embedding (n, 128) and its reference."""
    return np.asarray(np.linalg.norm(embeddings - references, axis=-1), np.float64)


def means_of_others(embeddings: Float32) -> Float32:
    """Return, for each embedding, the mean of all the others, shape (n, 128), n > 1."""
    count = len(embeddings)
    others: Float32 = (embeddings.sum(axis=0) - embeddings) / np.float32(count - 1)
    return others


def sums(scene: Scene, net: FaceEmbedding) -> dict[str, list[float]]:
    """Measure a scene: sums by key; all zero if a side shows the face too rarely."""
    made = np.flatnonzero(scene.filled & has_face(scene.output.landmarks))
    made = made[spread(len(made), _FRAMES)]
    own = _own_rows(scene, made)
    if not len(made) or len(own) < _FEWEST_OWN:
        return {measure.sums: [0.0, 0.0] for measure in MEASURES}
    new = net.embed([scene.output.frames[k] for k in made], scene.output.landmarks[made])
    old = net.embed([scene.source.frames[k] for k in own], scene.source.landmarks[own])
    far, natural = distances(new, old.mean(axis=0)), distances(old, means_of_others(old))
    return {
        "identity_cosine": mean_sums(cosines(new, old.mean(axis=0))),
        "identity_cosine_natural": mean_sums(cosines(old, means_of_others(old))),
        "identity_distance": mean_sums(far),
        "identity_distance_natural": mean_sums(natural),
        "identity_excess": mean_sums(far - natural.mean()),
    }


def _own_rows(scene: Scene, made: Index) -> Index:
    """Choose own pictures; with ground truth not those of the times that are judged."""
    seen = has_face(scene.source.landmarks)
    if scene.truth is not None:
        kept = seen & ~scene.filled
        judged = np.zeros(len(seen), np.bool_)
        judged[made] = True
        seen = kept if kept.sum() >= _FEWEST_OWN else seen & ~judged
    rows = np.flatnonzero(seen)
    return rows[spread(len(rows), _FRAMES)]


MEASURES: tuple[Measure, ...] = (
    Measure("identity_cosine", "face embedding, cosine with the clip's own", "", "higher",
            "identity_cosine", mean_of, -1.0, 1.0, 3, "identity"),
    Measure("identity_cosine_natural", "the same within the clip", "", "none",
            "identity_cosine_natural", mean_of, -1.0, 1.0, 3, "identity"),
    Measure("identity_distance", "face embedding, distance to the clip's own", "", "lower",
            "identity_distance", mean_of, 0.0, math.inf, 3, "identity"),
    Measure("identity_distance_natural", "the same within the clip", "", "none",
            "identity_distance_natural", mean_of, 0.0, math.inf, 3, "identity"),
    Measure("identity_excess", "distance beyond the natural one", "", "zero",
            "identity_excess", mean_of, -math.inf, math.inf, 3, "identity"),
)  # fmt: skip
"""Cosine and distance, each with what is natural; the excess."""
