"""Do the pictures look like the true ones? PSNR, SSIM, ST-LPIPS, and the error of their change.

Made-anew pictures against the clip's own, in the tracks with ground truth, on three regions: the
mouth (box of the lips and 0.4 of their width around), the face (box of its outline) and the whole
frame. Both boxes are the true picture's, and their crops are brought to a fixed size, so that
figures compare between small faces and large ones. Frames whose true picture shows no face don't
count. Figures are means over frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np

from facedit.bench.crops import (
    FACE_SIZE,
    MOUTH_SIZE,
    face_box,
    grey,
    mouth_box,
    resized,
    small_frame,
    spread,
)
from facedit.bench.scene import Scene
from facedit.evaluation.measure import Better, Measure, mean_of, mean_sums
from facedit.evaluation.rows import has_face
from facedit.types import Float32, Float64, UInt8

PSNR_CAP_DB = 100.0
"""What equal pictures count as."""

_LOOKED_AT = {"mouth": 4, "face": 2, "frame": 1}
"""At most so many frames of a scene go through the network, evenly spread."""


class PictureDistance(Protocol):
    """A perceptual distance."""

    def distances(self, ones: Sequence[UInt8], others: Sequence[UInt8]) -> Float64:
        """Compare RGB pictures of one size, each (H, W, 3), pairwise, shape (n,)."""
        ...


def psnr(one: UInt8 | Float32, other: UInt8 | Float32) -> float:
    """Return the peak signal-to-noise ratio of two pictures (H, W, 3), or (H, W) for luma, in dB.

    ``10 log10(255^2 / mean squared difference)`` over pixels and channels, at most ``PSNR_CAP_DB``.
    ``ValueError`` if the shapes differ.
    """
    if one.shape != other.shape:
        raise ValueError(f"Pictures of shapes {one.shape} and {other.shape} cannot be compared.")
    error = float(cv2.norm(one, other, cv2.NORM_L2SQR)) / one.size
    if error <= 0:
        return PSNR_CAP_DB
    return min(10.0 * math.log10(255.0**2 / error), PSNR_CAP_DB)


def ssim(one: Float32, other: Float32) -> float:
    """Return the structural similarity of two pictures of 11 pixels or more a side, in [-1, 1].

    Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", 2004: luma, Gaussian window of 11 x 11 pixels and 1.5 pixels wide, K = (0.01,
    0.03), the mean over all whole windows.
    """
    a, b = one.astype(np.float64), other.astype(np.float64)
    mean_a, mean_b = _windowed(a), _windowed(b)
    spread_a, spread_b = _windowed(a * a) - mean_a**2, _windowed(b * b) - mean_b**2
    together = _windowed(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similarity = ((2 * mean_a * mean_b + c1) * (2 * together + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2)
    )
    return float(similarity[5:-5, 5:-5].mean())


def _windowed(values: Float64) -> Float64:
    """Average over a Gaussian window around each pixel."""
    return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float64)


def change_error(before: UInt8, after: UInt8, true_before: UInt8, true_after: UInt8) -> float:
    """Return how wrong the change from one crop to the next is, in grey levels.

    ``mean |(after - before) - (true after - true before)|``: flicker and missing movement count, a
    constant error of the picture does not.
    """
    change = after.astype(np.float32) - before
    true_change = true_after.astype(np.float32) - true_before
    return float(np.abs(change - true_change).mean())


def sums(scene: Scene, nets: Mapping[str, PictureDistance]) -> dict[str, list[float]]:
    """Measure the pictures of a scene with ground truth; ``nets``: perceptual distances by name."""
    if scene.truth is None:
        return {}
    rows = np.flatnonzero(scene.filled & has_face(scene.truth.landmarks)).tolist()
    mouths = _crops(scene, rows, "mouth")
    looks: dict[str, list[tuple[UInt8, UInt8]]] = {
        "mouth": list(mouths.values()),
        "face": list(_crops(scene, rows, "face").values()),
        "frame": [(scene.output.frames[k], scene.truth.frames[k]) for k in rows],
    }
    found = {f"psnr_{name}": mean_sums([psnr(*p) for p in pairs]) for name, pairs in looks.items()}
    for name in ("mouth", "face"):
        alike = [ssim(grey(one), grey(other)) for one, other in looks[name]]
        found[f"ssim_{name}"] = mean_sums(alike)
    beside = [(mouths[a], mouths[b]) for a, b in pairwise(mouths) if b == a + 1]
    found["change_mouth"] = mean_sums([change_error(a, b, c, d) for (a, c), (b, d) in beside])
    return found | (_distances(looks, nets) if nets else {})


def _distances(
    looks: Mapping[str, list[tuple[UInt8, UInt8]]], nets: Mapping[str, PictureDistance]
) -> dict[str, list[float]]:
    """Measure pairs of made and true pictures by networks, a few of each look."""
    found = {}
    for name, pairs in looks.items():
        some = [pairs[k] for k in spread(len(pairs), _LOOKED_AT[name])]
        if name == "frame":
            some = [(small_frame(one), small_frame(other)) for one, other in some]
        ones, others = [one for one, _ in some], [other for _, other in some]
        for net, distance in nets.items():
            found[f"{net}_{name}"] = mean_sums(distance.distances(ones, others))
    return found


def _crops(scene: Scene, rows: list[int], region: str) -> dict[int, tuple[UInt8, UInt8]]:
    """Cut a region out of made and true pictures, by frame."""
    assert scene.truth is not None
    box_of, size = (mouth_box, MOUTH_SIZE) if region == "mouth" else (face_box, FACE_SIZE)
    crops = {}
    for k in rows:
        box = box_of(scene.truth.landmarks[k], scene.truth.frames[k])
        if box is not None:
            made, true = scene.output.frames[k][box.slices], scene.truth.frames[k][box.slices]
            crops[k] = resized(made, size), resized(true, size)
    return crops


_FIGURES: tuple[tuple[str, str, str, str, Better, float, float, int], ...] = (
    ("psnr", "PSNR", "mouth face frame", "dB", "higher", 0.0, PSNR_CAP_DB, 2),
    ("ssim", "SSIM", "mouth face", "", "higher", -1.0, 1.0, 3),
    ("stlpips", "ST-LPIPS", "mouth face frame", "", "lower", 0.0, math.inf, 3),
    ("change", "error of the change", "mouth", "grey levels", "lower", 0.0, 510.0, 2),
)
"""Key, title, regions, unit, which way is better, smallest and largest value, decimals."""

MEASURES: tuple[Measure, ...] = tuple(
    Measure(f"{key}_{region}", f"{title}, {region}", unit, better, f"{key}_{region}", mean_of,
            low, high, digits, "picture")
    for key, title, regions, unit, better, low, high, digits in _FIGURES
    for region in regions.split()
)  # fmt: skip
